"""What the sandbox knows of Kubernetes' own API: data that a real API server generated.

`configs/sandbox/kubernetes.json.xz` holds /version, aggregated discovery, the OpenAPI v3 documents, the columns of
tables and the objects of a new cluster; `make sandbox-data` writes it anew.
"""

import json
import lzma
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class KubernetesData:
    """version: as /version answers. groups: APIGroupDiscovery items. schemas: OpenAPI documents by path such as
    "apis/apps/v1". tables: column definitions by collection path. objects: what every new cluster has."""

    version: dict[str, Any]
    groups: list[dict[str, Any]]
    schemas: dict[str, Any]
    tables: dict[str, Any]
    objects: list[dict[str, Any]]


@cache
def kubernetes_data() -> KubernetesData:
    packed = files("configs").joinpath("sandbox", "kubernetes.json.xz").read_bytes()
    return KubernetesData(**json.loads(lzma.decompress(packed)))
