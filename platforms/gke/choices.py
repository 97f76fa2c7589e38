"""What there is to choose from, asked of Google: for the wizard, and for preflight to compare with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kfinstall.contracts.platform import Choice
from kfinstall.words import _
from platforms.answers import answer, needed
from platforms.gke.cloud import Cloud
from platforms.gke.machines import GPU_FAMILIES, family

AT_ONCE = "500"
"""The most that Compute Engine puts into one page."""


CHOSEN = frozenset(
    {
        "project", "location", "cluster", "version", "nodes.machineType", "gpu.type", "gpu.machineType", "network",
        "subnetwork",
    }
)  # fmt: skip
"""The fields of the options that `choices` has lists for."""

LEAST_CPUS = 2
"""Of a machine that is offered for nodes."""


def choices(field: str, options: Mapping[str, Any], cloud: Cloud) -> Sequence[Choice]:
    """What may stand at a field, which is one of CHOSEN. Raises CloudError, UsageError."""
    match field:
        case "project":
            return projects(cloud)
        case "location":
            return [Choice(name) for name in locations(cloud)]
        case "cluster":
            return clusters(cloud, answer(options, "location"))
        case "version":
            channel = answer(options, "releaseChannel") or "regular"
            return [Choice(name) for name in versions(cloud, needed(options, "location"), channel)]
        case "network":
            return [Choice(name) for name in _names(cloud, "global/networks")]
        case "subnetwork":
            return subnetworks(cloud, needed(options, "location"), answer(options, "network"))
    at = [zone for zone in zones(cloud) if within(zone, needed(options, "location"))]
    if field == "gpu.type":
        return _unique(each for zone in at for each in _gpus(cloud, zone))
    return _machines(field, options, cloud, at)


def projects(cloud: Cloud) -> Sequence[Choice]:
    """The projects that the user sees."""
    found = cloud.items("cloudresourcemanager", "v1/projects", "projects", filter="lifecycleState:ACTIVE")
    return _unique(Choice(each["projectId"], str(each.get("name") or "")) for each in found)


def clusters(cloud: Cloud, location: str) -> Sequence[Choice]:
    """The clusters that stand, in a location or anywhere."""
    found = cloud.asked(cloud.clusters.list_clusters, parent=f"projects/{cloud.project}/locations/{location or '-'}")
    return _unique(
        Choice(
            str(each.name),
            _("{location}, {nodes} nodes, Kubernetes {version}").format(
                location=each.location, nodes=each.current_node_count, version=each.current_master_version
            ),
        )
        for each in found.clusters
    )


def subnetworks(cloud: Cloud, location: str, network: str) -> Sequence[Choice]:
    """Of a network, or of all, in the region of a location, with their ranges of addresses."""
    region = location if location.count("-") == 1 else location.rpartition("-")[0]
    found = _collection(cloud, f"regions/{region}/subnetworks")
    return _unique(
        Choice(each["name"], str(each.get("ipCidrRange") or ""))
        for each in found
        if str(each.get("network")).endswith(f"/{network}")
    )


def within(zone: str, location: str) -> bool:
    """Whether a zone is the location, or of the region that the location is."""
    return f"{zone}-".startswith(f"{location}-")


def zones(cloud: Cloud) -> Sequence[str]:
    return _names(cloud, "zones")


def locations(cloud: Cloud) -> Sequence[str]:
    """Regions and zones."""
    known = zones(cloud)
    return sorted({*known, *(zone.rpartition("-")[0] for zone in known)})


def machine_types(cloud: Cloud, zone: str) -> Sequence[str]:
    return _names(cloud, f"zones/{zone}/machineTypes")


def gpus(cloud: Cloud, zone: str) -> Sequence[str]:
    return [each.value for each in _gpus(cloud, zone)]


def versions(cloud: Cloud, location: str, channel: str) -> Sequence[str]:
    """Of Kubernetes, newest first, as GKE gives them. channel: rapid, regular, stable, extended."""
    name = f"projects/{cloud.project}/locations/{location}"
    known = cloud.asked(cloud.clusters.get_server_config, name=name)
    of_channel = (each.valid_versions for each in known.channels if each.channel.name == channel.upper())
    return list(next(of_channel, known.valid_master_versions))


def _names(cloud: Cloud, collection: str) -> Sequence[str]:
    return sorted(each["name"] for each in _collection(cloud, collection))


def _collection(cloud: Cloud, path: str) -> Iterator[dict[str, Any]]:
    """What Compute Engine has of a project."""
    return cloud.items("compute", f"projects/{cloud.project}/{path}", "items", maxResults=AT_ONCE)


def _gpus(cloud: Cloud, zone: str) -> Sequence[Choice]:
    return _unique(
        Choice(each["name"], str(each.get("description") or ""))
        for each in _collection(cloud, f"zones/{zone}/acceleratorTypes")
    )


def _machines(field: str, options: Mapping[str, Any], cloud: Cloud, at: Sequence[str]) -> Sequence[Choice]:
    """Machine types for nodes, or for those with the GPU that is chosen."""
    gpu = answer(options, "gpu.type") if field.startswith("gpu.") else ""
    wanted = GPU_FAMILIES.get(gpu)
    found = (each for zone in at for each in _collection(cloud, f"zones/{zone}/machineTypes"))
    return _unique(
        Choice(each["name"], _size(each))
        for each in found
        if int(each.get("guestCpus") or LEAST_CPUS) >= LEAST_CPUS and (not wanted or family(each["name"]) == wanted)
    )


def _size(machine: Mapping[str, Any]) -> str:
    if not machine.get("guestCpus"):
        return ""
    memory = int(machine.get("memoryMb") or 0) / 1024
    return _("{cpus} CPUs, {memory:.4g} GiB of memory").format(cpus=machine["guestCpus"], memory=memory)


def _unique(found: Iterator[Choice]) -> Sequence[Choice]:
    """By value, each once: zones of a region have much the same."""
    known = {each.value: each for each in found}
    return [known[value] for value in sorted(known)]
