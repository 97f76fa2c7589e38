"""Claims, volumes and storage classes."""

from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount
from kfinstall.sandbox.server.status import Cause, not_allowed, not_supported, required, wrong
from kfinstall.sandbox.validation.rules import fixed, given, one_of

MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
PLAIN = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)
"""Fields of a volume's specification that are no source."""


def claim(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    yield from _modes(spec)
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if size is None:
        yield required("spec.resources[storage]")
    elif amount(size) <= 0:
        yield wrong("spec.resources[storage]", size, "must be greater than zero")
    if old is not None:
        yield from _fixed_claim(spec, old)


def _modes(spec: Body) -> Iterator[Cause]:
    for mode in spec.get("accessModes") or ():
        yield from one_of("spec.accessModes", mode, MODES)
    yield from one_of("spec.volumeMode", spec.get("volumeMode"), VOLUME_MODES)


def _fixed_claim(spec: Body, old: Body) -> Iterator[Cause]:
    bound = (old.get("status") or {}).get("phase") == "Bound"
    free = {"volumeName", "volumeAttributesClassName", *(("resources",) if bound else ())}
    before = {name: value for name, value in old["spec"].items() if name not in free}
    if before.get("storageClassName") is None:
        before["storageClassName"] = spec.get("storageClassName")
    if before != {name: value for name, value in {"storageClassName": None, **spec}.items() if name not in free}:
        yield not_allowed(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        )


def volume(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body["spec"]
    yield from given("spec.accessModes", spec.get("accessModes"))
    yield from _modes(spec)
    capacity = spec.get("capacity")
    yield from given("spec.capacity", capacity)
    if not capacity or set(capacity) != {"storage"}:
        yield not_supported("spec.capacity", capacity, ["storage"])
    sources = _sources(spec)
    if not sources:
        yield required("spec", "must specify a volume type")
    if old is not None and sources != _sources(old["spec"]):
        yield not_allowed("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation")


def _sources(spec: Body) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in PLAIN}


def storage_class(body: Body, old: Body | None) -> Iterator[Cause]:
    yield from given("provisioner", body.get("provisioner"))
    yield from one_of("reclaimPolicy", body.get("reclaimPolicy"), ("Delete", "Retain"))
    if old is not None:
        for name in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
            yield from fixed(name, body.get(name), old.get(name))
