"""Where the claims of a release get their volumes."""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.model.storage import NamedClass, Storage
from kfinstall.words import _

CLAIM = "PersistentVolumeClaim"


def transformed(manifests: Sequence[Manifest], storage: Storage, surroundings: Surroundings) -> list[Manifest]:
    """The objects with the storage that the document asks for."""
    match storage:
        case NamedClass(name=name):
            _refuse_missing(name, manifests, surroundings)
            return [_with_class(manifest, name) for manifest in manifests]
    return list(manifests)


def _refuse_missing(name: str, manifests: Sequence[Manifest], surroundings: Surroundings) -> None:
    if surroundings.storage_classes is None:
        return
    names = [each["metadata"]["name"] for each in surroundings.storage_classes]
    names += [manifest.name for manifest in manifests if manifest.kind == "StorageClass"]
    if name not in names:
        raise PlanRefused(
            _('There is no storage class "{name}" in the cluster (storage.name).').format(name=name),
            why=_("There is: {names}").format(names=", ".join(sorted(names)) or _("none")),
        )


def _with_class(manifest: Manifest, name: str) -> Manifest:
    """Claims that name a class keep theirs."""
    body = manifest.body
    if manifest.kind == CLAIM:
        return Manifest(_named(body, name), manifest.application)
    templates = (body.get("spec") or {}).get("volumeClaimTemplates")
    if templates:
        spec = {**body["spec"], "volumeClaimTemplates": [_named(each, name) for each in templates]}
        return Manifest({**body, "spec": spec}, manifest.application)
    return manifest


def _named(claim: Body, name: str) -> Body:
    return {**claim, "spec": {"storageClassName": name, **(claim.get("spec") or {})}}
