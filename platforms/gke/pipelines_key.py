"""The key of a Google service account for pipelines, as a Secret; workload identity needs none."""

import base64

from pydantic import SecretStr

from kfinstall.contracts.manifest import Manifest

NAME = "user-gcp-sa"
"""Pipelines' SDK looks for it (kfp.gcp.use_gcp_secret), with a file of the same name in it."""


def manifest(key: SecretStr, namespace: str) -> Manifest:
    data = {f"{NAME}.json": base64.b64encode(key.get_secret_value().encode()).decode()}
    metadata = {"name": NAME, "namespace": namespace}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}
    return Manifest(body, "kfinstall/pipelines-key")
