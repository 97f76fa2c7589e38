"""Plays the provisioner of a storage class: makes a volume for each claim, and takes it away after the claim."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from kubernetes.client.exceptions import ApiException

from tests.controlplane.api import Api, Object, WatchThread

DRIVER = "kfinstall.test/hostpath"
CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"

BindingMode = Literal["WaitForFirstConsumer", "Immediate"]


class Provisioner:
    """Serves one storage class, which exists between `with` and its end, as do its volumes.

    The volumes are hostPath ones that nobody mounts; the claims are bound by the real controllers.
    """

    def __init__(
        self,
        kubeconfig: Path,
        storage_class: str = "standard",
        *,
        default: bool = True,
        volume_binding_mode: BindingMode = "WaitForFirstConsumer",
    ) -> None:
        self._kubeconfig = kubeconfig
        self._class: Object = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": storage_class, "annotations": {DEFAULT_CLASS: str(default).lower()}},
            "provisioner": DRIVER,
            "volumeBindingMode": volume_binding_mode,
            "reclaimPolicy": "Delete",
        }
        self._name = storage_class
        self._waits = volume_binding_mode == "WaitForFirstConsumer"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._api = stack.enter_context(Api(self._kubeconfig))
            self._api.create(CLASSES, self._class)
            stack.callback(self._remove)
            for path, handle in ((CLAIMS, self._provision), (VOLUMES, self._reclaim)):
                watch = WatchThread(self._api, path, handle)
                watch.start()
                stack.callback(watch.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _provision(self, claim: Object) -> None:
        """A volume for a claim of the class, as soon as the scheduler has chosen the node where the class waits."""
        spec, metadata = claim["spec"], claim["metadata"]
        if spec.get("storageClassName") != self._name or spec.get("volumeName") or "deletionTimestamp" in metadata:
            return
        if self._waits and SELECTED_NODE not in metadata.get("annotations", {}):
            return
        self._api.create(VOLUMES, self._volume(claim))

    def _volume(self, claim: Object) -> Object:
        spec, metadata = claim["spec"], claim["metadata"]
        name = f"pvc-{metadata['uid']}"
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: DRIVER}},
            "spec": {
                "storageClassName": self._name,
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "volumeMode": spec.get("volumeMode", "Filesystem"),
                "persistentVolumeReclaimPolicy": "Delete",
                "hostPath": {"path": f"/var/lib/kfinstall-test/{name}", "type": "DirectoryOrCreate"},
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
            },
        }

    def _reclaim(self, volume: Object) -> None:
        if self._is_own(volume) and volume.get("status", {}).get("phase") == "Released":
            self._delete(f"{VOLUMES}/{volume['metadata']['name']}")

    def _is_own(self, volume: Object) -> bool:
        driver = volume["metadata"].get("annotations", {}).get(PROVISIONED_BY)
        return bool(driver == DRIVER and volume["spec"].get("storageClassName") == self._name)

    def _remove(self) -> None:
        self._delete(f"{CLASSES}/{self._name}")
        for volume in filter(self._is_own, self._api.get(VOLUMES)["items"]):
            self._delete(f"{VOLUMES}/{volume['metadata']['name']}")

    def _delete(self, path: str) -> None:
        with contextlib.suppress(ApiException):
            self._api.delete(path)
