"""Alibaba Cloud's Kubernetes (ACK): a cluster that is there already, often with foreign registries out of reach."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import yaml
from pydantic import Field

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.platform import (
    Choice,
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    KnownCluster,
)
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.facts.objects.quantities import amount
from kfinstall.facts.storage.volumes import is_default
from kfinstall.model.access import LoadBalancer
from kfinstall.model.base import Model
from kfinstall.model.images import Images
from kfinstall.model.install import Install
from kfinstall.model.storage import NotebookVolume
from kfinstall.transform.claims import with_claims, without_class
from kfinstall.transform.spawner import KEY, PATHS, PATHS_TO_1_4, VOLUME, with_notebook_volume
from kfinstall.words import _
from platforms.ack.checks import CHECKS
from platforms.ack.tokens import refuse_without_tokens
from platforms.existing import KubeconfigOptions, contexts

CONTEXT = r"(kubernetes-admin|\d+)-(c[0-9a-f]{32})"
"""As the console's kubeconfig has it: the user, then the cluster's id."""

DISKS = "diskplugin.csi.alibabacloud.com"
LEAST_DISK = "20Gi"
"""MinimumDiskSizeInGB of kubernetes-sigs/alibaba-cloud-csi-driver: a smaller claim fails."""

BALANCER = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type"
"""Without it a load balancer is on the internet (docs/usage.md of kubernetes/cloud-provider-alibaba-cloud)."""

MANY = "ReadWriteMany"
NO_CLASS = (None, "{none}")
"""How the notebooks' web app says that the cluster chooses, since Kubeflow 1.5 and before."""


class AckOptions(KubeconfigOptions):
    """Which ACK cluster, and what of Alibaba Cloud its objects use."""

    type: Literal["ack"] = Field(title=_("Platform"), description=_("An ACK cluster that is there already."))
    mainland: bool = Field(
        default=True,
        title=_("Mainland China"),
        description=_("The nodes are in mainland China: without a word on images, they come through a public mirror."),
    )
    disk_class: str = Field(
        default="alicloud-disk-topology-alltype",
        min_length=1,
        title=_("Disk class"),
        description=_("For claims that name no storage class, where the cluster has no default one: ACK brings none."),
    )
    file_class: str = Field(
        default="alibabacloud-cnfs-nas",
        min_length=1,
        title=_("File class"),
        description=_("The same for claims that many nodes write: a class of NAS file systems."),
    )
    internet: bool = Field(
        default=False,
        title=_("On the internet"),
        description=_("Load balancers get an address on the internet, instead of one in your own network only."),
    )


class Ack:
    """The platform for Alibaba's cloud."""

    name = "ack"
    title = _("Alibaba Cloud ACK")
    summary = _("An ACK cluster that your kubeconfig reaches: images through mirrors, disks of a size that exists.")
    options = AckOptions
    chosen = frozenset({"context"})
    checks = CHECKS

    def detect(self, host: Host) -> Detection:
        """By the names that ACK gives contexts."""
        return Detection(clusters=_known(host.kubeconfig))

    def device_plugin(self, options: AckOptions) -> str:  # noqa: ARG002 - the contract's signature
        return _("ACK's GPU node pools come with it, and with the driver.")

    def access(self, options: AckOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        return ClusterAccess(kubeconfig=options.kubeconfig, context=options.context)

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        return contexts(options, host, CONTEXT)

    def preferred(self, options: AckOptions) -> Mapping[str, Model]:
        """Images through a mirror, since the registries that Kubeflow's are in are out of reach or slow there."""
        return {"images": Images(mirror="daocloud")} if options.mainland else {}

    def notices(self, options: AckOptions, install: Install) -> list[str]:
        """What the user should know before it happens."""
        found = [
            _("Alibaba Cloud makes no disk below {size}: smaller claims and notebooks' volumes get that size.").format(
                size=LEAST_DISK
            )
        ]
        if options.mainland and install.images.mirror == "daocloud":
            found.append(
                _(
                    "The mirror is for mainland China: platform.mainland: false takes images from where they were "
                    "published, images.registry from a registry of yours."
                )
            )
        if isinstance(install.access, LoadBalancer):
            where = _("on the internet") if options.internet else _("in your own network (platform.internet: false)")
            found.append(
                _("The load balancer is an SLB {where}; Alibaba Cloud bills it until it is gone.").format(where=where)
            )
        return found

    def transformed(
        self, manifests: Sequence[Manifest], options: AckOptions, surroundings: Surroundings
    ) -> list[Manifest]:
        """With classes and sizes of volumes that ACK has, and load balancers where they are wanted."""
        refuse_without_tokens(manifests, surroundings)
        disks = _usable(options.disk_class, surroundings)
        files = _usable(options.file_class, surroundings)
        provisioners = {
            each["metadata"]["name"]: each.get("provisioner") for each in surroundings.storage_classes or ()
        }

        def change(claim: Body) -> Body:
            many = MANY in ((claim.get("spec") or {}).get("accessModes") or ())
            name = files if many else disks
            if name and without_class(claim):
                claim = {**claim, "spec": {**claim["spec"], "storageClassName": name}}
            return _large_enough(claim) if not many and _on_disk(claim, provisioners) else claim

        changed = [_placed(with_claims(each, change), internet=options.internet) for each in manifests]
        for configuration in filter(None, map(_spawner, changed)):
            changed = with_notebook_volume(changed, _possible(configuration, disks), "")
        return changed


def _usable(name: str, surroundings: Surroundings) -> str:
    """The class, if claims without one need it and it is there; "" otherwise."""
    classes = surroundings.storage_classes
    if classes is None:
        return name
    names = {each["metadata"]["name"] for each in classes}
    return name if name in names and not any(map(is_default, classes)) else ""


def _on_disk(claim: Body, provisioners: Mapping[str, Any]) -> bool:
    """Whether its volume is a disk of Alibaba Cloud, as far as anybody knows."""
    name = claim["spec"].get("storageClassName")
    return name is None or provisioners.get(name, DISKS if name.startswith("alicloud-disk-") else "") == DISKS


def _large_enough(claim: Body) -> Body:
    resources = claim["spec"].get("resources") or {}
    requests = resources.get("requests") or {}
    if amount(requests.get("storage", 0)) >= amount(LEAST_DISK):
        return claim
    raised = {**resources, "requests": {**requests, "storage": LEAST_DISK}}
    return {**claim, "spec": {**claim["spec"], "resources": raised}}


def _spawner(manifest: Manifest) -> Body | None:
    """How the notebooks' web app makes the volume of a new notebook, if this is its configuration."""
    data = manifest.body.get("data")
    if manifest.kind != "ConfigMap" or not isinstance(data, dict) or KEY not in data:
        return None
    volume = _at(yaml.safe_load(data[KEY]), VOLUME)
    return volume if isinstance(volume, dict) else None


def _possible(volume: Body, disks: str) -> NotebookVolume:
    """What has to be other about notebooks' volumes here."""
    paths = PATHS if "newPvc" in volume else PATHS_TO_1_4
    size, name = _at(volume, paths["size"]), _at(volume, paths["class_name"])
    small = isinstance(size, str) and amount(size) < amount(LEAST_DISK)
    wanted = {"class": disks if disks and name in NO_CLASS else None, "size": LEAST_DISK if small else None}
    return NotebookVolume.model_validate(wanted)


def _at(value: object, path: Sequence[str]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _placed(manifest: Manifest, *, internet: bool) -> Manifest:
    """A load balancer with an address where it is wanted, unless its own annotation says where."""
    body = manifest.body
    if manifest.kind != "Service" or (body.get("spec") or {}).get("type") != "LoadBalancer":
        return manifest
    wish = {BALANCER: "internet" if internet else "intranet"}
    annotations = {**wish, **(body["metadata"].get("annotations") or {})}
    return Manifest({**body, "metadata": {**body["metadata"], "annotations": annotations}}, manifest.application)


def _known(kubeconfig: Mapping[str, Any]) -> list[KnownCluster]:
    names = [str(each.get("name")) for each in kubeconfig.get("contexts") or ()]
    status = ClusterStatus(ClusterPhase.RUNNING, _("in your kubeconfig; it was not asked"))
    found = ((name, re.fullmatch(CONTEXT, name)) for name in names)
    return [KnownCluster(match[2], status, name) for name, match in found if match]
