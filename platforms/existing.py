"""A cluster that is there already: the current context of a kubeconfig, or a named one."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from kfinstall.contracts.platform import Choice, ClusterAccess, Detection, Host, Tool
from kfinstall.errors import ClusterError
from kfinstall.model.base import LocalPath
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _
from platforms.answers import answer


class KubeconfigOptions(PlatformOptions):
    """Which cluster of a kubeconfig; without options it is the one that kubectl would talk to."""

    kubeconfig: LocalPath | None = Field(
        default=None,
        title=_("Kubeconfig"),
        description=_("The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config."),
    )
    context: str | None = Field(
        default=None,
        min_length=1,
        title=_("Context"),
        description=_("A context of the kubeconfig, instead of its current one."),
    )


class ExistingOptions(KubeconfigOptions):
    """Any cluster."""

    type: Literal["existing"] = Field(title=_("Platform"), description=_("A cluster that is there already."))


class Existing:
    """The platform for every cluster that a kubeconfig reaches."""

    name = "existing"
    title = _("Existing cluster")
    summary = _("Any cluster that kubectl reaches: its current context, or one that you name.")
    options = ExistingOptions
    chosen = frozenset({"context"})

    def detect(self, host: Host) -> Detection:
        """kubectl is not needed, but a user who looks around wants it."""
        kubectl = host.find("kubectl")
        get = "https://kubernetes.io/docs/tasks/tools/"
        return Detection(tools=(Tool("kubectl", str(kubectl or ""), get, needed=False),))

    def access(self, options: ExistingOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        return ClusterAccess(kubeconfig=options.kubeconfig, context=options.context)

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        return contexts(options, host)


def contexts(options: Mapping[str, Any], host: Host, likely: str = "") -> list[Choice]:
    """The contexts of the kubeconfig that the options mean, each with the address that it leads to.

    likely: a regular expression; the names that match it come first. Raises ClusterError for a file that is none.
    """
    kubeconfig = _kubeconfig(answer(options, "kubeconfig"), host)
    servers: dict[Any, Any] = {
        name: (body.get("cluster") or {}).get("server") for name, body in _named(kubeconfig, "clusters")
    }
    found = [
        Choice(name, str(servers.get((body.get("context") or {}).get("cluster")) or ""))
        for name, body in _named(kubeconfig, "contexts")
    ]
    return sorted(found, key=lambda each: (not re.fullmatch(likely, each.value), each.value))


def _kubeconfig(path: str, host: Host) -> Mapping[str, Any]:
    if not path:
        return host.kubeconfig
    try:
        found = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ClusterError(_("{file} cannot be read as a kubeconfig.").format(file=path), why=str(error)) from error
    return found if isinstance(found, dict) else {}


def _named(kubeconfig: Mapping[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    listed = kubeconfig.get(kind)
    found = listed if isinstance(listed, list) else []
    return [(str(each["name"]), each) for each in found if isinstance(each, dict) and each.get("name")]
