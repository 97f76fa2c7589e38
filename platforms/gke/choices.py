"""What there is to choose from, asked of Google: for the wizard, and for preflight to compare with."""

from collections.abc import Sequence

from platforms.gke.cloud import Cloud

AT_ONCE = "500"
"""The most that Compute Engine puts into one page."""


def projects(cloud: Cloud) -> Sequence[str]:
    """The ids of the projects that the user sees."""
    found = cloud.items("cloudresourcemanager", "v1/projects", "projects", filter="lifecycleState:ACTIVE")
    return sorted(each["projectId"] for each in found)


def zones(cloud: Cloud) -> Sequence[str]:
    return _names(cloud, "zones")


def locations(cloud: Cloud) -> Sequence[str]:
    """Regions and zones."""
    known = zones(cloud)
    return sorted({*known, *(zone.rpartition("-")[0] for zone in known)})


def machine_types(cloud: Cloud, zone: str) -> Sequence[str]:
    return _names(cloud, f"zones/{zone}/machineTypes")


def gpus(cloud: Cloud, zone: str) -> Sequence[str]:
    return _names(cloud, f"zones/{zone}/acceleratorTypes")


def versions(cloud: Cloud, location: str, channel: str) -> Sequence[str]:
    """Of Kubernetes, newest first, as GKE gives them. channel: rapid, regular, stable, extended."""
    name = f"projects/{cloud.project}/locations/{location}"
    known = cloud.asked(cloud.clusters.get_server_config, name=name)
    of_channel = (each.valid_versions for each in known.channels if each.channel.name == channel.upper())
    return list(next(of_channel, known.valid_master_versions))


def _names(cloud: Cloud, collection: str) -> Sequence[str]:
    found = cloud.items("compute", f"projects/{cloud.project}/{collection}", "items", maxResults=AT_ONCE)
    return sorted(each["name"] for each in found)
