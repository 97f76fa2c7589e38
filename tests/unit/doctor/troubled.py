"""A small cluster in which nearly everything is wrong that a check knows of; whoever adds a check adds its trouble."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, event, pod, unschedulable, waiting


def troubled() -> list[Body]:
    return [*_images(), *_storage(), *_mounts(), *_scheduling()]


def _images() -> Iterator[Body]:
    message = 'failed to pull image "quay.io/a/b:1": dial tcp: lookup quay.io on 10.0.0.2:53: no such host'
    yield pod("no-dns", status=waiting("ErrImagePull", message, "quay.io/a/b:1"))
    backing_off = pod("limited", status=waiting("ImagePullBackOff", "Back-off pulling image", "nginx:1"))
    yield backing_off
    yield event(backing_off, "Failed", 'Failed to pull image "nginx:1": 429 Too Many Requests - toomanyrequests')


def _storage() -> Iterator[Body]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    yield body("PersistentVolumeClaim", "data", "kubeflow", spec=spec, status={"phase": "Pending"})
    yield body(
        "PersistentVolumeClaim", "gone", "kubeflow", spec={**spec, "storageClassName": "nowhere"},
        status={"phase": "Pending"},
    )  # fmt: skip


def _mounts() -> Iterator[Body]:
    issued = {"secretName": "certs", "issuerRef": {"name": "self", "kind": "Issuer"}}
    yield body("Certificate", "webhook", "kubeflow", group="cert-manager.io", spec=issued)
    volumes = [{"name": "cert", "secret": {"secretName": "certs"}}]
    webhook = pod("webhook", status=waiting("ContainerCreating"), volumes=volumes)
    yield webhook
    words = 'MountVolume.SetUp failed for volume "cert" : secret "certs" not found'
    yield event(webhook, "FailedMount", words)


def _scheduling() -> Iterator[Body]:
    allocatable = {"cpu": "2", "memory": "4Gi", "pods": "110"}
    status = {"allocatable": allocatable, "capacity": allocatable, "conditions": [{"type": "Ready", "status": "True"}]}
    yield body("Node", "laptop", status=status, spec={})
    wants = [{"name": "main", "image": "a:1", "resources": {"requests": {"cpu": "4", "memory": "1Gi"}}}]
    message = (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful."
    )
    yield pod("large", status=unschedulable(message), containers=wants)
