"""What a document says of a GKE cluster. Nothing here asks Google: preflight finds out what does not exist there."""

import ipaddress
import json
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from kfinstall.model.base import Model
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _
from platforms.gke.machines import GPU_FAMILIES, cpus, family

LEAST_CPUS = 4
"""Kubeflow's pods ask for about 3, GKE's own for about 1."""

LONGEST_ENDPOINT = 63
"""Characters of the first label and its domain: what a certificate's common name has room for."""


def _control_plane_range(text: str) -> str:
    """A private range of 16 addresses: https://cloud.google.com/kubernetes-engine/docs/how-to/private-clusters."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise ValueError(_("a range of addresses such as 172.16.0.0/28 is expected here.")) from None
    if network.prefixlen != 28 or not network.is_private:
        raise ValueError(_("a private range of exactly 16 addresses is expected here, for example 172.16.0.0/28."))
    return text


def _service_account_key(key: SecretStr) -> SecretStr:
    try:
        parsed = json.loads(key.get_secret_value())
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or parsed.get("type") != "service_account":
        raise ValueError(
            _(
                "the JSON key of a service account is expected here; "
                "`gcloud iam service-accounts keys create` makes one."
            )
        )
    return key


ProjectId = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$")]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z]+-[a-z]+[0-9]+(-[a-z])?$")]
MachineType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$")]


class Autoscaling(Model):
    """Between how many nodes the pool may change by itself."""

    minimum: int = Field(ge=0, le=1000, title=_("At least"), description=_("Nodes in each zone."))
    maximum: int = Field(ge=1, le=1000, title=_("At most"), description=_("Nodes in each zone; each one costs."))

    @model_validator(mode="after")
    def _ordered(self) -> "Autoscaling":
        if self.minimum > self.maximum:
            raise ValueError(_("minimum is greater than maximum."))
        return self


class Pool(Model):
    """What the nodes of every pool have."""

    count: int = Field(
        default=2, ge=1, le=1000, title=_("Nodes"), description=_("In each zone: a region has three as a rule.")
    )
    autoscaling: Autoscaling | None = Field(
        default=None, title=_("Autoscaling"), description=_("Lets the pool grow and shrink; without it, it does not.")
    )
    spot: bool = Field(
        default=False, title=_("Spot"), description=_("Cheaper nodes, which Google may take away at any moment.")
    )
    disk_gigabytes: int = Field(
        default=100,
        ge=50,
        le=65536,
        title=_("Disk"),
        description=_("Gigabytes for the system and the images of a node."),
    )
    disk_type: Literal["pd-balanced", "pd-ssd", "pd-standard", "hyperdisk-balanced"] = Field(
        default="pd-balanced",
        title=_("Kind of disk"),
        description=_("pd-balanced and pd-ssd count against the quota SSD_TOTAL_GB."),
    )

    @property
    def most(self) -> int:
        """How many nodes it may get in each zone."""
        return self.autoscaling.maximum if self.autoscaling else self.count

    @model_validator(mode="after")
    def _within(self) -> "Pool":
        scale = self.autoscaling
        if scale and not scale.minimum <= self.count <= scale.maximum:
            message = _("count is {count}, and autoscaling goes from {minimum} to {maximum}.")
            raise ValueError(message.format(count=self.count, minimum=scale.minimum, maximum=scale.maximum))
        return self


class Nodes(Pool):
    """The nodes that Kubeflow itself runs on."""

    machine_type: MachineType = Field(
        default="e2-standard-8", title=_("Machine type"), description=_("e2-standard-4 is the least that works well.")
    )


class Gpu(Pool):
    """A second pool, whose nodes have GPUs."""

    type: str = Field(
        default="nvidia-l4", min_length=1, title=_("GPU"), description=_("For example nvidia-l4 or nvidia-tesla-t4.")
    )
    machine_type: MachineType = Field(
        default="g2-standard-8", title=_("Machine type"), description=_("One that carries this GPU.")
    )
    gpus: int = Field(default=1, ge=1, le=16, title=_("GPUs"), description=_("In each node."))
    count: int = Field(default=1, ge=0, le=1000, title=_("Nodes"), description=_("In each zone."))
    driver: Literal["default", "latest", "none"] = Field(
        default="default",
        title=_("Driver"),
        description=_("Which driver GKE installs; with none, a node has no GPU until somebody installs one."),
    )

    @model_validator(mode="after")
    def _machine_carries_gpu(self) -> "Gpu":
        wanted = GPU_FAMILIES.get(self.type)
        if wanted and family(self.machine_type) != wanted:
            message = _("{gpu} is only in machines of the family {wanted}, and machineType is {machine}.")
            raise ValueError(message.format(gpu=self.type, wanted=wanted, machine=self.machine_type))
        return self


class Private(Model):
    """Nodes without addresses on the internet."""

    control_plane_range: Annotated[str, AfterValidator(_control_plane_range)] = Field(
        default="172.16.0.0/28",
        title=_("Control plane's addresses"),
        description=_("16 addresses that nothing else in the network has."),
    )
    private_endpoint: bool = Field(
        default=False,
        title=_("Private endpoint"),
        description=_("The API server answers inside the network only; kfinstall has to run there, too."),
    )
    open_webhooks: bool = Field(
        default=False,
        title=_("Open the firewall"),
        description=_(
            "Make the firewall rule by which the control plane reaches Kubeflow's webhooks; it goes with the cluster."
        ),
    )


class Iap(Model):
    """Identity-Aware Proxy: Google asks who somebody is before anything reaches Kubeflow."""

    client_id: str = Field(
        pattern=r"^[\w.-]+\.apps\.googleusercontent\.com$",
        title=_("OAuth client"),
        description=_("The id of an OAuth client that you made in the console; it cannot be made by API any more."),
    )
    client_secret: SecretStr = Field(
        min_length=1, title=_("OAuth secret"), description=_("Its secret, as ${ENVIRONMENT_VARIABLE}.")
    )
    address: str | None = Field(
        default=None,
        pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        title=_("Address"),
        description=_("The name of a global static address of the project; <cluster>-ip when it is left out."),
    )
    host: str | None = Field(
        default=None,
        pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,}$",
        title=_("Host name"),
        description=_("Left out, it is <cluster>.endpoints.<project>.cloud.goog."),
    )


class GkeOptions(PlatformOptions):
    """Which GKE cluster, and what it is made of when there is none yet."""

    type: Literal["gke"] = Field(title=_("Platform"), description=_("Google Kubernetes Engine."))
    project: ProjectId = Field(title=_("Project"), description=_("The id of the Google Cloud project that pays."))
    location: Location = Field(
        title=_("Location"), description=_("A zone such as us-central1-a, or a region such as us-central1.")
    )
    cluster: str = Field(
        default="kubeflow",
        pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
        max_length=40,
        title=_("Cluster"),
        description=_("The cluster's name; one that stands is used as it is."),
    )
    release_channel: Literal["rapid", "regular", "stable", "extended"] = Field(
        default="regular", title=_("Release channel"), description=_("How soon GKE upgrades Kubernetes.")
    )
    version: str | None = Field(
        default=None,
        pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+(-gke\.[0-9]+)?)?$",
        title=_("Kubernetes version"),
        description=_("For example 1.34; left out, the channel's own."),
    )
    nodes: Nodes = Field(default_factory=Nodes, title=_("Nodes"), description=_("The nodes for Kubeflow itself."))
    gpu: Gpu | None = Field(default=None, title=_("GPU pool"), description=_("Nodes with GPUs; none when left out."))
    network: str | None = Field(
        default=None, min_length=1, title=_("Network"), description=_("A VPC network; left out, the project's default.")
    )
    subnetwork: str | None = Field(
        default=None, min_length=1, title=_("Subnetwork"), description=_("A subnetwork of the network in this region.")
    )
    private: Private | None = Field(
        default=None,
        title=_("Private nodes"),
        description=_("Nodes without addresses on the internet; they need Cloud NAT to pull images."),
    )
    workload_identity: bool = Field(
        default=True,
        title=_("Workload identity"),
        description=_("Pods may act as service accounts of Google's without a key."),
    )
    filestore: bool = Field(
        default=False,
        title=_("Filestore"),
        description=_("The storage classes for volumes that many pods share; the smallest volume is 1 TiB."),
    )
    service_account: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+\.gserviceaccount\.com$",
        title=_("Nodes' service account"),
        description=_("As whom the nodes act; left out, Compute Engine's default."),
    )
    iap: Iap | None = Field(
        default=None,
        title=_("Identity-Aware Proxy"),
        description=_("Makes Kubeflow public behind Google's login."),
    )
    pipelines_key: Annotated[SecretStr, AfterValidator(_service_account_key)] | None = Field(
        default=None,
        title=_("Pipelines' key"),
        description=_("The JSON key of a service account for pipelines, as ${ENVIRONMENT_VARIABLE}."),
    )

    @property
    def is_region(self) -> bool:
        return self.location.count("-") == 1

    @property
    def zones(self) -> int:
        """In how many zones each pool has its nodes: https://cloud.google.com/kubernetes-engine/docs/concepts/regional-clusters."""
        return 3 if self.is_region else 1

    @property
    def host(self) -> str:
        """Under which name Kubeflow is reached through IAP."""
        return (self.iap and self.iap.host) or f"{self.cluster}.endpoints.{self.project}.cloud.goog"

    @model_validator(mode="after")
    def _large_enough(self) -> "GkeOptions":
        each = cpus(self.nodes.machine_type)
        if each is None:
            return self
        total = each * self.nodes.count * self.zones
        if total < LEAST_CPUS:
            message = _(
                "{count} x {machine} have {total} CPUs, and Kubeflow needs {least}: take e2-standard-4 or larger."
            )
            raise ValueError(
                message.format(
                    count=self.nodes.count * self.zones, machine=self.nodes.machine_type, total=total, least=LEAST_CPUS
                )
            )
        return self

    @model_validator(mode="after")
    def _endpoint_fits(self) -> "GkeOptions":
        if self.iap and len(self.host) > LONGEST_ENDPOINT:
            message = _(
                "the name {host} has {length} characters, and {most} are possible: shorten cluster or give iap.host."
            )
            raise ValueError(message.format(host=self.host, length=len(self.host), most=LONGEST_ENDPOINT))
        return self
