"""The sandbox's own API as its controllers reach it: in the same process, reading what stands without copies."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import path_of, refused, unserved
from kfinstall.sandbox.server.api import Api
from kfinstall.sandbox.server.requests import Request
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource


class Local:
    """A `Cluster` behind no network."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, resource: GroupResource, name: Name) -> Body | None:
        return self._api.store.get(resource, name)

    def all(self, resource: GroupResource, namespace: str = "") -> list[Body]:
        return self._api.store.all(resource, namespace)

    def resources(self) -> list[GroupResource]:
        return self._api.store.resources()

    def changes(self, since: int, patience: float) -> Iterator[list[Change]]:
        return self._api.store.follow(since, patience)

    def path(self, resource: GroupResource, name: Name) -> str:
        kind = self._api.kinds.get(*resource)
        if kind is None:
            raise unserved(resource)
        return path_of(kind, name)

    def send(self, agent: str, method: str, path: str, body: Body | None, content: str) -> Body:
        answer = self._api.answer(Request(method, path, {}, body, content, agent=agent))
        if not isinstance(answer.body, dict):
            raise TypeError(path)
        if answer.code >= 400:
            raise refused(answer.code, answer.body)
        return answer.body
