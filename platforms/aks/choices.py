"""What Azure has to choose from; each is asked only when somebody wants to choose."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from azure.mgmt.containerservice import ContainerServiceClient

from kfinstall.contracts.platform import Choice
from kfinstall.words import _, counted, joined
from platforms.aks.arm import got, listed
from platforms.aks.options import BURSTABLE, GPU_SIZES, VM_SIZE
from platforms.answers import answer, needed

SUBSCRIPTIONS = "2022-12-01"
RESOURCES = "2021-04-01"
SIZES = "2021-07-01"
USAGES = "2024-07-01"


class VmSize(NamedTuple):
    """memory: GiB. gpus: how many. family: what the quota is counted by. offered: whether the subscription may."""

    name: str
    cpus: int
    memory: float
    gpus: int
    family: str
    offered: bool


class Usage(NamedTuple):
    """Of a quota: what is in use, and what may be, in vCPUs. name: for people."""

    used: int
    limit: int
    name: str


def choices(field: str, options: Mapping[str, Any], connect: Callable[[str], ContainerServiceClient]) -> list[Choice]:
    """What may stand at a field; connect: from a subscription to a client. Raises AzureError, UsageError."""
    if field == "subscription":
        return _choices(subscriptions(connect("")))
    subscription = needed(options, "subscription")
    service = connect(subscription)
    match field:
        case "resourceGroup":
            return _choices(resource_groups(service, subscription))
        case "location":
            return _choices(locations(service, subscription))
        case "name":
            return _choices(clusters(service, needed(options, "resourceGroup")))
    location = answer(options, "location") or _of_group(service, options)
    if field == "kubernetesVersion":
        return [Choice(version) for version in versions(service, location)]
    return [
        Choice(each.name, _described(each))
        for each in sorted(vm_sizes(service, subscription, location), key=lambda each: (each.cpus, each.name))
        if each.offered and _suits(each, field)
    ]


def subscriptions(service: ContainerServiceClient) -> dict[str, str]:
    """Id -> name of those that the user may see."""
    found = listed(service, "/subscriptions", SUBSCRIPTIONS)
    return {each["subscriptionId"]: each["displayName"] for each in found if each.get("state") == "Enabled"}


def locations(service: ContainerServiceClient, subscription: str) -> dict[str, str]:
    """Name -> name for people of the regions with machines."""
    found = listed(service, f"/subscriptions/{subscription}/locations", SUBSCRIPTIONS)
    physical = (each for each in found if (each.get("metadata") or {}).get("regionType") != "Logical")
    return {each["name"]: each["displayName"] for each in physical}


def resource_groups(service: ContainerServiceClient, subscription: str) -> dict[str, str]:
    """Name -> region."""
    found = listed(service, f"/subscriptions/{subscription}/resourcegroups", RESOURCES)
    return {each["name"]: each["location"] for each in found}


def clusters(service: ContainerServiceClient, group: str) -> dict[str, str]:
    """Name -> region, of the clusters of a resource group."""
    return {str(each.name): each.location for each in service.managed_clusters.list_by_resource_group(group)}


def versions(service: ContainerServiceClient, location: str) -> list[str]:
    """Of Kubernetes, newest first, without previews."""
    found = service.managed_clusters.list_kubernetes_versions(location).values_property or ()
    names = [str(each.version) for each in found if not each.is_preview]
    return sorted(names, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def vm_sizes(service: ContainerServiceClient, subscription: str, location: str) -> Iterator[VmSize]:
    """The sizes of machines in a region, those too that the subscription may not have there."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/skus"
    for each in listed(service, path, SIZES, **{"$filter": f"location eq '{location}'"}):
        if each.get("resourceType") == "virtualMachines":
            yield _size(each)


def usages(service: ContainerServiceClient, subscription: str, location: str) -> dict[str, Usage]:
    """Family of sizes -> its quota in a region; `cores` is that of all families together."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages"
    return {
        each["name"]["value"]: Usage(each["currentValue"], each["limit"], each["name"]["localizedValue"])
        for each in listed(service, path, USAGES)
    }


def _size(sku: dict[str, Any]) -> VmSize:
    able = {each["name"]: each["value"] for each in sku.get("capabilities") or ()}
    # a restriction to some zones leaves the others
    offered = not any(each.get("type") == "Location" for each in sku.get("restrictions") or ())
    return VmSize(
        sku["name"], int(able.get("vCPUs", 0)), float(able.get("MemoryGB", 0)), int(able.get("GPUs", 0)),
        sku.get("family", ""), offered,
    )  # fmt: skip


def _suits(size: VmSize, field: str) -> bool:
    """Whether the options take it for these nodes."""
    if field.startswith("gpu."):
        return bool(size.gpus) and size.name.startswith(GPU_SIZES)
    return not size.gpus and bool(re.match(VM_SIZE, size.name)) and not size.name.startswith(BURSTABLE)


def _choices(found: Mapping[str, str]) -> list[Choice]:
    return [Choice(value, title) for value, title in sorted(found.items())]


def _of_group(service: ContainerServiceClient, options: Mapping[str, Any]) -> str:
    """The region of the resource group, where a cluster is made that names none."""
    subscription, group = (
        needed(options, "subscription"),
        answer(options, "resourceGroup") or needed(options, "location"),
    )
    return str(got(service, f"/subscriptions/{subscription}/resourcegroups/{group}", RESOURCES)["location"])


def _described(size: VmSize) -> str:
    parts = [_("{cpus} CPUs, {memory:.4g} GiB of memory").format(cpus=size.cpus, memory=size.memory)]
    if size.gpus:
        parts.append(counted("{count} GPU", "{count} GPUs", size.gpus))
    return joined(parts)
