"""The provisioner of a scenario's storage classes: it makes volumes for claims, and takes them away again."""

from collections.abc import Iterable, Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.scenario import Scenario, StorageClass
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

CLAIMS = GroupResource("", "persistentvolumeclaims")
VOLUMES = GroupResource("", "persistentvolumes")
CLASSES = GroupResource("storage.k8s.io", "storageclasses")
NODES = GroupResource("", "nodes")
DRIVER = "sandbox.kfinstall.io"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"


def classes_of(scenario: Scenario) -> Iterator[Body]:
    """The StorageClass objects."""
    for each in scenario.storage_classes:
        annotations = {"storageclass.kubernetes.io/is-default-class": str(each.default).lower()}
        yield {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": each.name, "annotations": annotations},
            "provisioner": DRIVER,
            "volumeBindingMode": each.binding,
            "reclaimPolicy": "Delete",
        }


class Provisioner:
    """Answers to claims that a cluster's volume controller hands to it, as an external provisioner does."""

    def __init__(self, client: Client, scenario: Scenario) -> None:
        self._client = client
        self._recorder = Recorder(client)
        self._classes = {each.name: each for each in scenario.storage_classes if each.binds}

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource in {CLAIMS, VOLUMES} and change.after is not None:
            yield change.resource, change.name

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        if key[0] == CLAIMS:
            self._provision(body)
        elif self._is_own(body) and (body.get("status") or {}).get("phase") == "Released":
            self._client.delete(*key)
        return None

    def remove(self) -> None:
        """Take away the volumes that were made."""
        for volume in filter(self._is_own, self._client.all(VOLUMES)):
            self._client.delete(VOLUMES, name_of(volume))

    def _is_own(self, volume: Body) -> bool:
        annotations = volume["metadata"].get("annotations") or {}
        deletes = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        return deletes and annotations.get(PROVISIONED_BY) == DRIVER and _class(volume) in self._classes

    def _provision(self, claim: Body) -> None:
        annotations = claim["metadata"].get("annotations") or {}
        storage = self._classes.get(_class(claim))
        if storage is None or annotations.get(PROVISIONER) != DRIVER or claim["spec"].get("volumeName"):
            return
        node = annotations.get(SELECTED_NODE, "")
        volume = self._volume(claim, storage, node)
        if (storage.binding == "WaitForFirstConsumer" and not node) or self._client.get(VOLUMES, name_of(volume)):
            return
        name = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        text = f'External provisioner is provisioning volume for claim "{name}"'
        self._recorder.tell(claim, "Normal", "Provisioning", text)
        self._client.ensure(VOLUMES, "", volume)
        text = f"Successfully provisioned volume {volume['metadata']['name']}"
        self._recorder.tell(claim, "Normal", "ProvisioningSucceeded", text)

    def _volume(self, claim: Body, storage: StorageClass, node: str) -> Body:
        spec, metadata = claim["spec"], claim["metadata"]
        name = f"pvc-{metadata['uid']}"
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: DRIVER}},
            "spec": {
                "storageClassName": storage.name,
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "volumeMode": spec.get("volumeMode", "Filesystem"),
                "persistentVolumeReclaimPolicy": self._reclaim_policy(storage.name),
                "hostPath": {"path": f"/var/lib/kfinstall-sandbox/{name}", "type": "DirectoryOrCreate"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
                **self._affinity(storage, node),
            },
        }

    def _reclaim_policy(self, storage_class: str) -> str:
        found = self._client.get(CLASSES, Name("", storage_class)) or {}
        return str(found.get("reclaimPolicy") or "Delete")

    def _affinity(self, storage: StorageClass, name: str) -> Body:
        """Where a volume can be used: at the nodes whose label has the value of that which was chosen."""
        node = self._client.get(NODES, Name("", name)) if storage.topology and name else None
        value = ((node or {"metadata": {}})["metadata"].get("labels") or {}).get(storage.topology)
        if value is None:
            return {}
        term = {"matchExpressions": [{"key": storage.topology, "operator": "In", "values": [value]}]}
        return {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}


def _class(body: Body) -> str:
    return str(body["spec"].get("storageClassName") or "")
