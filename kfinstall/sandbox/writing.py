"""Creating, changing and deleting objects: decode, default, admit, validate, say who set what, keep."""

import datetime
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox import admission, defaults, definitions, managed, structural, validation
from kfinstall.sandbox.decode import Decoder
from kfinstall.sandbox.kinds import Kind, Kinds, Version
from kfinstall.sandbox.managed import Writer
from kfinstall.sandbox.schema import ANY_SCALAR
from kfinstall.sandbox.status import (
    MODIFIED,
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
from kfinstall.sandbox.store import Name, Store
from kfinstall.sandbox.users import COMPONENT, User

SERVER_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"

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


def now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_now() -> str:
    """The time as the fields of type MicroTime have it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Write:
    """One write under way. subresource: "" or "status". checking: fieldValidation (Ignore, Warn or Strict)."""

    kind: Kind
    version: Version
    namespace: str
    name: str
    manager: str
    subresource: str = ""
    dry: bool = False
    checking: str = "Warn"
    warnings: list[str] = field(default_factory=list)
    scale: bool = False
    user: User = COMPONENT

    @property
    def key(self) -> Name:
        return Name(self.namespace, self.name)

    @property
    def api_version(self) -> str:
        return self.kind.api_version(self.version.name)

    def writer(self) -> Writer:
        if self.subresource:
            ignored = frozenset({"spec", "metadata"} if self.kind.custom else {"spec"})
        else:
            ignored = frozenset({"status"} if "status" in self.version.subresources else ())
        return Writer(self.manager, self.api_version, "scale" if self.scale else self.subresource, now(), ignored)


class Writes:
    """The writing half of the API."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self.store = store
        self.kinds = kinds

    # Making a body the server's own

    def prepared(self, write: Write, body: Body) -> Body:
        """A new body, decoded and with defaults. Raises StatusError."""
        unknown: list[str] = []
        if write.kind.custom:
            prepared = self._custom(write, body, unknown)
        else:
            decoder = Decoder(write.kind.kind, write.version.name, unknown)
            prepared = decoder.decode(body, write.version.schema)
            defaults.fill(write.kind.group, write.kind.kind, prepared)
        if unknown and write.checking == "Strict":
            listed = ", ".join(f'unknown field "{path}"' for path in sorted(unknown))
            raise bad_request(f"{self._as_named(write)}strict decoding error: {listed}")
        if write.checking == "Warn":
            write.warnings += [f'unknown field "{path}"' for path in sorted(unknown)]
        return prepared

    def _as_named(self, write: Write) -> str:
        kind = write.kind
        return (
            "" if kind.custom else f'{kind.kind} in version "{write.version.name}" cannot be handled as a {kind.kind}: '
        )

    def _custom(self, write: Write, body: Body, unknown: list[str]) -> Body:
        schema = write.version.schema
        if schema.metadata is None:
            raise AssertionError(write.kind)
        prepared = structural.pruned(body, schema, unknown)
        decoder = Decoder(write.kind.kind, write.version.name)
        metadata = decoder.decode({"apiVersion": "", "kind": "", **(body.get("metadata") or {})}, schema.metadata)
        unknown += [f"metadata.{path}" for path in decoder.unknown if path not in {"apiVersion", "kind"}]
        del metadata["apiVersion"], metadata["kind"]
        prepared["metadata"] = metadata
        filled: Body = structural.defaulted(prepared, schema)
        return filled

    def _refuse_faults(self, write: Write, body: Body, old: Body | None) -> None:
        causes = validation.faults(write.kind, body, old)
        if write.kind.custom:
            causes += structural.faults(body, write.version.schema)
        if causes:
            raise invalid(write.kind.group, write.kind.kind, body["metadata"].get("name", ""), causes)

    # Create

    def create(self, write: Write, body: Body, *, apply: Body | None = None) -> Body:
        """Keep a new object; apply: what a server-side apply named, which then owns exactly that."""
        self._check_address(write, body)
        prepared = self.prepared(write, body)
        metadata = prepared["metadata"]
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + admission.suffix()
            if write.kind.kind == "Namespace":
                defaults.fill("", "Namespace", prepared)
        write.name = metadata.get("name", "")
        with self.store.lock:
            return self._create(write, prepared, apply)

    def _create(self, write: Write, body: Body, apply: Body | None) -> Body:
        kind, metadata = write.kind, body["metadata"]
        if kind.namespaced:
            metadata["namespace"] = write.namespace
        for name in (*SERVER_FIELDS, "resourceVersion", "managedFields"):
            metadata.pop(name, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if kind.custom or kind.kind in WITH_GENERATION:
            metadata["generation"] = 1
        self._reset_status(write, body)
        wanted = json.loads(json.dumps(body))  # what admission fills in belongs to nobody
        if kind.namespaced:
            admission.check_namespace(self.store, kind, write.namespace, write.name)
        admission.admit(self.store, kind, body, None, write.user)
        self._refuse_faults(write, body, None)
        if write.name and self.store.get(kind.key, write.key) is not None:
            raise already_exists(kind.group, kind.plural, write.name)
        empty = self._empty(write)
        if apply is None:
            managers = managed.updated(empty, wanted, write.version.schema, write.writer(), {})
        else:
            managers = managed.applied(empty, apply, write.version.schema, write.writer(), {}, force=True)[1]
        return self._keep(write, managed.write(body, managers))

    def _empty(self, write: Write) -> Body:
        body: Body = {"apiVersion": write.api_version, "kind": write.kind.kind}
        return body if write.kind.custom else Decoder("", "", zero=True).decode(body, write.version.schema)

    def _reset_status(self, write: Write, body: Body) -> None:
        """A new object has the status that its strategy gives it, whatever was sent."""
        if "status" in write.version.subresources and write.kind.kind not in KEEPS_STATUS:
            body.pop("status", None)
            if not write.kind.custom:
                fresh = Decoder("", "").decode({"apiVersion": "", "kind": ""}, write.version.schema)
                if "status" in fresh:
                    body["status"] = fresh["status"]
                defaults.fill(write.kind.group, write.kind.kind, body)

    def _check_address(self, write: Write, body: Any) -> None:
        """The object in the body is the one that the address names."""
        if not isinstance(body, dict):
            raise bad_request("the body is not an object")
        kind = write.kind
        if body.get("kind", kind.kind) != kind.kind or body.get("apiVersion", write.api_version) != write.api_version:
            raise bad_request(
                f'{kind.kind} in version "{write.version.name}" cannot be handled as a {kind.kind}: no kind '
                f'"{body.get("kind")}" is registered for version "{body.get("apiVersion")}"'
                if not kind.custom
                else (
                    f"the API version in the data ({body.get('apiVersion')}) does not match the "
                    f"expected API version ({write.api_version})"
                )
            )
        body.setdefault("kind", kind.kind)
        body.setdefault("apiVersion", write.api_version)
        if not isinstance(body.setdefault("metadata", {}), dict):
            raise bad_request("metadata is not an object")
        given = body["metadata"].get("namespace") or ""
        if kind.namespaced and given not in {"", write.namespace}:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if write.name and body["metadata"].get("name") not in {None, "", write.name}:
            raise bad_request(
                f"the name of the object ({body['metadata']['name']}) does not match the name on the URL ({write.name})"
            )

    # Change

    def replace(self, write: Write, body: Body) -> Body:
        """PUT."""
        self._check_address(write, body)
        with self.store.lock:
            old = self.standing(write)
            if write.kind.custom and not body["metadata"].get("resourceVersion"):
                raise invalid(
                    write.kind.group,
                    write.kind.kind,
                    write.name,
                    [wrong("metadata.resourceVersion", 0, "must be specified for an update")],
                )
            return self._change(write, old, body)

    def patch(self, write: Write, patched: Callable[[Body], Body]) -> Body:
        """PATCH of every type but apply; patched: makes the wanted object of the live one."""
        with self.store.lock:
            old = self.standing(write)
            shown = {**old, "apiVersion": write.api_version}
            body = patched(shown)
            self._check_address(write, body)
            return self._change(write, old, body)

    def standing(self, write: Write) -> Body:
        """The object as it is kept. Raises StatusError 404."""
        old = self.store.get(write.kind.key, write.key)
        if old is None:
            raise not_found(write.kind.group, write.kind.plural, write.name)
        return {**old, "apiVersion": write.api_version}

    def _change(self, write: Write, old: Body, body: Body) -> Body:
        given = body["metadata"].get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            raise conflict(write.kind.group, write.kind.plural, write.name, MODIFIED)
        uid = body["metadata"].get("uid")
        if uid and uid != old["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
            raise conflict(write.kind.group, write.kind.plural, write.name, why)
        new = self._settled(write, old, self.prepared(write, body))
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
            admission.admit(self.store, write.kind, new, old, write.user)
        return new

    def apply(self, write: Write, body: Body, *, force: bool) -> tuple[Body, bool]:
        """Server-side apply: the object afterwards, and whether it is new."""
        self._check_address(write, body)
        if body["metadata"].get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        body["metadata"].setdefault("name", write.name)
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
            given = body["metadata"].get("resourceVersion")
            if given and given != old["metadata"]["resourceVersion"]:
                raise conflict(write.kind.group, write.kind.plural, write.name, MODIFIED)
            merged, managers = managed.applied(
                old, body, write.version.schema, write.writer(), managed.read(old), force=force
            )
            new = self._settled(write, old, self.prepared(write, merged))
            return self._finished(write, old, managed.write(new, managers)), False

    def _check_typed(self, write: Write, body: Body) -> None:
        """Raises StatusError as the conversion of an applied object to its type does."""
        problem = typed_problem(body, write.version.schema, "") if not write.kind.custom else ""
        if problem:
            where = f"{body['metadata'].get('namespace') or ''}/{write.name}"
            raise StatusError(
                500,
                "",
                f"failed to create typed patch object ({where}; {write.kind.group}/{write.version.name}, "
                f"Kind={write.kind.kind}): {problem}",
            )

    def _finished(self, write: Write, old: Body, new: Body) -> Body:
        self._refuse_faults(write, new, old)
        if self._same(old, new):
            return old
        if not write.subresource and (write.kind.custom or write.kind.kind in WITH_GENERATION) and _changed(old, new):
            new["metadata"] = {**new["metadata"], "generation": old["metadata"].get("generation", 0) + 1}
        self._refuse_new_finalizers(write, old, new)
        if new["metadata"].get("deletionTimestamp") and self._is_released(write, new):
            return self._drop(write, new)
        return self._keep(write, new)

    def _same(self, old: Body, new: Body) -> bool:
        """Apart from the times of managers, as the API server compares (managedfields timestamps transformer)."""
        if {**old, "metadata": 0} != {**new, "metadata": 0}:
            return False
        return _timeless(old["metadata"]) == _timeless(new["metadata"])

    def _refuse_new_finalizers(self, write: Write, old: Body, new: Body) -> None:
        if not old["metadata"].get("deletionTimestamp"):
            return
        extra = [
            name
            for name in new["metadata"].get("finalizers") or ()
            if name not in (old["metadata"].get("finalizers") or ())
        ]
        if extra:
            why = (
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
                "being deleted, found new finalizers "
            )
            raise forbidden(write.kind.group, write.kind.plural, write.name, why + repr(extra))

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
            kept = self._define(kept)
        return {**kept, "apiVersion": write.api_version}

    def _define(self, body: Body) -> Body:
        """What the definition's controllers do, at once: accept the names, establish, serve."""
        status, accepted = definitions.status_of(body, self.kinds, now())
        metadata = body["metadata"]
        if body.get("status") != status:
            finalizer = "customresourcecleanup.apiextensions.k8s.io"
            if not metadata.get("deletionTimestamp") and finalizer not in metadata.get("finalizers", ()):
                metadata = {**metadata, "finalizers": [*metadata.get("finalizers", ()), finalizer]}
            new = {**body, "status": status, "metadata": metadata}
            kind = self.kinds.get("apiextensions.k8s.io", "customresourcedefinitions")
            if kind is None:
                raise AssertionError
            writer = Writer("kube-apiserver", body["apiVersion"], "status", now(), frozenset({"spec", "metadata"}))
            managers = managed.updated(body, new, kind.versions["v1"].schema, writer, managed.read(body))
            body = self.store.put(kind.key, Name("", metadata["name"]), managed.write(new, managers))
        if accepted:
            self.kinds.put(definitions.defined(body))
        return body

    # Delete

    def delete(self, write: Write, options: Body) -> tuple[Body, bool]:
        """The object, and whether it is gone at once."""
        with self.store.lock:
            old = self.standing(write)
            self._check_preconditions(write, old, options)
            metadata = dict(old["metadata"])
            finalizers = self._finalizers(metadata, options)
            grace = self._grace(write, old, options)
            waits = (
                bool(finalizers)
                or grace > 0
                or (write.kind.key == admission.NAMESPACES and bool(old["spec"].get("finalizers")))
            )
            if not waits:
                return (old if write.dry else self._drop(write, old)), True
            if finalizers:
                metadata["finalizers"] = finalizers
            first = "deletionTimestamp" not in metadata
            if first:
                metadata["deletionTimestamp"] = now()
            if first or grace < metadata.get("deletionGracePeriodSeconds", 0):
                metadata["deletionGracePeriodSeconds"] = grace
            if first and "generation" in metadata:
                metadata["generation"] += 1
            if write.kind.key == admission.NAMESPACES:
                metadata.pop("deletionGracePeriodSeconds", None)
                new = {**old, "metadata": metadata, "status": {**old.get("status", {}), "phase": "Terminating"}}
            else:
                new = {**old, "metadata": metadata}
            return (old if self._same(old, new) else self._keep(write, new)), False

    def _check_preconditions(self, write: Write, old: Body, options: Body) -> None:
        wanted = options.get("preconditions") or {}
        if wanted.get("uid") and wanted["uid"] != old["metadata"]["uid"]:
            why = (
                f"the UID in the precondition ({wanted['uid']}) does not match the UID in record "
                f"({old['metadata']['uid']}). "
                "The object might have been deleted and then recreated"
            )
            raise conflict(write.kind.group, write.kind.kind, write.name, why)
        for name, word in (("resourceVersion", "ResourceVersion"),):
            if wanted.get(name) and wanted[name] != old["metadata"][name]:
                why = (
                    f"Precondition failed: {word} in precondition: {wanted[name]}, {word} in object "
                    f"meta: {old['metadata'][name]}"
                )
                raise conflict(write.kind.group, write.kind.plural, write.name, why)

    def _finalizers(self, metadata: Body, options: Body) -> list[str]:
        found = list(metadata.get("finalizers") or ())
        policy = options.get("propagationPolicy") or ("Orphan" if options.get("orphanDependents") else "")
        if policy and not metadata.get("deletionTimestamp"):
            found = [name for name in found if name not in {FOREGROUND, ORPHAN}]
            found += {"Foreground": [FOREGROUND], "Orphan": [ORPHAN]}.get(policy, [])
        return found

    def _grace(self, write: Write, old: Body, options: Body) -> int:
        """Seconds that a pod gets to end: only one that runs on a node (pkg/registry/core/pod/strategy.go)."""
        if write.kind.kind != "Pod":
            return 0
        spec, phase = old["spec"], (old.get("status") or {}).get("phase")
        if not spec.get("nodeName") or phase in {"Failed", "Succeeded"}:
            return 0
        asked = options.get("gracePeriodSeconds")
        return int(asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30))

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


def typed_problem(value: Any, schema: Any, path: str) -> str:
    """Why an applied object is not of its type, in structured-merge-diff's words; "" when it is."""
    schema = schema.resolved(value)
    if value is None:
        return ""
    if isinstance(value, dict) and not schema.is_scalar:
        for name, child in value.items():
            known = schema.field(name)
            if known is None:
                return f"{path}.{name}: field not declared in schema"
            problem = typed_problem(child, known, f"{path}.{name}")
            if problem:
                return problem
        return "" if schema.type in {"object", ""} else f"{path}: expected {schema.type}, got map"
    if isinstance(value, list) and schema.type == "array":
        return next(
            filter(None, (typed_problem(item, schema.items, f"{path}[{n}]") for n, item in enumerate(value))), ""
        )
    return _scalar_problem(value, schema, path)


def _scalar_problem(value: Any, schema: Any, path: str) -> str:
    if schema is ANY_SCALAR:
        return ""
    shown = re.sub(r"^'|'$", "", repr(value))
    match schema.type:
        case "integer" | "number" if not isinstance(value, (int, float)) or isinstance(value, bool):
            return f"{path}: expected numeric (int or float), got {_go_kind(value)}"
        case "boolean" if not isinstance(value, bool):
            return f"{path}: expected boolean, got {_go_kind(value)}"
        case "string" if schema.name or schema.is_int_or_string:
            return ""
        case "string" if not isinstance(value, str):
            return f"{path}: expected string, got &value.valueUnstructured{{Value:{shown}}}"
        case "object":
            return f"{path}: expected map, got &{{{shown}}}"
        case "array":
            return f"{path}: expected list, got &{{{shown}}}"
    return ""


def _go_kind(value: Any) -> str:
    return {str: "string", bool: "boolean", int: "int", float: "float", dict: "map", list: "list"}[type(value)]
