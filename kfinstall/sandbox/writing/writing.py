"""Creating, changing and deleting objects: decode, default, admit, validate, say who set what, keep."""

import json
import uuid
from collections.abc import Callable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox import validation
from kfinstall.sandbox.admission import admission, cautions
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.fields import last_applied, managed
from kfinstall.sandbox.fields.fieldset import DuplicateItems
from kfinstall.sandbox.fields.managed import Writer
from kfinstall.sandbox.server.status import (
    StatusError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    named,
    not_found,
    wrong,
)
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types import defaults, definitions, strategies, structural, typed
from kfinstall.sandbox.types.decode import Decoder
from kfinstall.sandbox.types.kinds import Kind, Kinds
from kfinstall.sandbox.validation.rules import IMMUTABLE
from kfinstall.sandbox.writing import deletion
from kfinstall.sandbox.writing.addressing import check_address, check_version
from kfinstall.sandbox.writing.preparing import prepared
from kfinstall.sandbox.writing.write import Write

SERVER_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)

WITH_GENERATION = frozenset(
    {
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "Pod",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "Ingress",
        "IngressClass",
        "CustomResourceDefinition",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "ReplicationController",
        "PriorityClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "EndpointSlice",
    }
)
"""Built-in kinds that count changes of their specification; custom ones all do."""


class Writes:
    """The writing half of the API."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self.store = store
        self.kinds = kinds

    def _refuse_faults(self, write: Write, body: Body, old: Body | None) -> None:
        causes = validation.faults(write.kind, body, old)
        if write.kind.custom:
            causes += structural.faults(body, write.version.schema)
        if causes:
            raise invalid(write.kind.group, write.kind.kind, body["metadata"].get("name", ""), causes)

    # Create

    def create(self, write: Write, body: Body, *, apply: Body | None = None) -> Body:
        """Keep a new object; apply: what a server-side apply named, which then owns exactly that."""
        check_address(write, body, self.kinds)
        new = prepared(write, body)
        metadata = new["metadata"]
        if metadata.get("resourceVersion"):
            raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + admission.suffix()
            if write.kind.kind == "Namespace":
                defaults.fill("", "Namespace", new)
        write.name = metadata.get("name", "")
        with self.store.lock:
            return self._create(write, new, apply)

    def _create(self, write: Write, body: Body, apply: Body | None) -> Body:
        kind, metadata = write.kind, body["metadata"]
        if kind.namespaced:
            metadata["namespace"] = write.namespace
        else:
            metadata.pop("namespace", None)
        counted = kind.custom or kind.kind in WITH_GENERATION
        for name in (*SERVER_FIELDS, "managedFields"):
            if counted or name != "generation":
                metadata.pop(name, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), **({"generation": 1} if counted else {})}
        self._reset_status(write, body)
        wanted = json.loads(json.dumps(body))  # what admission and the registry fill in belongs to nobody
        strategies.prepare(kind, body)
        if kind.namespaced:
            admission.check_namespace(self.store, kind, write.namespace, write.name)
        if kind.definition:
            self._check_definition(kind, kind.definition["metadata"]["name"], write.name)
        admission.admit(self.store, kind, body, None, write.user)
        admission.allocate(self.store, kind, body, None)
        self._refuse_faults(write, body, None)
        admission.check_amounts(self.store, kind, body, None)
        if write.name and self.store.get(kind.key, write.key) is not None:
            raise already_exists(kind.group, kind.plural, write.name)
        write.warnings += cautions.cautions(kind, body)
        empty = self._empty(write)
        if apply is None:
            managers = managed.updated(empty, wanted, write.version.schema, write.writer(), {})
        else:
            managers = managed.applied(empty, apply, write.version.schema, write.writer(), {}, force=True)[1]
            body = last_applied.synced(body, apply) if write.manager == last_applied.KUBECTL else body
        return self._keep(write, managed.write(body, managers))

    def _check_definition(self, kind: Kind, definition: str, name: str) -> None:
        """Nothing is made of a kind whose definition is being deleted."""
        found = self.store.get(strategies.DEFINITIONS, Name("", definition))
        if found and found["metadata"].get("deletionTimestamp"):
            why = "create not allowed while custom resource definition is terminating"
            raise forbidden(kind.group, kind.plural, name, why)

    def _empty(self, write: Write) -> Body:
        body: Body = {"apiVersion": write.api_version, "kind": write.kind.kind}
        return body if write.kind.custom else Decoder(zero=True).decode(body, write.version.schema)

    def _reset_status(self, write: Write, body: Body) -> None:
        """A new object has the status that its strategy gives it, whatever was sent."""
        if "status" in write.version.subresources and write.kind.kind not in KEEPS_STATUS:
            body.pop("status", None)
            if not write.kind.custom:
                fresh = Decoder().decode({"apiVersion": "", "kind": ""}, write.version.schema)
                if "status" in fresh:
                    body["status"] = fresh["status"]
                defaults.fill(write.kind.group, write.kind.kind, body)

    # Change

    def replace(self, write: Write, body: Body) -> Body:
        """PUT."""
        check_address(write, body, self.kinds)
        with self.store.lock:
            old = self.standing(write)
            uid = body["metadata"].get("uid")
            if uid and uid != old["metadata"]["uid"]:
                why = (
                    f"StorageError: invalid object, Code: 4, Key: /registry/{write.kind.plural}/{write.namespace}/"
                    f"{write.name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: "
                    f"{uid}, UID in object meta: {old['metadata']['uid']}"
                )
                raise conflict(write.kind.group, write.kind.plural, write.name, why)
            if write.kind.custom and not body["metadata"].get("resourceVersion"):
                raise invalid(
                    write.kind.group,
                    write.kind.plural,
                    write.name,
                    [wrong("metadata.resourceVersion", 0, "must be specified for an update")],
                )
            return self._change(write, old, body)

    def patch(self, write: Write, patched: Callable[[Body], Body]) -> Body:
        """PATCH of every type but apply; patched: makes the wanted object of the live one."""
        with self.store.lock:
            old = self.standing(write)
            standing = {**old, "apiVersion": write.api_version}
            body = patched(standing)
            write.patched = write.patched or body
            check_address(write, body, self.kinds)
            uid = body["metadata"].get("uid")
            if uid and uid != old["metadata"]["uid"]:
                raise invalid(write.kind.group, write.kind.kind, write.name, [wrong("metadata.uid", uid, IMMUTABLE)])
            return self._change(write, old, body)

    def standing(self, write: Write) -> Body:
        """The object as it is kept. Raises StatusError 404."""
        old = self.store.get(write.kind.key, write.key)
        if old is None:
            raise not_found(write.kind.group, write.kind.plural, write.name)
        return {**old, "apiVersion": write.api_version}

    def _change(self, write: Write, old: Body, body: Body) -> Body:
        check_version(write, old, body)
        new = self._settled(write, old, prepared(write, body))
        managers = managed.updated(old, new, write.version.schema, write.writer(), self._managers(old, body))
        return self._finished(write, old, managed.write(new, managers))

    def _managers(self, old: Body, body: Body) -> managed.Managers:
        """Those that a write sends, as kubectl does to take over what it applied itself; empty ones reset them."""
        if body["metadata"].get("managedFields") in ([], [{}]):
            return {}
        return managed.read(body) or managed.read(old)

    def _settled(self, write: Write, old: Body, new: Body) -> Body:
        """The new body with what a write through this address may not change."""
        metadata, before = new["metadata"], old["metadata"]
        metadata["name"] = write.name
        if write.kind.namespaced:
            metadata["namespace"] = write.namespace
        else:
            metadata.pop("namespace", None)
        for name in SERVER_FIELDS:
            metadata.pop(name, None)
            if name in before:
                metadata[name] = before[name]
        metadata["resourceVersion"] = before["resourceVersion"]
        if write.subresource == "status":
            kept = {name: value for name, value in old.items() if name != "status"}
            new = {
                **kept,
                "metadata": before if write.kind.custom else metadata,
                **({"status": new["status"]} if "status" in new else {}),
            }
        elif "status" in write.version.subresources:
            new = {name: value for name, value in new.items() if name != "status"}
            new |= {"status": old["status"]} if "status" in old else {}
        if not write.subresource:
            strategies.prepare_change(write.kind, new)
            admission.admit(self.store, write.kind, new, old, write.user)
        return new

    def apply(self, write: Write, body: Body, *, force: bool) -> tuple[Body, bool]:
        """Server-side apply: the object afterwards, and whether it is new."""
        if body.get("apiVersion") != write.api_version or body.get("kind") != write.kind.kind:
            group, _, version = str(body.get("apiVersion", "")).rpartition("/")
            raise bad_request(f"invalid object type: {group}/{version}, Kind={body.get('kind', '')}")
        stands = self.store.get(write.kind.key, write.key) is not None
        check_address(write, body, self.kinds, standing=stands)
        if body["metadata"].get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        self._check_typed(write, body)
        with self.store.lock:
            stands = self.store.get(write.kind.key, write.key) is not None
            if not stands:
                if body["metadata"].get("uid"):
                    raise conflict(
                        write.kind.group,
                        write.kind.plural,
                        write.name,
                        f"uid mismatch: the provided object specified uid {body['metadata']['uid']}, "
                        f"and no existing object was found",
                    )
                return self.create(write, body, apply=body), True
            old = self.standing(write)
            check_version(write, old, body)
            merged, managers = managed.applied(
                old, body, write.version.schema, write.writer(), managed.read(old), force=force
            )
            new = self._settled(write, old, prepared(write, merged))
            return self._finished(write, old, managed.write(new, managers)), False

    def _check_typed(self, write: Write, body: Body) -> None:
        """Raises StatusError as the conversion of an applied object to its type does."""
        problem = typed.problem_of(body, write.version.schema)
        try:
            managed.refuse_duplicates(body, write.version.schema)
        except DuplicateItems as error:
            problem = problem or str(error)
        if problem:
            where = f"{body['metadata'].get('namespace') or ''}/{write.name}"
            raise StatusError(
                500,
                "",
                f"failed to create typed patch object ({where}; {write.kind.group}/{write.version.name}, "
                f"Kind={write.kind.kind}): {problem}",
            )

    def _finished(self, write: Write, old: Body, new: Body) -> Body:
        if not write.subresource:
            admission.allocate(self.store, write.kind, new, old)
        self._refuse_faults(write, new, old)
        if not write.subresource:
            admission.check_amounts(self.store, write.kind, new, old)
        if self._same(old, new):
            return old
        if not write.subresource and (write.kind.custom or write.kind.kind in WITH_GENERATION) and _changed(old, new):
            new["metadata"] = {**new["metadata"], "generation": old["metadata"].get("generation", 0) + 1}
            write.warnings += cautions.cautions(write.kind, new)
        if new["metadata"].get("deletionTimestamp") and self._is_released(write, new):
            return self._drop(write, new)
        return self._keep(write, new)

    def _same(self, old: Body, new: Body) -> bool:
        """Apart from the times of managers, as the API server compares (managedfields timestamps transformer)."""
        if {**old, "metadata": 0} != {**new, "metadata": 0}:
            return False
        return _timeless(old["metadata"]) == _timeless(new["metadata"])

    def _is_released(self, write: Write, body: Body) -> bool:
        if body["metadata"].get("finalizers"):
            return False
        if write.kind.key == admission.NAMESPACES:
            return not body["spec"].get("finalizers")
        return write.kind.kind != "Pod" or body["metadata"].get("deletionGracePeriodSeconds") == 0

    def _keep(self, write: Write, body: Body) -> Body:
        stored = {**body, "apiVersion": write.kind.api_version(write.kind.storage)}
        if write.dry:
            return {**body, "metadata": {**body["metadata"]}}
        kept = self.store.put(write.kind.key, write.key, stored)
        if write.kind.kind == "CustomResourceDefinition" and not write.subresource:
            self._define(kept)
        return {**kept, "apiVersion": write.api_version}

    def _define(self, body: Body) -> None:
        """What the definition's controllers do, at once: accept the names, establish, serve."""
        status, accepted = definitions.status_of(body, self.kinds, now())
        metadata = body["metadata"]
        if body.get("status") != status:
            new = {**body, "status": status}
            kind = self.kinds.get("apiextensions.k8s.io", "customresourcedefinitions")
            if kind is None:
                raise AssertionError
            writer = Writer("kube-apiserver", body["apiVersion"], "status", now(), frozenset({"spec", "metadata"}))
            managers = managed.updated(body, new, kind.versions["v1"].schema, writer, managed.read(body))
            body = self.store.put(kind.key, Name("", metadata["name"]), managed.write(new, managers))
        if accepted:
            self.kinds.put(definitions.defined(body))

    # Delete

    def delete(self, write: Write, options: Body) -> tuple[Body, bool]:
        """The object, and whether it is gone at once."""
        with self.store.lock:
            old = self.standing(write)
            is_namespace = write.kind.key == admission.NAMESPACES
            if is_namespace and write.name in KEPT_NAMESPACES:
                raise forbidden("", "namespaces", write.name, "this namespace may not be deleted")
            deletion.check_preconditions(write.kind, old, options)
            finalizers = deletion.finalizers_after(write.kind, old["metadata"], options)
            grace = deletion.grace_of(write.kind, old, options)
            new = deletion.marked(old, finalizers, grace, now())
            if not (finalizers or grace or (is_namespace and old["spec"].get("finalizers"))):
                gone = old if write.dry else self._drop(write, old)
                return (new if write.kind.kind == "Pod" else gone), True
            if is_namespace:
                new = deletion.terminating_namespace(old, now())
            elif write.kind.kind == "CustomResourceDefinition":
                new = deletion.terminating_definition(old, finalizers, now())
            return (old if self._same(old, new) else self._keep(write, new)), False

    def _drop(self, write: Write, body: Body) -> Body:
        if write.dry:
            return body
        if body is not self.store.get(write.kind.key, write.key) and body["metadata"].get("deletionTimestamp"):
            self.store.put(
                write.kind.key, write.key, {**body, "apiVersion": write.kind.api_version(write.kind.storage)}
            )
        if write.kind.kind == "CustomResourceDefinition":
            names = body["spec"]["names"]
            self.kinds.drop(type(write.kind.key)(body["spec"]["group"], names["plural"]))
        return self.store.drop(write.kind.key, write.key)


KEEPS_STATUS = frozenset({"Node", "Namespace", "PersistentVolume", "CustomResourceDefinition", "APIService"})
"""Kinds whose strategy takes a status on creation, or makes one from the specification."""


KEPT_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
"""Namespaces that cannot be deleted (plugin/pkg/admission/namespace/lifecycle)."""


def _changed(old: Body, new: Body) -> bool:
    def counted(body: Body) -> Body:
        return {name: value for name, value in body.items() if name not in {"metadata", "status"}}

    return counted(old) != counted(new)


def _timeless(metadata: Body) -> Body:
    entries = [{**each, "time": ""} for each in metadata.get("managedFields") or ()]
    return {**metadata, "managedFields": entries}


def deleted_status(write: Write, body: Body) -> Body:
    details = {**named(write.kind.group, write.kind.plural, write.name), "uid": body["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
