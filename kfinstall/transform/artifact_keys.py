"""The keys of Pipelines' store: Secret mlpipeline-minio-artifact, in all releases."""

import base64
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kfinstall.contracts.manifest import Body, Manifest

SECRET = "mlpipeline-minio-artifact"  # noqa: S105 - its name
ACCESS_KEY, SECRET_KEY = "accesskey", "secretkey"
"""In its data."""


def is_keys(manifest: Manifest) -> bool:
    """Whether this is the Secret."""
    return manifest.kind == "Secret" and manifest.name == SECRET


def with_keys(
    manifests: Sequence[Manifest], access_key: str, secret_key: str, beside: Mapping[str, str] = MappingProxyType({})
) -> list[Manifest]:
    """The manifests, with these keys, and what else is to be in their Secret."""
    data = encoded({ACCESS_KEY: access_key, SECRET_KEY: secret_key, **beside})
    return [_with_data(each, data) if is_keys(each) else each for each in manifests]


def encoded(values: Mapping[str, str]) -> Body:
    """As the data of a Secret has them."""
    return {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}


def _with_data(manifest: Manifest, data: Body) -> Manifest:
    rest: Body = {name: value for name, value in manifest.body.items() if name != "stringData"}
    return Manifest({**rest, "data": data}, manifest.application)
