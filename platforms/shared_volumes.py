"""Claims whose volume many nodes write: of the class of a cloud that has such volumes."""

from kfinstall.contracts.manifest import Manifest
from kfinstall.facts.objects.kinds import CLAIM

MANY = "ReadWriteMany"


def with_shared_class(manifest: Manifest, name: str) -> Manifest:
    """The object; a claim for many nodes that names no class gets this one."""
    spec = manifest.body.get("spec") or {}
    if (manifest.group, manifest.kind) != CLAIM or MANY not in (spec.get("accessModes") or ()):
        return manifest
    if spec.get("storageClassName") is not None:
        return manifest
    return Manifest({**manifest.body, "spec": {**spec, "storageClassName": name}}, manifest.application)
