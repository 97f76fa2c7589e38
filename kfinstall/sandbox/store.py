"""The objects, their history, and those who follow it.

Bodies that are kept here are never changed: a write keeps a new one. So readers need no copies.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.kinds import GroupResource

HISTORY = 20_000
"""Changes that are remembered; a watch from before them gets 410 Gone."""


class Name(NamedTuple):
    """namespace is "" for a cluster-scoped object."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One write. before: None for a new object. after: None for a deleted one, whose last state is `last`."""

    version: int
    resource: GroupResource
    name: Name
    before: Body | None
    after: Body | None
    last: Body


class Store:
    """Objects by resource and name; `lock` is held by whoever reads in order to write."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 1
        self.closed = False
        self._objects: dict[GroupResource, dict[Name, Body]] = {}
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._forgotten = 0

    def get(self, resource: GroupResource, name: Name) -> Body | None:
        return self._objects.get(resource, {}).get(name)

    def names(self, resource: GroupResource, namespace: str = "") -> list[Name]:
        """Sorted, as etcd keeps them."""
        with self.lock:
            found = self._objects.get(resource, {})
            return sorted(name for name in found if not namespace or name.namespace == namespace)

    def all(self, resource: GroupResource, namespace: str = "") -> list[Body]:
        with self.lock:
            found = self._objects.get(resource, {})
            return [found[name] for name in self.names(resource, namespace)]

    def resources(self) -> list[GroupResource]:
        with self.lock:
            return [resource for resource, objects in self._objects.items() if objects]

    def put(self, resource: GroupResource, name: Name, body: Body) -> Body:
        """Keep a body, with the next resourceVersion."""
        with self.lock:
            version = str(self.version + 1)
            return self.mirror(resource, name, {**body, "metadata": {**body["metadata"], "resourceVersion": version}})

    def mirror(self, resource: GroupResource, name: Name, body: Body) -> Body:
        """Keep a body as it is: one that another server has given its resourceVersion."""
        with self.lock:
            self.version += 1
            objects = self._objects.setdefault(resource, {})
            self._record(Change(self.version, resource, name, objects.get(name), body, body))
            objects[name] = body
            return body

    def drop(self, resource: GroupResource, name: Name) -> Body:
        """Forget an object; its last body carries the resourceVersion of its deletion."""
        with self.lock:
            self.version += 1
            before = self._objects[resource].pop(name)
            last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
            self._record(Change(self.version, resource, name, before, None, last))
            return last

    def _record(self, change: Change) -> None:
        if len(self._history) == HISTORY:
            self._forgotten = self._history[0].version
        self._history.append(change)
        self.changed.notify_all()

    def is_forgotten(self, version: int) -> bool:
        """Whether what happened after a version is not known any more."""
        return version < self._forgotten

    def since(self, version: int) -> list[Change]:
        """The changes after a version, oldest first."""
        with self.lock:
            found = []
            for change in reversed(self._history):
                if change.version <= version:
                    break
                found.append(change)
            found.reverse()
            return found

    def follow(self, version: int, patience: float) -> Iterator[list[Change]]:
        """Changes after a version, as they come; an empty list after that many seconds without any. Ends on close()."""
        while True:
            with self.lock:
                if self.version <= version and not self.closed:
                    self.changed.wait(patience)
                if self.closed:
                    return
                found = self.since(version)
                version = max(version, self.version)
            yield found

    def close(self) -> None:
        """End all who follow."""
        with self.lock:
            self.closed = True
            self.changed.notify_all()
