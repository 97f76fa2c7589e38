"""The options of minikube: `platform` of a document whose type is minikube."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from kfinstall.contracts.platform import Size
from kfinstall.model.base import DnsLabel, WebAddress
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _

GIB = 1024**3
SIZE: Final = r"^([1-9][0-9]*)([mMgG])([iI]?[bB]?)$"

LEAST_CPUS = 2
"""kubeadm refuses less."""

LEAST_MEMORY = 4 * GIB
LEAST_DISK = 20 * GIB

CONTAINERS = ("docker", "podman")
"""Drivers whose nodes are containers."""

VIRTUAL_MACHINES = ("kvm2", "qemu2", "virtualbox", "vmware", "vfkit", "krunkit", "hyperkit", "hyperv", "parallels")
"""Drivers whose nodes are virtual machines."""

Driver = Literal[
    "docker", "podman", "kvm2", "qemu2", "virtualbox", "vmware", "vfkit", "krunkit", "hyperkit", "hyperv", "parallels",
    "none", "ssh",
]  # fmt: skip


def bytes_of(text: str) -> int:
    """A size as minikube takes it: 16g, 16384m; both are powers of 1024. Raises ValueError, with words for the user."""
    found = re.fullmatch(SIZE[1:-1], text)
    if not found:
        raise ValueError(_("a size such as 16g or 16384m is expected here."))
    return int(found[1]) * (GIB if found[2] in "gG" else 1024**2)


def _enough_cpus(cpus: int) -> int:
    if cpus < LEAST_CPUS:
        message = _("{cpus} is too few: Kubernetes itself does not start with less than {least}; 8 are comfortable.")
        raise ValueError(message.format(cpus=cpus, least=LEAST_CPUS))
    return cpus


def _enough_memory(text: str) -> str:
    if bytes_of(text) < LEAST_MEMORY:
        message = _(
            "{memory} is too little: Kubernetes itself takes 1 GiB, and the pods of the whole Kubeflow request 7 GiB "
            "(26.03). 4g carry the workbench, 10g the least of Kubeflow, 16g are comfortable."
        )
        raise ValueError(message.format(memory=text))
    return text


def _enough_disk(text: str) -> str:
    if bytes_of(text) < LEAST_DISK:
        message = _("{disk} is too little: the images of Kubeflow take 20 to 30 GB. 60g are enough, 100g comfortable.")
        raise ValueError(message.format(disk=text))
    return text


_SIZE_SCHEMA = WithJsonSchema({"type": "string", "pattern": SIZE})


class MinikubeOptions(PlatformOptions):
    """Which profile, and what `minikube start` is to give it."""

    type: Literal["minikube"] = Field(title=_("Platform"), description=_("A cluster of minikube on this machine."))
    profile: DnsLabel = Field(
        default="kubeflow", max_length=63, title=_("Profile"), description=_("minikube's name for the cluster.")
    )
    driver: Driver | None = Field(
        default=None, title=_("Driver"), description=_("What the nodes are; without it minikube takes the best here.")
    )
    container_runtime: Literal["docker", "containerd", "cri-o"] = Field(
        default="docker", title=_("Container runtime"), description=_("What runs the containers inside the nodes.")
    )
    kubernetes_version: str | None = Field(
        default=None,
        pattern=r"^v?[0-9]+\.[0-9]+\.[0-9]+$",
        title=_("Kubernetes version"),
        description=_("For example v1.34.0; without it, minikube's default."),
    )
    nodes: int = Field(default=1, ge=1, le=20, title=_("Nodes"), description=_("How many nodes."))
    cpus: Annotated[int, AfterValidator(_enough_cpus)] = Field(
        default=8, title=_("CPUs"), description=_("Of each node. 8 are comfortable for Kubeflow, 4 the least.")
    )
    memory: Annotated[str, AfterValidator(_enough_memory), _SIZE_SCHEMA] = Field(
        default="16g",
        title=_("Memory"),
        description=_("Of each node, such as 16g. 16g are comfortable for Kubeflow, 10g the least."),
    )
    disk: Annotated[str, AfterValidator(_enough_disk), _SIZE_SCHEMA] = Field(
        default="100g",
        title=_("Disk"),
        description=_("Of each node; minikube's own 20g are too small. Nodes that are containers use this machine's."),
    )
    gpus: Literal["all", "nvidia", "amd", "nvidia.com"] | None = Field(
        default=None,
        title=_("GPUs"),
        description=_("Give the nodes this machine's GPUs; Linux and driver docker only."),
    )
    image_mirror_country: Literal["cn", "auto"] | None = Field(
        default=None,
        title=_("Country of the image mirror"),
        description=_("Take Kubernetes' own images from a mirror there; Kubeflow's are a matter of `images`."),
    )
    image_repository: str | None = Field(
        default=None,
        min_length=1,
        title=_("Image repository"),
        description=_("Take Kubernetes' own images from this registry."),
    )
    registry_mirrors: tuple[WebAddress, ...] = Field(
        default=(),
        title=_("Registry mirrors"),
        description=_("Mirrors of Docker Hub, and of nothing else, for the nodes."),
    )
    binary_mirror: WebAddress | None = Field(
        default=None,
        title=_("Binary mirror"),
        description=_("Where kubelet, kubeadm and kubectl are downloaded from."),
    )
    recreate: bool = Field(
        default=False,
        title=_("Make it anew"),
        description=_("Delete a profile that is smaller than this, with all in it, and make it anew."),
    )

    @model_validator(mode="after")
    def _gpus_need_docker(self) -> "MinikubeOptions":
        if self.gpus and (self.driver not in (None, "docker") or self.container_runtime != "docker"):
            raise ValueError(_("gpus need driver: docker and containerRuntime: docker."))
        return self

    @property
    def size(self) -> Size:
        """Of all nodes together; the disk of one."""
        return Size(self.cpus * self.nodes, bytes_of(self.memory) * self.nodes, bytes_of(self.disk))

    @property
    def in_containers(self) -> bool:
        """Whether the nodes are containers, which is minikube's choice where it can."""
        return self.driver is None or self.driver in CONTAINERS
