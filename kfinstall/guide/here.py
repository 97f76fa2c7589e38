"""What is here: platforms and what of them this machine has, contexts, clusters and how they fare.

Everything asks this machine or a cluster, and so may take its time: callers do it in the background.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, Detection, Lifecycle, Offers, Tool
from kfinstall.engine.clusters import PHASES, detected
from kfinstall.engine.host import host_of
from kfinstall.engine.user_kubeconfig import user_kubeconfig
from kfinstall.errors import KfinstallError
from kfinstall.registry import platforms
from kfinstall.sandbox import running
from kfinstall.words import _, joined

if TYPE_CHECKING:
    from kfinstall.engine.status import ObjectStatus

SOON = 5.0
"""Seconds after which a cluster that does not answer is called silent."""


@dataclass(frozen=True, slots=True)
class Here:
    """A platform, as far as it is on this machine. rank: the lower, the sooner it is worth choosing."""

    name: str
    title: str
    summary: str
    notes: Sequence[str] = ()
    rank: int = 9


def plain() -> list[Here]:
    """The platforms before anything was looked for."""
    known = platforms()
    return [Here(each.name, each.title, each.summary) for each in map(known.get, known.options)]


def found() -> list[Here]:
    """The platforms with what was found of them, the best to choose first."""
    names = list(platforms().options)
    with ThreadPoolExecutor() as pool:
        looked = pool.map(_looked, names)
    return sorted(looked, key=lambda each: each.rank)


def _looked(name: str) -> Here:
    platform = platforms().get(name)
    detection = detected(platform)
    return Here(name, platform.title, platform.summary, list(_notes(name, detection)), _rank(name, detection))


def _rank(name: str, detection: Detection) -> int:
    """A cluster that is there already, then one that can be had here, then what has to be fetched or told more."""
    platform = platforms().get(name)
    if any(each.status.phase is ClusterPhase.RUNNING for each in detection.clusters):
        return 0
    if any(tool.needed and not tool.version for tool in detection.tools):
        return 5
    if isinstance(platform, Lifecycle):
        return 2 if _offer(name) else 4
    if "context" not in platform.options.model_fields:
        return 3 if detection.clusters or not detection.tools else 4  # where it needs a program, nobody has set it up
    return 1 if not detection.clusters and contexts(host_of(name).kubeconfig) else 4


def _notes(name: str, detection: Detection) -> Iterator[str]:
    for cluster in detection.clusters:
        detail = f" ({cluster.status.detail})" if cluster.status.detail else ""
        mark = "✓" if cluster.status.phase is ClusterPhase.RUNNING else "·"
        yield f"{mark} {cluster.name}: {PHASES[cluster.status.phase]}{detail}"
    for mark, text, needed in (("✗", _("missing: {names}"), True), ("·", _("not here: {names}"), False)):
        names = [tool.name for tool in detection.tools if not tool.version and tool.needed is needed]
        if names:
            yield f"{mark} " + text.format(names=joined(names))
    if offer := _offer(name):
        yield f"· {offer}"


def _offer(name: str) -> str:
    """What the platform makes when it is asked for nothing in particular; "" where it has to be told more."""
    platform = platforms().get(name)
    if not isinstance(platform, Offers):
        return ""
    try:
        offer = platform.offer(platform.options.model_validate({"type": name}), host_of(name))
    except (ValidationError, KfinstallError):
        return ""
    return _("{offer}. {cost}").format(offer=offer.summary, cost=offer.cost) if offer.cost else offer.summary


def tools() -> list[Tool]:
    """The programs that platforms use, those that are here first."""
    names = list(platforms().options)
    with ThreadPoolExecutor() as pool:
        detections = pool.map(lambda name: detected(platforms().get(name)), names)
    known = {tool.name: tool for detection in detections for tool in detection.tools}
    return sorted(known.values(), key=lambda tool: (not tool.version, tool.name))


def contexts(kubeconfig: Mapping[str, object]) -> list[str]:
    """The contexts of a kubeconfig, the current one first."""
    listed = kubeconfig.get("contexts")
    named = [str(each.get("name")) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return sorted(named, key=lambda name: name != kubeconfig.get("current-context"))


def reachable() -> list[ClusterAccess]:
    """The clusters that can be looked at: the contexts of the kubeconfig, and the practice cluster where it runs."""
    found = [ClusterAccess(context=name) for name in contexts(user_kubeconfig(os.environ))]
    if running.running() and all(each.context != running.CONTEXT for each in found):
        found.append(ClusterAccess(running.kubeconfig_path(), running.CONTEXT))
    return found


def access_to(context: str) -> ClusterAccess:
    """What leads to a cluster again that a connection has led to."""
    is_known = context in contexts(user_kubeconfig(os.environ))
    return ClusterAccess(running.kubeconfig_path() if context == running.CONTEXT and not is_known else None, context)


def options(access: ClusterAccess) -> list[str]:
    """What leads a command to a cluster."""
    file = ["--kubeconfig", str(access.kubeconfig)] if access.kubeconfig else []
    return [*file, "--context", access.context] if access.context else file


def standing(access: ClusterAccess) -> list[str]:
    """The names of the installs on a cluster. Raises KfinstallError."""
    from kfinstall.engine.connecting import connected  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.status import installs  # noqa: PLC0415 - as above

    return list(installs(connected(access, timeout=SOON)))


def health(context: str) -> str:
    """How the cluster of a context fares, in a line with a mark in front."""
    from kfinstall.engine.connecting import connected  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.status import installs, status  # noqa: PLC0415 - as above
    from kfinstall.kube import discovery  # noqa: PLC0415 - as above

    try:
        cluster = connected(ClusterAccess(context=context), timeout=SOON)
        version = discovery.version(cluster.connection)
        standing = [_install(name, status(cluster, name)) for name in installs(cluster)]
    except KfinstallError as error:
        return f"✗ {context}: {error.what}"
    text = "; ".join(standing) or _("no Kubeflow by kfinstall")
    mark = "!" if any("✗" in each for each in standing) else "✓"
    return f"{mark} {context}: Kubernetes {version}, {text}"


def _install(name: str, objects: "Sequence[ObjectStatus]") -> str:
    if not objects:  # what was made is recorded at the end of a run
        return _("✗ {name} (begun and not finished)").format(name=name)
    ready = sum(each.readiness.ready for each in objects)
    mark = "✓" if ready == len(objects) else "✗"
    return _("{mark} {name} ({ready} of {count} ready)").format(mark=mark, name=name, ready=ready, count=len(objects))
