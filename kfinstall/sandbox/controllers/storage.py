"""Claims: bound when their class has a provisioner that answers, at once or when a pod is placed."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.admission import default_class
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.scheduler import SELECTED_NODE
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.scenario import Scenario
from kfinstall.sandbox.store import Change, Name, Store

CLAIMS = GroupResource("", "persistentvolumeclaims")
VOLUMES = GroupResource("", "persistentvolumes")
CLASSES = GroupResource("storage.k8s.io", "storageclasses")
PROVISIONER = "sandbox.kfinstall.io/disk"


class Storage:
    """The persistent volume controller, and the provisioner of the scenario's classes."""

    def __init__(self, client: Client, scenario: Scenario, store: Store) -> None:
        self._client = client
        self._store = store
        self._silent = {each.name for each in scenario.storage_classes if not each.binds}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == CLAIMS:
            if change.after is not None:
                yield CLAIMS, change.name
            elif change.last["spec"].get("volumeName"):
                yield VOLUMES, Name("", change.last["spec"]["volumeName"])
        elif change.resource == CLASSES:
            yield from (
                (CLAIMS, name_of(claim)) for claim in self._client.all(CLAIMS) if not claim["spec"].get("volumeName")
            )

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None:
            return None
        if key[0] == VOLUMES:
            self._reclaim(body)
        elif not body["metadata"].get("deletionTimestamp") and (body.get("status") or {}).get("phase") != "Bound":
            self._bind(body, key[1])
        return None

    def _reclaim(self, volume: Body) -> None:
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self._client.delete(VOLUMES, name_of(volume))
        else:
            self._client.set_status(VOLUMES, name_of(volume), {"phase": "Released"})

    def _bind(self, claim: Body, name: Name) -> None:
        spec = claim["spec"]
        wanted = spec.get("storageClassName")
        if wanted is None:  # a default class that comes later is taken up (pkg/controller/volume/persistentvolume)
            found = default_class(self._store)
            if found is None:
                self._client.event(
                    claim,
                    "Normal",
                    "FailedBinding",
                    "no persistent volumes available for this claim and no storage class is set",
                )
                return
            self._client.patch(CLAIMS, name, {"spec": {"storageClassName": found}})
            return
        storage_class = self._client.get(CLASSES, Name("", wanted))
        if storage_class is None:
            text = f'storageclass.storage.k8s.io "{wanted}" not found'
            self._client.event(claim, "Warning", "ProvisioningFailed", text)
            return
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and SELECTED_NODE not in (claim["metadata"].get("annotations") or {}):
            self._client.event(
                claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
            )
            return
        if storage_class.get("provisioner") != PROVISIONER or wanted in self._silent:
            self._client.event(
                claim,
                "Normal",
                "ExternalProvisioning",
                f"Waiting for a volume to be created either by the external provisioner "
                f"'{storage_class.get('provisioner')}' or manually "
                "by the system administrator. If volume creation is delayed, please verify that the "
                "provisioner is running and "
                "correctly registered.",
            )
            return
        self._provision(claim, name, storage_class)

    def _provision(self, claim: Body, name: Name, storage_class: Body) -> None:
        spec, volume = claim["spec"], f"pvc-{claim['metadata']['uid']}"
        capacity = {"storage": spec["resources"]["requests"]["storage"]}
        if self._client.get(VOLUMES, Name("", volume)) is None:
            reference = {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **name._asdict(),
                "uid": claim["metadata"]["uid"],
            }
            self._client.create(
                VOLUMES,
                "",
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolume",
                    "metadata": {"name": volume, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
                    "spec": {
                        "capacity": capacity,
                        "accessModes": spec["accessModes"],
                        "storageClassName": spec["storageClassName"],
                        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                        "hostPath": {"path": f"/var/lib/sandbox/{volume}"},
                        "claimRef": reference,
                    },
                },
            )
            self._client.set_status(VOLUMES, Name("", volume), {"phase": "Bound"})
        annotations = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
        self._client.patch(CLAIMS, name, {"metadata": {"annotations": annotations}, "spec": {"volumeName": volume}})
        self._client.set_status(
            CLAIMS, name, {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": capacity}
        )
