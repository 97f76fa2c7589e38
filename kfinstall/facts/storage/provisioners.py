"""Who makes the volumes of a storage class: drivers that registered, and pods that run one."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.objects.kinds import POD

CSI_DRIVER = GroupKind("storage.k8s.io", "CSIDriver")

MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Names of before drivers were programs of their own (k8s.io/csi-translation-lib)."""

IMAGES = {"k8s.io/minikube-hostpath": "storage-provisioner", "docker.io/hostpath": "storage-provisioner"}
"""Part of the image of provisioners whose pods do not say their name."""

NFS_OF_OLD = ("external_storage/nfs-client-provisioner", "external_storage/nfs-provisioner")
"""Images that read metadata.selfLink, which API servers do not fill in since 1.20 (KEP-1164)."""


def driver(provisioner: str) -> str:
    """The driver that answers for a provisioner's name today."""
    return MIGRATED.get(provisioner, provisioner)


def is_registered(provisioner: str, snapshot: Snapshot) -> bool:
    return snapshot.get(ObjectKey(*CSI_DRIVER, "", driver(provisioner))) is not None


def pods_of(provisioner: str, snapshot: Snapshot) -> Iterator[Body]:
    """The pods that seem to run a provisioner: an argument or variable names it, or their image does."""
    part = IMAGES.get(provisioner, driver(provisioner).rpartition("/")[2])
    for pod in snapshot.all(POD):
        if any(_names(container, driver(provisioner), part) for container in _containers(pod)):
            yield pod


def is_ready(pod: Body) -> bool:
    return holds(pod, "Ready") is True


def is_nfs_of_old(pod: Body) -> bool:
    return any(part in str(container.get("image")) for container in _containers(pod) for part in NFS_OF_OLD)


def _containers(pod: Body) -> list[Body]:
    return list((pod.get("spec") or {}).get("containers") or ())


def _names(container: Body, provisioner: str, part: str) -> bool:
    said = [*(container.get("args") or ()), *(container.get("command") or ())]
    said += [each.get("value") or "" for each in container.get("env") or ()]
    return any(provisioner in str(text) for text in said) or part in str(container.get("image") or "")
