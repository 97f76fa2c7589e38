"""The store that Pipelines keep artifacts in: the release's own, with keys of the document, or one elsewhere."""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.objectstore import AzureStore, GcsStore, ObjectStoreOptions, OwnStore, S3Store
from kfinstall.transform import azure_store, gcs_store, s3_store
from kfinstall.transform.artifact_keys import SECRET, is_keys, with_keys
from kfinstall.transform.restarts import with_restarts
from kfinstall.words import _


def transformed(manifests: Sequence[Manifest], store: ObjectStoreOptions, namespace: str) -> list[Manifest]:
    """The manifests, with the document's store. namespace: where Kubeflow runs.

    Raises PlanRefused for what the release's Pipelines cannot do.
    """
    changed = _own_keys(manifests, store) if isinstance(store, OwnStore) else list(manifests)
    match store:
        case S3Store():
            changed = s3_store.transformed(changed, store)
        case GcsStore():
            changed = gcs_store.transformed(changed, store, namespace)
        case AzureStore():
            changed = azure_store.transformed(changed, store)
    return with_restarts(manifests, changed)


def notice(store: ObjectStoreOptions) -> str:
    """What becomes of artifacts, and whom the document trusts with them; "" for the release's own store."""
    match store:
        case S3Store(bucket=bucket, address=address):
            place = _("bucket {bucket} at {endpoint}").format(bucket=bucket, endpoint=address)
        case GcsStore(bucket=bucket):
            place = _("Google Cloud's bucket {bucket}").format(bucket=bucket)
        case AzureStore(account=account, container=container):
            place = _("container {container} of Azure's account {account}").format(container=container, account=account)
        case _:
            return ""
    return _(
        "Pipelines keep artifacts in {place}, and every profile may read those of the others there. Profiles that "
        "exist take it up when ConfigMap kfp-launcher and Secret {secret} in their namespace are deleted; uninstall "
        "leaves the artifacts."
    ).format(place=place, secret=SECRET)


def _own_keys(manifests: Sequence[Manifest], store: OwnStore) -> list[Manifest]:
    if store.access_key is None or store.secret_key is None:
        return list(manifests)
    if not any(is_keys(each) for each in manifests):
        raise PlanRefused(
            _("objectStore has keys, and this release has no object store."),
            why=_("It has no Secret {name}, as Pipelines bring it.").format(name=SECRET),
            fix=_("Leave objectStore out."),
        )
    return with_keys(manifests, store.access_key.get_secret_value(), store.secret_key.get_secret_value())
