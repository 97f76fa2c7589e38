"""Objects whose owner is gone, owners that wait for their dependants, definitions that wait for their objects."""

from collections import defaultdict
from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change
from kfinstall.sandbox.types.kinds import GroupResource
from kfinstall.sandbox.writing.deletion import FOREGROUND, ORPHAN

DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
CLAIMS = GroupResource("", "persistentvolumeclaims")
VOLUMES = GroupResource("", "persistentvolumes")
PODS = GroupResource("", "pods")
PROTECTED = {CLAIMS: "kubernetes.io/pvc-protection", VOLUMES: "kubernetes.io/pv-protection"}


class Garbage:
    """The garbage collector, the cleaner of custom resources, and the protection of storage that is in use."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._owned: dict[str, set[Key]] = defaultdict(set)
        self._standing: dict[str, Key] = {}

    def concerns(self, change: Change) -> Iterable[Key]:
        key = (change.resource, change.name)
        uid = change.last["metadata"]["uid"]
        for reference in change.last["metadata"].get("ownerReferences") or ():
            if change.after is None:
                self._owned[reference["uid"]].discard(key)
                if reference["uid"] in self._standing:
                    yield self._standing[reference["uid"]]
            else:
                self._owned[reference["uid"]].add(key)
                if reference["uid"] not in self._standing:
                    yield key
        if change.after is None:
            self._standing.pop(uid, None)
            yield from self._owned.get(uid, ())
            yield from self._waiting_for(change)
        else:
            self._standing[uid] = key
            if change.after["metadata"].get("deletionTimestamp"):
                yield key

    def _waiting_for(self, change: Change) -> Iterable[Key]:
        if change.resource == PODS:
            for volume in change.last["spec"].get("volumes") or ():
                claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    yield CLAIMS, type(change.name)(change.name.namespace, claim)
        for definition in self._client.all(DEFINITIONS) if "." in change.resource.group else ():
            if definition["metadata"].get("deletionTimestamp"):
                yield DEFINITIONS, name_of(definition)

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None:
            return None
        metadata = body["metadata"]
        if metadata.get("deletionTimestamp"):
            self._release(key, body)
            return None
        references = metadata.get("ownerReferences") or []
        if references and not any(each["uid"] in self._standing for each in references):
            self._client.delete(*key, propagationPolicy="Background", preconditions={"uid": metadata["uid"]})
        return None

    def _release(self, key: Key, body: Body) -> None:
        finalizers = body["metadata"].get("finalizers") or []
        if FOREGROUND in finalizers and not self._end_dependants(body):
            self._without(key, body, FOREGROUND)
        elif ORPHAN in finalizers:
            self._orphan(body)
            self._without(key, body, ORPHAN)
        elif CLEANUP in finalizers and not self._end_objects(body):
            self._without(key, body, CLEANUP)
        elif PROTECTED.get(key[0]) in finalizers and not self._in_use(key, body):
            self._without(key, body, PROTECTED[key[0]])

    def _end_dependants(self, owner: Body) -> bool:
        """Delete what belongs to an owner; whether anything of it still blocks the owner's end."""
        blocked = False
        for resource, name in list(self._owned.get(owner["metadata"]["uid"], ())):
            found = self._client.get(resource, name)
            if found is None:
                continue
            blocked = blocked or any(
                each["uid"] == owner["metadata"]["uid"] and each.get("blockOwnerDeletion")
                for each in found["metadata"].get("ownerReferences") or ()
            )
            if not found["metadata"].get("deletionTimestamp"):
                self._client.delete(resource, name, propagationPolicy="Foreground")
        return blocked

    def _orphan(self, owner: Body) -> None:
        uid = owner["metadata"]["uid"]
        for resource, name in list(self._owned.pop(uid, ())):
            found = self._client.get(resource, name)
            if found is not None:
                kept = [each for each in found["metadata"].get("ownerReferences") or () if each["uid"] != uid]
                self._client.patch(resource, name, {"metadata": {"ownerReferences": kept or None}})

    def _end_objects(self, definition: Body) -> bool:
        """Delete the objects of a definition; whether any is left."""
        resource = GroupResource(definition["spec"]["group"], definition["spec"]["names"]["plural"])
        found = self._client.all(resource)
        for body in found:
            if not body["metadata"].get("deletionTimestamp"):
                self._client.delete(resource, name_of(body))
        return bool(self._client.all(resource))

    def _in_use(self, key: Key, body: Body) -> bool:
        if key[0] == VOLUMES:
            claim = body["spec"].get("claimRef") or {}
            found = self._client.get(CLAIMS, type(key[1])(claim.get("namespace", ""), claim.get("name", "")))
            return found is not None and found["metadata"]["uid"] == claim.get("uid")
        return any(
            (volume.get("persistentVolumeClaim") or {}).get("claimName") == key[1].name
            for pod in self._client.all(PODS, key[1].namespace)
            if (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}
            for volume in pod["spec"].get("volumes") or ()
        )

    def _without(self, key: Key, body: Body, finalizer: str) -> None:
        left = [name for name in body["metadata"].get("finalizers") or () if name != finalizer]
        patch = {"metadata": {"finalizers": left or None, "uid": body["metadata"]["uid"]}}
        self._client.patch(*key, patch)
