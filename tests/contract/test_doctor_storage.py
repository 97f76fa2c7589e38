"""The doctor's checks of storage on claims and volumes that a real volume controller handles."""

from collections.abc import Iterator
from typing import Any

import pytest

from checks.claims import unmatched
from checks.storage import class_missing, not_provisioned, without_class
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.reading import from_cluster
from kfinstall.doctor.snapshot import Collected
from kfinstall.facts.objects.kinds import CLAIM, EVENT, POD, STORAGE_CLASS, VOLUME
from kfinstall.facts.storage.provisioners import CSI_DRIVER
from kfinstall.kube.cluster import Cluster as Handle
from kfinstall.kube.connection import Connection
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.patience import eventually

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
VOLUMES = "/api/v1/persistentvolumes"
KINDS = frozenset({CLAIM, VOLUME, STORAGE_CLASS, CSI_DRIVER, POD, EVENT})


@pytest.fixture
def claims(admin: Api, unique: str) -> Iterator[str]:
    """The path of the claims of a namespace; with it a class and a volume of that name."""
    admin.create("/api/v1/namespaces", {"metadata": {"name": unique}})
    admin.create(CLASSES, {"metadata": {"name": unique}, "provisioner": "example.com/nobody"})
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/var/lib/kfinstall"},
        "storageClassName": f"{unique}-manual",
    }
    admin.create(VOLUMES, {"metadata": {"name": unique}, "spec": spec})
    yield f"/api/v1/namespaces/{unique}/persistentvolumeclaims"
    admin.delete(f"{CLASSES}/{unique}")
    admin.delete(f"{VOLUMES}/{unique}")


def claim(name: str, size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"metadata": {"name": name}, "spec": wanted}


def looked(control_plane: Cluster) -> Collected:
    return from_cluster(Handle(Connection.open(control_plane.kubeconfig())), KINDS)


def test_claims_that_wait_and_one_that_does_not(control_plane: Cluster, admin: Api, claims: str, unique: str) -> None:
    manual = f"{unique}-manual"
    for each in (
        claim("gone", storageClassName=f"{unique}-gone"),
        claim("large", "5Gi", storageClassName=manual),
        claim("fits", storageClassName=manual),
        claim("nobody", storageClassName=unique),
        claim("no-class"),
    ):
        admin.create(claims, each)

    def settled() -> bool:
        """The controller has bound the one that fits, and has handed one over to the provisioner, as an event says."""
        bound = admin.get(f"{claims}/fits")["status"].get("phase") == "Bound"
        said = admin.get(f"/api/v1/namespaces/{unique}/events")["items"]
        return bound and any(each["reason"] == "ExternalProvisioning" for each in said)

    eventually(settled)
    snapshot = looked(control_plane)

    def about(look: Any) -> list[str]:
        found = [key for finding in look(snapshot) for key in finding.objects]
        return [key.name for key in found if key == ObjectKey(*CLAIM, unique, key.name)]

    assert about(class_missing) == ["gone"]
    assert about(unmatched) == ["large"]
    assert about(without_class) == ["no-class"]
    assert about(not_provisioned) == []  # it has waited for a moment only


def test_a_provisioner_that_nobody_runs(control_plane: Cluster, admin: Api, claims: str, unique: str) -> None:
    admin.create(claims, claim("nobody", storageClassName=unique))
    snapshot = looked(control_plane)
    later = Collected(snapshot.objects, snapshot.version, "2999-01-01T00:00:00Z", served=snapshot.served)
    found = [each for each in not_provisioned(later) if unique in each.title]
    assert [each.title for each in found] == [
        f'Nobody runs the provisioner "example.com/nobody" of class "{unique}": 1 claim waits'
    ]
