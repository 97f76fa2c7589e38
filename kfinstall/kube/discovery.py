"""Which kinds an API server serves: two requests, by aggregated discovery.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery; servers before 1.26 answer
with the older form, one request for each group and version.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.errors import ApiError, Unreachable
from kfinstall.kube.connection import Connection
from kfinstall.words import _

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

Resources = dict[GroupKind, Resource]


class _Kind(NamedTuple):
    """A kind as discovery describes it at one version."""

    kind: str
    plural: str
    namespaced: bool
    listable: bool


_Served = tuple[str, _Kind]


def version(connection: Connection) -> str:
    """The server's version, for example "v1.34.1". Raises Unreachable when something else answers at its address."""
    try:
        return str(connection.get("/version").get("gitVersion", ""))
    except ApiError as error:
        if error.status != 404:
            raise
        raise Unreachable(
            _("{server} does not answer as an API server does.").format(server=connection.target.server),
            why=_("It has no /version: a web server, a proxy or a login page may stand there."),
        ) from error


def discover(connection: Connection) -> Resources:
    """Every kind that the server serves. A group whose API service is down is absent."""
    found: dict[GroupKind, list[_Served]] = {}
    for group, served, kinds in _group_versions(connection):
        for kind in kinds:
            found.setdefault(GroupKind(group, kind.kind), []).append((served, kind))
    return {key: _resource(key, entries) for key, entries in found.items()}


def _resource(key: GroupKind, entries: list[_Served]) -> Resource:
    preferred = entries[0][1]
    versions = tuple(version for version, _kind in entries)
    return Resource(key.group, key.kind, preferred.plural, preferred.namespaced, versions, preferred.listable)


def _group_versions(connection: Connection) -> Iterator[tuple[str, str, list[_Kind]]]:
    for root in ("/api", "/apis"):
        answer = connection.get(root, accept=AGGREGATED)
        if answer.get("kind") == "APIGroupDiscoveryList":
            for group in answer.get("items") or ():
                for served in group.get("versions") or ():
                    if served.get("freshness") == "Stale":
                        continue  # remembered of an API service that does not answer now
                    yield group["metadata"].get("name", ""), served["version"], list(_aggregated(served))
        else:
            yield from _one_by_one(connection, root, answer)


def _aggregated(served: Body) -> Iterator[_Kind]:
    for entry in served.get("resources") or ():
        kind = (entry.get("responseKind") or {}).get("kind")
        if kind:
            yield _Kind(kind, entry["resource"], entry.get("scope") == "Namespaced", "list" in entry["verbs"])


def _one_by_one(connection: Connection, root: str, answer: Body) -> Iterator[tuple[str, str, list[_Kind]]]:
    wanted = list(_legacy_group_versions(root, answer))
    with ThreadPoolExecutor(8) as pool:
        lists = pool.map(lambda entry: _resource_list(connection, entry[2]), wanted)
        for (group, served, _path), listed in zip(wanted, lists, strict=True):
            yield (
                group,
                served,
                [
                    _Kind(entry["kind"], entry["name"], bool(entry["namespaced"]), "list" in entry["verbs"])
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
