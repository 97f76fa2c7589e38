"""Pipelines whose artifacts are in Google Cloud Storage.

Only their launcher and web server speak with it: the API server speaks S3, and in the current release in a way that
Google's own S3 interface refuses (it signs a header that Google changes: aws/aws-sdk-go-v2#1816). So the definitions of
pipelines, and logs, stay in the release's own store.
"""

import json
from collections.abc import Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.model.objectstore import GcsStore
from kfinstall.transform import pipelines
from kfinstall.transform.artifact_hook import ROOT, ArtifactHook, with_hook
from kfinstall.transform.artifact_keys import encoded
from kfinstall.transform.environment import of_secret

APPLICATION = "kfinstall/object-store"
SECRET, KEY = "kfinstall-artifacts", "key.json"
VARIABLE = "STORE_ACCOUNT_KEY"


def transformed(manifests: Sequence[Manifest], store: GcsStore, namespace: str) -> list[Manifest]:
    """Raises PlanRefused for Pipelines that cannot be told of it. namespace: where Kubeflow runs."""
    pipelines.version(manifests)
    root = {"defaultPipelineRoot": f"gs://{store.bucket}/v2/artifacts"}
    wanted = with_hook(pipelines.with_settings(manifests, root), _hook(store))
    if store.account_key is None:
        return wanted
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "data": encoded({KEY: store.account_key.get_secret_value()}),
    }
    return [*wanted, Manifest(body, APPLICATION)]


def _hook(store: GcsStore) -> ArtifactHook:
    by_key = store.account_key is not None
    reference = {"secretName": SECRET, "tokenKey": KEY}
    credentials = {"fromEnv": False, "secretRef": reference} if by_key else {"fromEnv": True}
    launcher = {
        "defaultPipelineRoot": f"gs://{store.bucket}/{ROOT}",
        "providers": json.dumps({"gs": {"default": {"credentials": credentials}}}),
    }
    if not by_key:
        return ArtifactHook(launcher)
    return ArtifactHook(launcher, secrets={SECRET: {KEY: VARIABLE}}, variables={VARIABLE: of_secret(SECRET, KEY)})
