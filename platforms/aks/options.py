"""The options of the platform AKS."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from kfinstall.model.base import Model
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _

UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
VM_SIZE = r"^Standard_[A-Z]+[0-9]+[A-Za-z0-9_-]*$"
VERSION = r"^1\.[0-9]+(\.[0-9]+)?$"
IDENTITY = (
    r"(?i)^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+$"
)
BURSTABLE, GPU_SIZES = "Standard_B", "Standard_N"
"""What the names of such sizes begin with."""

LEAST_CPUS = 8
"""In all: Kubeflow asks for 3 to 5.5 cores, and AKS keeps some of every node for itself."""

Login = Literal["azurecli", "devicecode", "interactive", "msi", "workloadidentity"]


def cpus(vm_size: str) -> int:
    """The cores that the name of a VM size tells.

    https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
    """
    found = re.match(r"Standard_[A-Z]+([0-9]+)", vm_size)
    return int(found[1]) if found else 0


def memory(vm_size: str) -> int | None:
    """Bytes, where the name tells: sizes of the series D have 4 GiB for each core, and those with an l half of that.

    https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/d-family
    """
    found = re.fullmatch(r"Standard_([DEF])[0-9]+(?:-[0-9]+)?([a-z]*)_v([0-9])", vm_size)
    if not found or (found[1] == "D" and int(found[3]) < 3) or (found[1] == "F" and int(found[3]) != 2):
        return None
    of_each = {"D": 2 if "l" in found[2] else 4, "E": 8, "F": 2}[found[1]]
    return cpus(vm_size) * of_each * 1024**3


def _subscription(text: str) -> str:
    if not re.fullmatch(UUID[1:-1], text):
        raise ValueError(_("the id of a subscription is expected here; `az account list -o table` shows yours."))
    return text.lower()


def _vm_size(text: str) -> str:
    if not re.fullmatch(VM_SIZE[1:-1], text):
        raise ValueError(_("a VM size is expected here, for example Standard_D8s_v5."))
    return text


def _name(text: str) -> str:
    # https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", text):
        message = _('up to 63 letters, digits, "-" and "_" are possible here, with a letter or digit at both ends.')
        raise ValueError(message)
    return text


def _resource_group(text: str) -> str:
    if not re.fullmatch(r"[-\w.()]{0,89}[-\w()]", text):
        raise ValueError(_('up to 90 letters, digits and "-_().", no "." at the end, are possible here.'))
    return text


def _location(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+", text):
        raise ValueError(_("a region is expected here as `az account list-locations` names it, for example eastus."))
    return text


VmSize = Annotated[str, AfterValidator(_vm_size), WithJsonSchema({"type": "string", "pattern": VM_SIZE})]


class Pool(Model):
    """Nodes of one size."""

    vm_size: VmSize = Field(title=_("VM size"), description=_("The size of each node."))
    count: int = Field(ge=1, le=1000, title=_("Nodes"), description=_("How many nodes; with maxCount, at least."))
    max_count: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        title=_("Most nodes"),
        description=_("The autoscaler may add nodes up to this number; without it there is no autoscaler."),
    )

    @property
    def most(self) -> int:
        """How many nodes it may get."""
        return self.max_count or self.count

    @model_validator(mode="after")
    def _in_order(self) -> "Pool":
        if self.max_count is not None and self.max_count < self.count:
            message = _("maxCount ({most}) is less than count ({least}).")
            raise ValueError(message.format(most=self.max_count, least=self.count))
        return self


class Nodes(Pool):
    """The nodes that run Kubeflow."""

    vm_size: VmSize = Field(default="Standard_D8s_v5", title=_("VM size"), description=_("The size of each node."))
    count: int = Field(
        default=2, ge=1, le=1000, title=_("Nodes"), description=_("How many nodes; with maxCount, at least.")
    )
    disk_size: int = Field(default=128, ge=30, le=2048, title=_("Disk"), description=_("GiB of each node's disk."))

    @model_validator(mode="after")
    def _large_enough(self) -> "Nodes":
        if self.vm_size.startswith(BURSTABLE):
            message = _("AKS does not take {size}: sizes that begin with B are not for its system nodes.")
            raise ValueError(message.format(size=self.vm_size))
        have = self.count * cpus(self.vm_size)
        if have < LEAST_CPUS:
            message = _("{count} x {size} are {have} CPUs in all; Kubeflow needs nodes with {least}.")
            values = {"count": self.count, "size": self.vm_size, "have": have, "least": LEAST_CPUS}
            raise ValueError(message.format(**values))
        return self


class GpuNodes(Pool):
    """Nodes with GPUs, beside the others."""

    vm_size: VmSize = Field(
        default="Standard_NC4as_T4_v3", title=_("VM size"), description=_("A size with GPUs: its name begins with N.")
    )
    count: int = Field(
        default=1, ge=1, le=1000, title=_("Nodes"), description=_("How many nodes; with maxCount, at least.")
    )

    @model_validator(mode="after")
    def _with_gpus(self) -> "GpuNodes":
        if not self.vm_size.startswith(GPU_SIZES):
            raise ValueError(_("{size} has no GPU.").format(size=self.vm_size))
        return self


class AksOptions(PlatformOptions):
    """Which AKS cluster, and how it is made when it does not exist."""

    type: Literal["aks"] = Field(title=_("Platform"), description=_("Azure Kubernetes Service."))
    subscription: Annotated[str, AfterValidator(_subscription), WithJsonSchema({"type": "string", "pattern": UUID})] = (
        Field(title=_("Subscription"), description=_("Its id; `az account list -o table` shows yours."))
    )
    resource_group: Annotated[str, AfterValidator(_resource_group)] = Field(
        title=_("Resource group"), description=_("The resource group of the cluster.")
    )
    create_resource_group: bool = Field(
        default=False,
        title=_("Make the resource group"),
        description=_("Make the resource group when there is none; it is not deleted with the cluster."),
    )
    location: Annotated[str, AfterValidator(_location)] | None = Field(
        default=None,
        title=_("Region"),
        description=_("Where a new cluster runs, for example eastus; without it, where the resource group is."),
    )
    name: Annotated[str, AfterValidator(_name)] = Field(
        default="kubeflow", title=_("Cluster"), description=_("The cluster's name in the resource group.")
    )
    kubernetes_version: str | None = Field(
        default=None,
        pattern=VERSION,
        title=_("Kubernetes version"),
        description=_("Of a new cluster, for example 1.34; without it, the one that AKS takes by default."),
    )
    nodes: Nodes = Field(default_factory=Nodes, title=_("Nodes"), description=_("The nodes that run Kubeflow."))
    gpu: GpuNodes | None = Field(
        default=None, title=_("GPU nodes"), description=_("Nodes with GPUs, beside the others; {} takes the defaults.")
    )
    tier: Literal["Free", "Standard"] = Field(
        default="Free", title=_("Tier"), description=_("Standard costs more, and Azure promises that it is available.")
    )
    identity: str | None = Field(
        default=None,
        pattern=IDENTITY,
        title=_("Identity"),
        description=_("The resource id of a managed identity for a new cluster; without it, AKS makes one."),
    )
    login: Login = Field(
        default="azurecli",
        title=_("Login"),
        description=_("How kubelogin gets a token, where the cluster asks Microsoft Entra ID who somebody is."),
    )
    admin_credentials: bool = Field(
        default=False,
        title=_("Admin credentials"),
        description=_("Use the cluster's local administrator, who may do everything and whom no audit log names."),
    )

    @model_validator(mode="after")
    def _somewhere(self) -> "AksOptions":
        if self.create_resource_group and self.location is None:
            raise ValueError(_("a resource group is made in a region: location is missing."))
        return self
