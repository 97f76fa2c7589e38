"""Writes configs/sandbox/kubernetes.json.xz anew: what the practice cluster knows of Kubernetes, asked of a real one.

Discovery, OpenAPI v3, the columns of tables and the objects that a new cluster has are data that the API server
of `tests/controlplane` generates (Apache-2.0). Run with `make sandbox-data`.
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from kubernetes.client.exceptions import ApiException

from tests.controlplane.api import Api
from tests.controlplane.build import ensure_built
from tests.controlplane.fixtures import started

DATA = Path(__file__).parents[2] / "configs" / "sandbox" / "kubernetes.json.xz"

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

LEFT_OUT = ("internal.apiserver.k8s.io", "storagemigration.k8s.io", "certificates.k8s.io", "resource.k8s.io")
"""Groups that nothing in a Kubeflow asks for."""

FIRST_OBJECTS = (
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
)
"""Collections whose objects every new cluster has."""

SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


def main() -> int:
    """Ask a fresh control plane and write the file."""
    with started(ensure_built()) as cluster, Api(cluster.kubeconfig()) as api:
        groups = [entry for root in ("/api", "/apis") for entry in _discovery(api, root)]
        data = {
            "version": api.get("/version"),
            "groups": groups,
            "schemas": _schemas(api, groups),
            "tables": _tables(api, groups),
            "objects": [body for path in FIRST_OBJECTS for body in _objects(api, path)],
        }
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    DATA.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    return 0


def _ask(api: Api, path: str, accept: str) -> Any:
    headers = {"Accept": accept}
    api._client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
    pool = api._client.rest_client.pool_manager
    return json.loads(pool.request("GET", f"{api._client.configuration.host}{path}", headers=headers).data)


def _discovery(api: Api, root: str) -> list[Any]:
    items = _ask(api, root, AGGREGATED)["items"]
    return [entry for entry in items if entry["metadata"].get("name") not in LEFT_OUT]


def _group_versions(groups: list[Any]) -> list[tuple[str, Any]]:
    found = []
    for group in groups:
        name = group["metadata"].get("name", "")
        found += [(f"apis/{name}/{v['version']}" if name else f"api/{v['version']}", v) for v in group["versions"]]
    return found


def _schemas(api: Api, groups: list[Any]) -> dict[str, Any]:
    """OpenAPI v3 documents by path, without their paths but for the verbs' kinds that kubectl looks for."""
    return {path: api.get(f"/openapi/v3/{path}") for path, _version in _group_versions(groups)}


def _tables(api: Api, groups: list[Any]) -> dict[str, Any]:
    """Column definitions by collection path."""
    found: dict[str, Any] = {}
    for path, version in _group_versions(groups):
        for resource in version["resources"]:
            if "list" in resource["verbs"]:
                answer = _ask(api, f"/{path}/{resource['resource']}?limit=1", TABLE)
                found[f"{path}/{resource['resource']}"] = answer["columnDefinitions"]
    return found


def _objects(api: Api, path: str) -> list[Any]:
    listed = api.get(path)
    bodies = []
    for item in listed["items"]:
        if item["metadata"]["name"].startswith("kfinstall-test"):
            continue
        metadata = {key: value for key, value in item["metadata"].items() if key not in SERVER_METADATA}
        kind = listed["kind"].removesuffix("List")
        bodies.append({"apiVersion": listed["apiVersion"], "kind": kind, **item, "metadata": metadata})
    return bodies


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ApiException as error:
        sys.exit(str(error))
