"""Which kinds an API server serves: two requests, by aggregated discovery.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery; servers before 1.26 answer
with the older form, one request for each group and version.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.errors import ApiError
from kfinstall.kube.connection import Connection

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

Resources = dict[GroupKind, Resource]


def version(connection: Connection) -> str:
    """The server's version, for example "v1.34.1"."""
    return str(connection.get("/version").get("gitVersion", ""))


def discover(connection: Connection) -> Resources:
    """Every kind that the server serves. A group whose API service is down is absent."""
    found: dict[GroupKind, list[tuple[str, str, bool]]] = {}
    for group, served, kinds in _group_versions(connection):
        for kind, plural, namespaced in kinds:
            found.setdefault(GroupKind(group, kind), []).append((served, plural, namespaced))
    return {
        key: Resource(key.group, key.kind, entries[0][1], entries[0][2], tuple(entry[0] for entry in entries))
        for key, entries in found.items()
    }


def serves(connection: Connection, resource: Resource, served: str) -> bool:
    """Whether the server answers for a kind at one version, as it does a moment after a CRD is established."""
    root = f"/apis/{resource.group}/{served}"
    try:
        listed = connection.get(root)
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return any(entry.get("name") == resource.plural for entry in listed.get("resources") or ())


_Kinds = list[tuple[str, str, bool]]


def _group_versions(connection: Connection) -> Iterator[tuple[str, str, _Kinds]]:
    for root in ("/api", "/apis"):
        answer = connection.get(root, accept=AGGREGATED)
        if answer.get("kind") == "APIGroupDiscoveryList":
            for group in answer.get("items") or ():
                for served in group.get("versions") or ():
                    yield group["metadata"].get("name", ""), served["version"], list(_aggregated(served))
        else:
            yield from _one_by_one(connection, root, answer)


def _aggregated(served: Body) -> Iterator[tuple[str, str, bool]]:
    for entry in served.get("resources") or ():
        kind = (entry.get("responseKind") or {}).get("kind")
        if kind:
            yield kind, entry["resource"], entry.get("scope") == "Namespaced"


def _one_by_one(connection: Connection, root: str, answer: Body) -> Iterator[tuple[str, str, _Kinds]]:
    wanted = list(_legacy_group_versions(root, answer))
    with ThreadPoolExecutor(8) as pool:
        lists = pool.map(lambda entry: _resource_list(connection, entry[2]), wanted)
        for (group, served, _path), listed in zip(wanted, lists, strict=True):
            yield (
                group,
                served,
                [
                    (entry["kind"], entry["name"], bool(entry["namespaced"]))
                    for entry in listed
                    if "/" not in entry["name"]
                ],
            )


def _legacy_group_versions(root: str, answer: Body) -> Iterator[tuple[str, str, str]]:
    for served in answer.get("versions") or ():  # APIVersions, the core group
        yield "", served, f"{root}/{served}"
    for group in answer.get("groups") or ():  # APIGroupList
        preferred = group["preferredVersion"]["version"]
        versions = [entry["version"] for entry in group["versions"]]
        for served in sorted(versions, key=lambda name: name != preferred):
            yield group["name"], served, f"{root}/{group['name']}/{served}"


def _resource_list(connection: Connection, path: str) -> Iterable[Any]:
    try:
        return connection.get(path).get("resources") or ()
    except ApiError:
        return ()
