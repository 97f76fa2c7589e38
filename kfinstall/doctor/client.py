"""A look at this machine: the kubeconfig, the programs of the platform, and how far the way to the cluster leads."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kfinstall.contracts.client import Client, Hurdle, Way
from kfinstall.contracts.platform import Detection, Detects, Host, Platform
from kfinstall.errors import ClusterError, KfinstallError, Unreachable
from kfinstall.facts.classify import redacted
from kfinstall.facts.cluster import kubeconfig
from kfinstall.kube.failures import hurdle

KUBECTL = ("kubectl", "version", "--client", "-o", "json")
ANSWER = 10.0
"""Seconds that kubectl gets to say its version."""


def client(
    host: Host,
    context: str | None,
    files: Sequence[Path],
    platforms: Sequence[Platform[Any]] = (),
) -> Client:
    """What there is on this machine to reach the cluster of a context, None for the kubeconfig's current one.

    files: where kubeconfigs are looked for. platforms: those that may know the cluster; of a single one the tools are
    named even where it does not.
    """
    way = _way(host, context, files)
    taken = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    found = Client(way, taken, _kubectl(host))
    for platform in platforms:
        seen = _detected(platform, host)
        known = next((each for each in seen.clusters if way.context and each.context == way.context), None)
        if known or len(platforms) == 1:
            return replace(found, platform=platform.title, tools=tuple(seen.tools), known=known)
    return found


def answered(found: Client) -> Client:
    """The client, with a way that leads to the cluster: whatever the kubeconfig seems to lack, it was enough."""
    return replace(found, way=replace(found.way, hurdle=None))


def stopped(found: Client, host: Host, error: ClusterError) -> Client:
    """The client, with what its way to the cluster ended with."""
    return replace(found, way=_ended(found.way, host, error, datetime.fromisoformat(found.taken)))


def _way(host: Host, context: str | None, files: Sequence[Path]) -> Way:
    """What the kubeconfig says, up to the first thing that it does not."""
    config = host.kubeconfig
    way = Way(files=tuple(map(str, files)), contexts=tuple(kubeconfig.names(config, "contexts")))
    if not any(file.is_file() for file in files):
        return replace(way, hurdle=Hurdle.NO_KUBECONFIG)
    way = replace(way, context=context or str(config.get("current-context") or ""))
    if not way.contexts and not config.get("clusters"):
        return replace(way, hurdle=Hurdle.UNUSABLE)
    if not way.context:
        return replace(way, hurdle=Hurdle.NO_CONTEXT)
    chosen = kubeconfig.entry(config, "contexts", way.context)
    if chosen is None:
        return replace(way, hurdle=Hurdle.UNKNOWN_CONTEXT)
    way = replace(way, cluster=str(chosen.get("cluster") or ""), user=str(chosen.get("user") or ""))
    cluster, user = kubeconfig.entry(config, "clusters", way.cluster), kubeconfig.entry(config, "users", way.user)
    if cluster is None:
        return replace(way, hurdle=Hurdle.UNKNOWN_CLUSTER)
    way = replace(way, server=str(cluster.get("server") or ""))
    if user is None and way.user:
        return replace(way, hurdle=Hurdle.UNKNOWN_USER)
    program, get = kubeconfig.login(user or {})
    folder = next(file.parent for file in files if file.is_file())
    return replace(way, login=program, login_get=get, expires=_expires(kubeconfig.certificate(user or {}, folder)))


def _expires(pem: bytes) -> str:
    from cryptography import x509  # noqa: PLC0415 - takes a while, and few need it

    with suppress(ValueError):
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc.isoformat()
    return ""


def _ended(way: Way, host: Host, error: ClusterError, now: datetime) -> Way:
    """What the kubeconfig lacks comes before what follows from that."""
    way = replace(way, said=" ".join(redacted(error.why or error.what).split()), fix=error.fix)
    in_a_pod = way.hurdle is Hurdle.NO_KUBECONFIG and isinstance(error, Unreachable)  # that asked by its own account
    if way.hurdle and not in_a_pod:
        return way
    return replace(way, hurdle=_login(way, host, error) or _certificate(way, now) or hurdle(error))


def _login(way: Way, host: Host, error: ClusterError) -> Hurdle | None:
    """A program that is not there; one that fails ends the opening of a connection, before anything is sent."""
    if not way.login:
        return None
    if host.find(way.login) is None:
        return Hurdle.LOGIN_MISSING
    return None if isinstance(error, Unreachable) or hurdle(error) is not Hurdle.UNUSABLE else Hurdle.LOGIN_FAILED


def _certificate(way: Way, now: datetime) -> Hurdle | None:
    expired = way.expires and datetime.fromisoformat(way.expires) < now
    return Hurdle.CERTIFICATE_EXPIRED if expired else None


def _kubectl(host: Host) -> str:
    if host.find("kubectl") is None:
        return ""
    with suppress(KfinstallError, ValueError, KeyError, TypeError):
        return str(json.loads(host.run(KUBECTL, seconds=ANSWER).out)["clientVersion"]["gitVersion"])
    return ""


def _detected(platform: Platform[Any], host: Host) -> Detection:
    """A look that fails finds nothing."""
    try:
        return platform.detect(host) if isinstance(platform, Detects) else Detection()
    except KfinstallError:
        return Detection()
