"""How controllers reach a cluster: they read what stands, write by requests, and hear of every change."""

from collections.abc import Iterator
from typing import Any, Protocol

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.server.requests import JSON
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource, Kind

MERGE = "application/merge-patch+json"
PODS = GroupResource("", "pods")


class Cluster(Protocol):
    """A cluster's objects, and the way to change them: the sandbox's own (local.py), or any other (remote.py)."""

    def get(self, resource: GroupResource, name: Name) -> Body | None:
        """The object, not to be changed; None when there is none."""

    def all(self, resource: GroupResource, namespace: str = "") -> list[Body]:
        """The objects of a resource, not to be changed; namespace "" means every one."""

    def resources(self) -> list[GroupResource]:
        """Those that have objects."""

    def changes(self, since: int, patience: float) -> Iterator[list[Change]]:
        """What changed after a version, as it comes; an empty list after so many seconds without any."""

    def path(self, resource: GroupResource, name: Name) -> str:
        """Of an object, or with an empty name of its collection. Raises StatusError when it is not served."""

    def send(self, agent: str, method: str, path: str, body: Body | None, content: str) -> Body:
        """Raises StatusError."""


class Client:
    """One component's way to a cluster; agent: its name, which becomes the field manager of what it writes."""

    def __init__(self, cluster: Cluster, agent: str) -> None:
        self._cluster = cluster
        self.agent = agent
        self.get = cluster.get
        self.all = cluster.all
        self.resources = cluster.resources
        self.changes = cluster.changes

    def named(self, agent: str) -> "Client":
        """The same cluster for another component."""
        return Client(self._cluster, agent)

    def create(self, resource: GroupResource, namespace: str, body: Body) -> Body:
        """Raises StatusError."""
        return self._send("POST", self._cluster.path(resource, Name(namespace, "")), body)

    def ensure(self, resource: GroupResource, namespace: str, body: Body) -> None:
        """Create an object unless it stands already. Raises StatusError."""
        try:
            self.create(resource, namespace, body)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise

    def patch(self, resource: GroupResource, name: Name, patch: Body, *, subresource: str = "") -> Body:
        """A merge patch. Raises StatusError."""
        return self._send("PATCH", self._path(resource, name, subresource), patch, content=MERGE)

    def set_status(self, resource: GroupResource, name: Name, status: Body) -> None:
        """Write the members of a status that differ; nothing when none does."""
        standing = self.get(resource, name)
        if standing is None:
            return
        before = standing.get("status") or {}
        changed = {key: value for key, value in status.items() if before.get(key) != value}
        if changed:
            self.patch(resource, name, {"status": changed}, subresource="status")

    def delete(self, resource: GroupResource, name: Name, **options: Any) -> None:
        """Raises StatusError, but not for an object that is gone already."""
        try:
            self._send("DELETE", self._path(resource, name), options or None)
        except StatusError as error:
            if error.code != 404:
                raise

    def post(self, resource: GroupResource, name: Name, subresource: str, body: Body) -> Body:
        return self._send("POST", self._path(resource, name, subresource), body)

    def put(self, resource: GroupResource, name: Name, body: Body, *, subresource: str = "") -> Body:
        return self._send("PUT", self._path(resource, name, subresource), body)

    def _path(self, resource: GroupResource, name: Name, subresource: str = "") -> str:
        return self._cluster.path(resource, name) + (f"/{subresource}" if subresource else "")

    def _send(self, method: str, path: str, body: Body | None, content: str = JSON) -> Body:
        return self._cluster.send(self.agent, method, path, body, content)


def path_of(kind: Kind, name: Name) -> str:
    """Where an API server serves an object of a kind, or with an empty name the collection."""
    root = f"/apis/{kind.group}/{kind.storage}" if kind.group else f"/api/{kind.storage}"
    within = f"/namespaces/{name.namespace}" if kind.namespaced and name.namespace else ""
    return f"{root}{within}/{kind.plural}" + (f"/{name.name}" if name.name else "")


def unserved(resource: GroupResource) -> StatusError:
    return StatusError(404, "NotFound", f"the server does not serve {resource.plural}")


def refused(code: int, body: Body) -> StatusError:
    """The refusal that a Status object tells of."""
    return StatusError(code, body.get("reason", ""), body.get("message", ""), body.get("details"))


def name_of(body: Body) -> Name:
    return Name(body["metadata"].get("namespace", ""), body["metadata"]["name"])


def controller_of(body: Body) -> Body | None:
    """The owner reference that is marked as controller."""
    return next((each for each in body["metadata"].get("ownerReferences") or () if each.get("controller")), None)


def owner_reference(owner: Body) -> Body:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(kind: str, status: str, reason: str = "", message: str = "", before: Body | None = None) -> Body:
    """A condition; its transition time is kept while its status stays."""
    old: Body = next((each for each in (before or {}).get("conditions") or () if each["type"] == kind), {})
    since = old.get("lastTransitionTime") if old.get("status") == status else now()
    found = {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
    return {name: value for name, value in found.items() if value}
