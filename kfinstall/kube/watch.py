"""Following collections as they change: list, then watch, then list again when what happened is not known any more.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import threading
from collections.abc import Callable, Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, ClusterError, Interrupted, Unauthorized
from kfinstall.kube.connection import Connection
from kfinstall.kube.pages import page

QUIET = 330.0
"""Seconds without an event or a bookmark after which a watch counts as dead."""

SERVED = 300
"""Seconds after which the server ends a watch, which then goes on from where it was."""

PAUSE = 1.0
"""Seconds before a watch that ended is begun again."""

Seen = Callable[[str, str, Body], None]
"""Called with the collection's path, "seen" or "gone", and the object; of one that is gone, the name may be all."""


class Watches:
    """A thread for each collection that is followed; all end when the connection is closed."""

    def __init__(self, connection: Connection, seen: Seen, denied: Callable[[str, ClusterError], None]) -> None:
        self._connection = connection
        self._seen = seen
        self._denied = denied
        self._followed: set[str] = set()

    def follow(self, collection: str) -> None:
        """Report every object of a collection now, and whenever it changes; once for each collection."""
        if collection not in self._followed:
            self._followed.add(collection)
            watch = _Watch(self._connection, collection, self._seen)
            threading.Thread(target=self._run, args=(watch,), name=f"watch {collection}", daemon=True).start()

    def _run(self, watch: "_Watch") -> None:
        while not self._connection.stopped.is_set():
            try:
                watch.list_and_watch()
            except Interrupted:
                return
            except ApiError as error:
                if error.status in {403, 404, 405}:
                    self._denied(watch.collection, error)
                    return
            except Unauthorized as error:
                self._denied(watch.collection, error)
                return
            except ClusterError:
                pass  # the connection has tried again already; the pause keeps this from spinning
            self._connection.stopped.wait(PAUSE)


class _Watch:
    """One collection, and the names in it."""

    def __init__(self, connection: Connection, collection: str, seen: Seen) -> None:
        self.collection = collection
        self._connection = connection
        self._seen = seen
        self._names: set[str] = set()

    def list_and_watch(self) -> None:
        """Returns when the collection has to be listed again."""
        version = self._list()
        while not self._connection.stopped.is_set():
            for event in self._events(version):
                if event["type"] == "ERROR":
                    return  # 410: what happened since is not known any more
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    self._gone(event["object"]["metadata"]["name"])
                elif event["type"] != "BOOKMARK":
                    self._there(event["object"])
            self._connection.stopped.wait(PAUSE)

    def _list(self) -> str:
        """Report what is there, and what went unseen; the version to watch from."""
        found = set()
        query: dict[str, object] = {"limit": page(self.collection)}
        while True:
            answer = self._connection.get(self.collection, query)
            kind = str(answer.get("kind", "")).removesuffix("List")
            for item in answer.get("items") or ():
                # The items of a list carry no type of their own.
                self._there({"apiVersion": answer.get("apiVersion"), "kind": kind, **item})
                found.add(item["metadata"]["name"])
            metadata = answer.get("metadata") or {}
            query["continue"] = metadata.get("continue")
            if not query["continue"]:
                break
        for name in self._names - found:
            self._gone(name)
        return str(metadata.get("resourceVersion", ""))

    def _events(self, version: str) -> Iterator[Body]:
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": SERVED,
        }
        return self._connection.lines(self.collection, query, quiet=QUIET)

    def _there(self, body: Body) -> None:
        self._names.add(body["metadata"]["name"])
        self._seen(self.collection, "seen", body)

    def _gone(self, name: str) -> None:
        self._names.discard(name)
        self._seen(self.collection, "gone", {"metadata": {"name": name}})
