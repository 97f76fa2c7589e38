"""How controllers reach the API: they read what stands, write by requests, and hear of every change."""

from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.api import Api
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.requests import JSON, Request
from kfinstall.sandbox.status import StatusError
from kfinstall.sandbox.store import Change, Name
from kfinstall.sandbox.writing import now

MERGE = "application/merge-patch+json"
PODS = GroupResource("", "pods")
EVENTS = GroupResource("", "events")


class Client:
    """One component's way to the API; agent: its name, which becomes the field manager of what it writes."""

    def __init__(self, api: Api, agent: str) -> None:
        self._api = api
        self._agent = agent

    def get(self, resource: GroupResource, name: Name) -> Body | None:
        """The object, not to be changed; None when there is none."""
        return self._api.store.get(resource, name)

    def all(self, resource: GroupResource, namespace: str = "") -> list[Body]:
        return self._api.store.all(resource, namespace)

    def resources(self) -> list[GroupResource]:
        """Those that have objects."""
        return self._api.store.resources()

    def changes(self, since: int, patience: float) -> Iterator[list[Change]]:
        return self._api.store.follow(since, patience)

    def create(self, resource: GroupResource, namespace: str, body: Body) -> Body:
        """Raises StatusError."""
        return self._send("POST", self._path(resource, Name(namespace, "")), body)

    def patch(self, resource: GroupResource, name: Name, patch: Body, *, subresource: str = "") -> Body:
        """A merge patch. Raises StatusError."""
        suffix = f"/{subresource}" if subresource else ""
        return self._send("PATCH", self._path(resource, name) + suffix, patch, content=MERGE)

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
        return self._send("POST", f"{self._path(resource, name)}/{subresource}", body)

    def put(self, resource: GroupResource, name: Name, body: Body, *, subresource: str = "") -> Body:
        suffix = f"/{subresource}" if subresource else ""
        return self._send("PUT", self._path(resource, name) + suffix, body)

    def event(self, subject: Body, kind: str, reason: str, message: str) -> None:
        """Tell of something that happened to an object; the same once more is counted."""
        metadata = subject["metadata"]
        namespace = metadata.get("namespace") or "default"
        mark = f"{hash((metadata['uid'], reason, message)) & 0xFFFFFFFFFFFFFFFF:016x}"
        name = Name(namespace, f"{metadata['name']}.{mark}")
        moment = now()
        standing = self.get(EVENTS, name)
        try:
            if standing:
                self.patch(EVENTS, name, {"count": standing.get("count", 1) + 1, "lastTimestamp": moment})
                return
            self.create(
                EVENTS,
                namespace,
                {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "metadata": {"name": name.name},
                    "involvedObject": {
                        "apiVersion": subject["apiVersion"],
                        "kind": subject["kind"],
                        "name": metadata["name"],
                        "namespace": metadata.get("namespace", ""),
                        "uid": metadata["uid"],
                        "resourceVersion": metadata.get("resourceVersion", ""),
                    },
                    "type": kind,
                    "reason": reason,
                    "message": message,
                    "count": 1,
                    "firstTimestamp": moment,
                    "lastTimestamp": moment,
                    "source": {"component": self._agent},
                    "reportingComponent": self._agent,
                    "reportingInstance": "",
                },
            )
        except StatusError:
            return  # an event of something in a namespace that ends

    def _path(self, resource: GroupResource, name: Name) -> str:
        kind = self._api.kinds.get(*resource)
        if kind is None:
            raise StatusError(404, "NotFound", f"the server does not serve {resource.plural}")
        root = f"/apis/{resource.group}/{kind.storage}" if resource.group else f"/api/{kind.storage}"
        within = f"/namespaces/{name.namespace}" if kind.namespaced else ""
        return f"{root}{within}/{resource.plural}" + (f"/{name.name}" if name.name else "")

    def _send(self, method: str, path: str, body: Body | None, content: str = JSON) -> Body:
        answer = self._api.answer(Request(method, path, {}, body, content, agent=self._agent))
        if not isinstance(answer.body, dict):
            raise TypeError(path)
        if answer.code >= 400:
            found = answer.body
            raise StatusError(answer.code, found.get("reason", ""), found.get("message", ""), found.get("details"))
        return answer.body


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
