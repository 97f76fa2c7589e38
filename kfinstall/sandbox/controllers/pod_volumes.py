"""A pod's claims as the scheduler sees them: which nodes their volumes allow, and which still have to be bound."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.placing import selected
from kfinstall.sandbox.controllers.attaching import claims_of
from kfinstall.sandbox.controllers.client import PODS, Client, name_of
from kfinstall.sandbox.controllers.provisioner import CLAIMS, CLASSES, SELECTED_NODE, VOLUMES
from kfinstall.sandbox.controllers.volumes import COMPLETED, fits_claim
from kfinstall.sandbox.storage.store import Name

NO_PROVISIONER = "kubernetes.io/no-provisioner"


class PodVolumes:
    """pkg/scheduler/framework/plugins/volumebinding and volumerestrictions."""

    def __init__(self, client: Client, pod: Body) -> None:
        self._client = client
        self._pod = pod
        self._names = list(claims_of(pod))
        self._claims: list[Body] = []

    def problem(self) -> str:
        """Why the claims keep the pod from every node; "" when they do not. What follows needs it to be asked first."""
        namespace = self._pod["metadata"]["namespace"]
        for name in self._names:
            claim = self._client.get(CLAIMS, Name(namespace, name))
            if claim is None:
                return self._missing(name)
            if (claim.get("status") or {}).get("phase") == "Lost":
                return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{_volume(claim)}"'
            if claim["metadata"].get("deletionTimestamp"):
                return f'persistentvolumeclaim "{name}" is being deleted'
            self._claims.append(claim)
        if any(not _is_bound(claim) and not self._waits(claim) for claim in self._claims):
            return "pod has unbound immediate PersistentVolumeClaims"
        return ""

    def _missing(self, name: str) -> str:
        made = {f"{self._pod['metadata']['name']}-{each['name']}" for each in self._ephemeral()}
        if name in made:
            return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
        return f'persistentvolumeclaim "{name}" not found'

    def _ephemeral(self) -> Iterator[Body]:
        return (each for each in self._pod["spec"].get("volumes") or () if each.get("ephemeral"))

    def is_taken(self) -> bool:
        """Whether a claim for a single pod has one."""
        single = {
            claim["metadata"]["name"]
            for claim in self._claims
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ())
        }
        return bool(single) and any(
            single & set(claims_of(other))
            for other in self._client.all(PODS, self._pod["metadata"]["namespace"])
            if other["spec"].get("nodeName") and (other.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}
        )

    def refusals(self, node: Body) -> Iterator[str]:
        """Why the volumes cannot be used on a node (pkg/scheduler/framework/plugins/volumebinding/binder.go)."""
        bound = [claim for claim in self._claims if _is_bound(claim)]
        volumes = [self._client.get(VOLUMES, Name("", _volume(claim))) for claim in bound]
        if any(volume is None for volume in volumes):
            yield "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
        if any(volume is not None and not _is_usable(volume, node) for volume in volumes):
            yield "node(s) didn't match PersistentVolume's node affinity"
        if any(not self._can_bind(claim, node) for claim in self._unbound()):
            yield "node(s) didn't find available persistent volumes to bind"

    def bind(self, node: Body) -> bool:
        """Have the claims that wait for a node bound for this one; whether all of them are."""
        unbound = self._unbound()
        for claim in unbound:
            volume = self._free(claim, node)
            if volume is not None:
                reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **name_of(claim)._asdict()}
                patch = {"spec": {"claimRef": {**reference, "uid": claim["metadata"]["uid"]}}}
                self._client.patch(VOLUMES, name_of(volume), patch)
            mark = {"metadata": {"annotations": {SELECTED_NODE: node["metadata"]["name"]}}}
            if (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE) != node["metadata"]["name"]:
                self._client.patch(CLAIMS, name_of(claim), mark)
        return not unbound

    def _unbound(self) -> list[Body]:
        return [claim for claim in self._claims if not _is_bound(claim)]

    def _waits(self, claim: Body) -> bool:
        found = self._client.get(CLASSES, Name("", claim["spec"].get("storageClassName") or ""))
        return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"

    def _can_bind(self, claim: Body, node: Body) -> bool:
        storage = self._client.get(CLASSES, Name("", claim["spec"].get("storageClassName") or "")) or {}
        return storage.get("provisioner") != NO_PROVISIONER or self._free(claim, node) is not None

    def _free(self, claim: Body, node: Body) -> Body | None:
        """A volume that stands already and will do for a claim on a node."""
        found = (volume for volume in self._client.all(VOLUMES) if fits_claim(volume, claim))
        return next((volume for volume in found if _is_usable(volume, node)), None)


def _is_bound(claim: Body) -> bool:
    return bool(_volume(claim)) and COMPLETED in (claim["metadata"].get("annotations") or {})


def _volume(claim: Body) -> str:
    return str(claim["spec"].get("volumeName") or "")


def _is_usable(volume: Body, node: Body) -> bool:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if not required:
        return True
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": required}
    return selected({"affinity": {"nodeAffinity": rule}}, node)
