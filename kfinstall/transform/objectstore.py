"""The keys of the store that Pipelines keep artifacts in: Secret mlpipeline-minio-artifact, in all releases."""

import base64
from collections.abc import Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.objectstore import ObjectStore
from kfinstall.transform.restarts import with_restarts
from kfinstall.words import _

SECRET = "mlpipeline-minio-artifact"  # noqa: S105 - its name


def transformed(manifests: Sequence[Manifest], store: ObjectStore) -> list[Manifest]:
    """The manifests, with the document's keys. Raises PlanRefused when the release has no store."""
    if store.access_key is None or store.secret_key is None:
        return list(manifests)
    keys = {"accesskey": store.access_key.get_secret_value(), "secretkey": store.secret_key.get_secret_value()}
    changed = [_with_keys(each, keys) if _is_store(each) else each for each in manifests]
    if changed == list(manifests):
        raise PlanRefused(
            _("objectStore has keys, and this release has no object store."),
            why=_("It has no Secret {name}, as Pipelines bring it.").format(name=SECRET),
            fix=_("Leave objectStore out."),
        )
    return with_restarts(manifests, changed)


def _is_store(manifest: Manifest) -> bool:
    return manifest.kind == "Secret" and manifest.name == SECRET


def _with_keys(manifest: Manifest, keys: dict[str, str]) -> Manifest:
    rest: Body = {name: value for name, value in manifest.body.items() if name != "stringData"}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in keys.items()}
    return Manifest({**rest, "data": data}, manifest.application)
