"""The profiles of minikube, as `minikube profile list -o json` shows them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.platform import ClusterPhase, Host, Size
from kfinstall.words import _, joined

MIB = 1024**2

_PHASES = {
    # up to v1.33, and the names of minikube's status codes since
    **dict.fromkeys(("Running", "OK", "HAppy", "Warning", "Degraded"), ClusterPhase.RUNNING),
    **dict.fromkeys(("Stopped", "Paused"), ClusterPhase.STOPPED),
    **dict.fromkeys(("Starting", "NotFound", "Nonexistent"), ClusterPhase.CREATING),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A cluster of minikube. state: minikube's word for it. size: of all nodes together."""

    name: str
    phase: ClusterPhase
    state: str
    driver: str
    size: Size
    version: str

    @property
    def detail(self) -> str:
        """One line for people."""
        return joined(filter(None, [self.state, self.version, size_text(self.size), self.driver]))


def profiles(host: Host) -> dict[str, Profile]:
    """All profiles by name; none where there is no minikube. Raises ProgramFailed when it hangs."""
    if host.find("minikube") is None:
        return {}
    try:
        listed = json.loads(host.run(["minikube", "profile", "list", "-o", "json"]).out)
    except ValueError:
        return {}
    found = [_profile(each) for each in listed.get("valid") or ()]
    # an interrupted start leaves a profile without a machine
    half = [Profile(each["Name"], ClusterPhase.CREATING, _("half made"), "", Size(), "")
            for each in listed.get("invalid") or ()]  # fmt: skip
    return {each.name: each for each in (*half, *found)}


def size_text(size: Size) -> str:
    """A size for people: 8 CPUs, 16 GiB of memory."""
    parts = [
        _("{cpus} CPUs").format(cpus=size.cpus) if size.cpus else "",
        _("{memory:.3g} GiB of memory").format(memory=size.memory / 1024**3) if size.memory else "",
        _("{disk:.3g} GiB of disk").format(disk=size.disk / 1024**3) if size.disk else "",
    ]
    return joined(filter(None, parts))


def _profile(listed: Mapping[str, Any]) -> Profile:
    config = listed.get("Config") or {}
    nodes = len(config.get("Nodes") or ()) or 1
    state = str(listed.get("Status") or "")
    return Profile(
        name=listed["Name"],
        phase=_PHASES.get(state, ClusterPhase.BROKEN),
        state=state,
        driver=config.get("Driver") or "",
        size=Size(
            (config.get("CPUs") or 0) * nodes or None,
            (config.get("Memory") or 0) * nodes * MIB or None,
            (config.get("DiskSize") or 0) * MIB or None,
        ),
        version=(config.get("KubernetesConfig") or {}).get("KubernetesVersion") or "",
    )
