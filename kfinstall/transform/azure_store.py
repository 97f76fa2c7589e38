"""Pipelines whose MinIO is a gateway to Azure Blob Storage: kubeflow/pipelines, manifests/kustomize/env/azure.

The MinIO of the releases up to 1.10 is old enough to be one (minio/minio took gateways out in June 2022). Pipelines
themselves know S3 and Google Cloud only.
"""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.objectstore import AzureStore
from kfinstall.transform import pipelines
from kfinstall.transform.artifact_keys import ACCESS_KEY, SECRET, SECRET_KEY, with_keys
from kfinstall.words import _

GATEWAY, CLAIM = "minio", "minio-pvc"
SERVICE = "minio-service"


def transformed(manifests: Sequence[Manifest], store: AzureStore) -> list[Manifest]:
    """Raises PlanRefused for a release whose store is no such MinIO."""
    pipelines.version(manifests)
    gateway = next((each for each in manifests if each.kind == "Deployment" and each.name == GATEWAY), None)
    if gateway is None:
        raise PlanRefused(
            _("objectStore.type is azure, and the Pipelines of this release do not reach Azure."),
            why=_("They speak with S3 and Google Cloud; up to Kubeflow 1.10 their MinIO is a gateway to Azure."),
            fix=_(
                "Run an S3 gateway in front of the container (for example s3proxy) and name it with "
                "objectStore.type: s3 and objectStore.endpoint, or take kubeflow.preset: kubeflow-1.10."
            ),
        )
    wanted = [each for each in manifests if (each.kind, each.name) != ("PersistentVolumeClaim", CLAIM)]
    wanted = [_as_gateway(each, store) if each is gateway else each for each in wanted]
    wanted = with_keys(wanted, store.account, store.account_key.get_secret_value())
    root = f"minio://{store.container}/v2/artifacts"
    wanted = pipelines.with_settings(wanted, {"bucketName": store.container, "defaultPipelineRoot": root})
    wanted = pipelines.with_environment(wanted, pipelines.WEB_SERVER, {"ARGO_ARCHIVE_BUCKETNAME": store.container})
    return pipelines.with_repository(wanted, _repository(store, gateway.namespace))


def _as_gateway(manifest: Manifest, store: AzureStore) -> Manifest:
    spec = manifest.body["spec"]
    pod: Body = spec["template"]["spec"]
    arguments = ["gateway", "azure", *([store.endpoint] if store.endpoint else [])]
    containers = [
        {**{name: value for name, value in each.items() if name != "volumeMounts"}, "args": arguments}
        for each in pod["containers"]
    ]
    without_data = {name: value for name, value in pod.items() if name != "volumes"}
    template = {**spec["template"], "spec": {**without_data, "containers": containers}}
    return Manifest({**manifest.body, "spec": {**spec, "template": template}}, manifest.application)


def _repository(store: AzureStore, namespace: str) -> dict[str, object]:
    return {
        "endpoint": f"{SERVICE}.{namespace}:9000",
        "bucket": store.container,
        "insecure": True,
        "accessKeySecret": {"name": SECRET, "key": ACCESS_KEY},
        "secretKeySecret": {"name": SECRET, "key": SECRET_KEY},
    }
