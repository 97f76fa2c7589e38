"""Claims and volumes: which belong together, and what becomes of a volume whose claim is gone."""

from collections.abc import Iterable
from decimal import Decimal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.facts.objects.selectors import matches
from kfinstall.sandbox.admission.admission import DEFAULT_CLASS
from kfinstall.sandbox.controllers.attaching import claims_of
from kfinstall.sandbox.controllers.client import PODS, Client, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.provisioner import CLAIMS, CLASSES, PROVISIONER, SELECTED_NODE, VOLUMES
from kfinstall.sandbox.storage.store import Change, Name

COMPLETED, BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
WAITING = (
    "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)


class Volumes:
    """The persistent volume controller (pkg/controller/volume/persistentvolume/pv_controller.go)."""

    def __init__(self, client: Client) -> None:
        self._client = client.named("persistentvolume-controller")
        self._recorder = Recorder(self._client)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == CLAIMS:
            if change.after is not None:
                yield CLAIMS, change.name
            if change.last["spec"].get("volumeName"):
                yield VOLUMES, Name("", change.last["spec"]["volumeName"])
        elif change.resource == VOLUMES:
            yield VOLUMES, change.name
            yield from self._unbound()
        elif change.resource == CLASSES:
            yield from self._unbound()

    def _unbound(self) -> Iterable[Key]:
        for claim in self._client.all(CLAIMS):
            if (claim.get("status") or {}).get("phase") != "Bound":
                yield CLAIMS, name_of(claim)

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None:
            return None
        if key[0] == VOLUMES:
            self._volume(body, key[1])
        elif not body["metadata"].get("deletionTimestamp"):
            self._claim(body, key[1])
        return None

    # Volumes

    def _volume(self, volume: Body, name: Name) -> None:
        reference = volume["spec"].get("claimRef") or {}
        phase = (volume.get("status") or {}).get("phase")
        claim = self._client.get(CLAIMS, Name(reference.get("namespace", ""), reference.get("name", "")))
        if not reference.get("uid"):
            wanted = "Available"
        elif claim is None or claim["metadata"]["uid"] != reference["uid"]:
            wanted = "Released"
        else:
            wanted = "Bound" if claim["spec"].get("volumeName") == name.name else phase or "Pending"
        if phase != wanted:
            self._client.set_status(VOLUMES, name, {"phase": wanted})

    # Claims

    def _claim(self, claim: Body, name: Name) -> None:
        wanted = claim["spec"].get("volumeName")
        if wanted:
            volume = self._client.get(VOLUMES, Name("", wanted))
            if volume is None:
                self._lost(claim, name)
            else:
                self._bind(claim, name, volume)
            return
        claim = self._with_class(claim, name)
        waits = self._waits(claim)
        found = None if waits else self._best(claim)
        if found is not None:
            self._bind(claim, name, found)
        elif waits and SELECTED_NODE not in (claim["metadata"].get("annotations") or {}):
            self._tell_waiting(claim)
        else:
            own = self._provisioned(claim)
            if own is not None:
                self._bind(claim, name, own)
            else:
                self._hand_over(claim, name)

    def _lost(self, claim: Body, name: Name) -> None:
        if (claim.get("status") or {}).get("phase") != "Bound":
            return
        self._client.set_status(CLAIMS, name, {"phase": "Lost"})
        text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        self._recorder.tell(claim, "Warning", "ClaimLost", text)

    def _with_class(self, claim: Body, name: Name) -> Body:
        """A claim without a class takes up a default class that comes later."""
        if claim["spec"].get("storageClassName") is not None:
            return claim
        default = next(
            (
                each["metadata"]["name"]
                for each in self._client.all(CLASSES)
                if (each["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
            ),
            None,
        )
        return self._client.patch(CLAIMS, name, {"spec": {"storageClassName": default}}) if default else claim

    def _waits(self, claim: Body) -> bool:
        found = self._client.get(CLASSES, Name("", claim["spec"].get("storageClassName") or ""))
        return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _best(self, claim: Body) -> Body | None:
        """The smallest free volume that will do (pkg/volume/util/storageclass, FindMatchingVolume)."""
        fitting = [volume for volume in self._client.all(VOLUMES) if fits_claim(volume, claim)]
        return min(fitting, key=_size, default=None)

    def _provisioned(self, claim: Body) -> Body | None:
        """A volume that was made for a claim, or chosen for it by the scheduler."""
        uid = claim["metadata"]["uid"]
        volumes = self._client.all(VOLUMES)
        return next((each for each in volumes if (each["spec"].get("claimRef") or {}).get("uid") == uid), None)

    def _tell_waiting(self, claim: Body) -> None:
        """pkg/controller/volume/persistentvolume/pv_controller_base.go, emitEventForUnboundDelayBindingClaim."""
        metadata = claim["metadata"]
        pods = [
            pod["metadata"]["name"]
            for pod in self._client.all(PODS, metadata["namespace"])
            if metadata["name"] in claims_of(pod) and not pod["spec"].get("nodeName")
        ]
        if pods:
            text = f"waiting for pod {pods[0]} to be scheduled"
            self._recorder.tell(claim, "Normal", "WaitForPodScheduled", text)
            return
        text = "waiting for first consumer to be created before binding"
        self._recorder.tell(claim, "Normal", "WaitForFirstConsumer", text)

    def _hand_over(self, claim: Body, name: Name) -> None:
        wanted = claim["spec"].get("storageClassName")
        if not wanted:
            text = "no persistent volumes available for this claim and no storage class is set"
            self._recorder.tell(claim, "Normal", "FailedBinding", text)
            return
        found = self._client.get(CLASSES, Name("", wanted))
        if found is None:
            text = f'storageclass.storage.k8s.io "{wanted}" not found'
            self._recorder.tell(claim, "Warning", "ProvisioningFailed", text)
            return
        provisioner = found["provisioner"]
        if (claim["metadata"].get("annotations") or {}).get(PROVISIONER) != provisioner:
            marks = {PROVISIONER: provisioner, "volume.beta.kubernetes.io/storage-provisioner": provisioner}
            self._client.patch(CLAIMS, name, {"metadata": {"annotations": marks}})
            self._recorder.tell(claim, "Normal", "ExternalProvisioning", WAITING.format(provisioner=provisioner))

    def _bind(self, claim: Body, name: Name, volume: Body) -> None:
        reference = volume["spec"].get("claimRef") or {}
        metadata, spec = claim["metadata"], volume["spec"]
        if reference.get("uid") not in {None, "", metadata["uid"]}:
            return  # it belongs to another claim, and the claim waits for it
        if not reference.get("uid"):
            own = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **name._asdict(), "uid": metadata["uid"]}
            marks = {} if reference else {BY_CONTROLLER: "yes"}
            patch = {"metadata": {"annotations": marks}, "spec": {"claimRef": own}}
            self._client.patch(VOLUMES, name_of(volume), patch)
        if (metadata.get("annotations") or {}).get(COMPLETED) != "yes":
            marks = {COMPLETED: "yes"} if claim["spec"].get("volumeName") else {COMPLETED: "yes", BY_CONTROLLER: "yes"}
            patch = {"metadata": {"annotations": marks}, "spec": {"volumeName": volume["metadata"]["name"]}}
            self._client.patch(CLAIMS, name, patch)
        self._client.set_status(VOLUMES, name_of(volume), {"phase": "Bound"})
        status = {"phase": "Bound", "accessModes": spec["accessModes"], "capacity": spec["capacity"]}
        self._client.set_status(CLAIMS, name, status)


def fits_claim(volume: Body, claim: Body) -> bool:
    """Whether a volume is free, or kept for a claim, and has what the claim asks for."""
    have, want = volume["spec"], claim["spec"]
    if volume["metadata"].get("deletionTimestamp") or not _is_free(have.get("claimRef"), claim["metadata"]):
        return False
    return (
        (have.get("storageClassName") or "") == (want.get("storageClassName") or "")
        and (have.get("volumeMode") or "Filesystem") == (want.get("volumeMode") or "Filesystem")
        and set(want.get("accessModes") or ()) <= set(have.get("accessModes") or ())
        and _size(volume) >= amount(want["resources"]["requests"]["storage"])
        and (not want.get("selector") or matches(want["selector"], volume["metadata"].get("labels") or {}))
    )


def _is_free(reference: Body | None, claim: Body) -> bool:
    if not reference:
        return True
    same = (reference.get("namespace"), reference.get("name")) == (claim["namespace"], claim["name"])
    return same and reference.get("uid") in {None, "", claim["uid"]}


def _size(volume: Body) -> Decimal:
    return amount(volume["spec"]["capacity"]["storage"])
