"""metadata, which every kind has (apimachinery/pkg/api/validation/objectmeta.go)."""

from collections.abc import Callable, Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, not_allowed, required, wrong
from kfinstall.sandbox.types.kinds import Kind
from kfinstall.sandbox.validation import names
from kfinstall.sandbox.validation.names import qualified

LARGEST_ANNOTATIONS = 256 * 1024
FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
"""Finalizers that need no domain."""


def faults(kind: Kind, body: Body, old: Body | None) -> Iterator[Cause]:
    metadata = body["metadata"]
    if old is None:
        yield from _name(kind, str(metadata.get("name") or ""))
    yield from names.labels(metadata.get("labels"), "metadata.labels")
    yield from _annotations(metadata.get("annotations") or {})
    yield from _owners(metadata.get("ownerReferences") or [])
    yield from _finalizers(metadata.get("finalizers") or [])
    if old is not None:
        yield from _late_finalizers(metadata, old["metadata"])


def _name(kind: Kind, name: str) -> Iterator[Cause]:
    if not name:
        yield required("metadata.name", "name or generateName is required")
        return
    check = _names_of(kind)
    for why in check(name):
        yield wrong("metadata.name", name, why.replace("bytes", "characters"))


def _names_of(kind: Kind) -> Callable[[str], Iterator[str]]:
    if kind.group == "rbac.authorization.k8s.io":
        return names.path_segment
    if kind.key == ("", "services"):
        return names.service_name
    return names.label if kind.key == ("", "namespaces") else names.subdomain


def _annotations(given: dict[str, str]) -> Iterator[Cause]:
    for key in given:
        yield from names.faults("metadata.annotations", key, qualified(key.lower()))
    if sum(len(key.encode()) + len(text.encode()) for key, text in given.items()) > LARGEST_ANNOTATIONS:
        text = f"Too long: may not be more than {LARGEST_ANNOTATIONS} bytes"
        yield Cause("FieldValueTooLong", "metadata.annotations", text)


def _owners(owners: list[Any]) -> Iterator[Cause]:
    field = "metadata.ownerReferences"
    for owner in owners:
        for member in ("kind", "name", "uid"):
            if not owner.get(member):
                yield wrong(f"{field}.{member}", "", "must not be empty")
    controllers = [f"{each['kind']}/{each['name']}" for each in owners if each.get("controller")]
    if len(controllers) > 1:
        why = 'Only one reference can have Controller set to true. Found "true" in references for '
        yield wrong(field, owners, why + " and ".join(controllers[:2]))


def _finalizers(finalizers: list[str]) -> Iterator[Cause]:
    for name in finalizers:
        yield from names.faults("metadata.finalizers", name, qualified(name))
    for n, name in enumerate(finalizers):
        if "/" not in name and name not in FINALIZERS and not name.endswith(".k8s.io"):
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield wrong(f"metadata.finalizers[{n}]", name, why)


def _late_finalizers(metadata: Body, before: Body) -> Iterator[Cause]:
    if not before.get("deletionTimestamp"):
        return
    late = [name for name in metadata.get("finalizers") or () if name not in (before.get("finalizers") or ())]
    if late:
        listed = ", ".join(f'"{name}"' for name in late)
        why = "no new finalizers can be added if the object is being deleted, found new finalizers "
        yield not_allowed("metadata.finalizers", f"{why}[]string{{{listed}}}")
