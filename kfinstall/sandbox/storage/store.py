"""The objects, their history, and those who follow it.

Bodies that are kept here are never changed: a write keeps a new one. So readers need no copies.
"""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import GroupResource

HISTORY = 20_000
"""Changes that are remembered; a watch from before them gets 410 Gone."""


class Name(NamedTuple):
    """namespace is "" for a cluster-scoped object."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One write. before: None for a new object. after: None for a deleted one, whose last state is `last`.

    lines: what followers were told of it, by the form that they asked for, so that it is encoded once for all of them.
    """

    version: int
    resource: GroupResource
    name: Name
    before: Body | None
    after: Body | None
    last: Body
    lines: dict[Hashable, bytes] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class Collection:
    """The objects of a resource. names: sorted, as etcd keeps them. encoded: of those that were asked for as JSON."""

    bodies: dict[Name, Body] = field(default_factory=dict)
    names: list[Name] = field(default_factory=list)
    encoded: dict[Name, tuple[Body, bytes]] = field(default_factory=dict)

    def put(self, name: Name, body: Body) -> None:
        if name not in self.bodies:
            insort(self.names, name)
        self.bodies[name] = body

    def drop(self, name: Name) -> Body:
        del self.names[bisect_left(self.names, name)]
        self.encoded.pop(name, None)
        return self.bodies.pop(name)

    def names_in(self, namespace: str) -> list[Name]:
        """Those of a namespace; of all when it is ""."""
        if not namespace:
            return self.names
        first = bisect_left(self.names, Name(namespace, ""))
        return self.names[first : bisect_left(self.names, Name(f"{namespace}\0", ""), first)]


class Store:
    """Objects by resource and name; `lock` is held by whoever reads in order to write."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 1
        self.closed = False
        self._collections: defaultdict[GroupResource, Collection] = defaultdict(Collection)
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._forgotten = 0

    def get(self, resource: GroupResource, name: Name) -> Body | None:
        return self._collections[resource].bodies.get(name)

    def all(self, resource: GroupResource, namespace: str = "") -> list[Body]:
        """Sorted by namespace and name."""
        with self.lock:
            found = self._collections[resource]
            return [found.bodies[name] for name in found.names_in(namespace)]

    def at(
        self, resource: GroupResource, namespace: str, version: int, after: Name
    ) -> tuple[list[Name], Mapping[Name, Body]]:
        """The names that were there at a version that is not forgotten, sorted, from behind one of them; all bodies."""
        with self.lock:
            found = self._collections[resource]
            names, bodies = found.names_in(namespace), dict(found.bodies)
            later = [change for change in self.since(version) if change.resource == resource]
            for change in reversed(later):
                if change.before is None:
                    bodies.pop(change.name, None)
                else:
                    bodies[change.name] = change.before
            if later:
                names = sorted(name for name in bodies if namespace in {"", name.namespace})
            return names[bisect_right(names, after) :], bodies

    def encoded(self, resource: GroupResource, name: Name, body: Body, encode: Callable[[Body], bytes]) -> bytes:
        """A body as JSON; that of an object's present state is kept until it changes."""
        with self.lock:
            found = self._collections[resource]
            kept = found.encoded.get(name)
            if kept is not None and kept[0] is body:
                return kept[1]
            text = encode(body)
            if found.bodies.get(name) is body:
                found.encoded[name] = body, text
            return text

    def resources(self) -> list[GroupResource]:
        with self.lock:
            return [resource for resource, found in self._collections.items() if found.names]

    def put(self, resource: GroupResource, name: Name, body: Body) -> Body:
        """Keep a body, with the next resourceVersion."""
        with self.lock:
            version = str(self.version + 1)
            return self.mirror(resource, name, {**body, "metadata": {**body["metadata"], "resourceVersion": version}})

    def mirror(self, resource: GroupResource, name: Name, body: Body) -> Body:
        """Keep a body as it is: one that another server has given its resourceVersion."""
        with self.lock:
            self.version += 1
            found = self._collections[resource]
            self._record(Change(self.version, resource, name, found.bodies.get(name), body, body))
            found.put(name, body)
            return body

    def drop(self, resource: GroupResource, name: Name) -> Body:
        """Forget an object; its last body carries the resourceVersion of its deletion."""
        with self.lock:
            self.version += 1
            before = self._collections[resource].drop(name)
            last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
            self._record(Change(self.version, resource, name, before, None, last))
            return last

    def _record(self, change: Change) -> None:
        if len(self._history) == HISTORY:
            self._forgotten = self._history[0].version
        self._history.append(change)
        self.changed.notify_all()

    def forget(self) -> None:
        """What happened up to now, as the compaction of etcd does it."""
        with self.lock:
            self._history.clear()
            self._forgotten = self.version

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
