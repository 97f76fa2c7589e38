"""Following collections as they change: list, then watch, then list again when the server says 410 Gone.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import threading
from collections.abc import Callable

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ApiError, ClusterError, Interrupted
from kfinstall.kube.connection import Connection

QUIET = 330.0
"""Seconds without an event or a bookmark after which a watch counts as dead."""

PAUSE = 1.0
"""Seconds before a watch that broke is begun again."""

Seen = Callable[[str, str, Body], None]
"""Called with the collection's path, "seen" or "gone", and the object."""


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
            threading.Thread(target=self._run, args=(collection,), name=f"watch {collection}", daemon=True).start()

    def _run(self, collection: str) -> None:
        while not self._connection.stopped.is_set():
            try:
                self._list_and_watch(collection)
            except Interrupted:
                return
            except ApiError as error:
                if error.status == 403:
                    self._denied(collection, error)
                    return
            except ClusterError:
                pass  # the connection has tried again already; the pause keeps this from spinning
            self._connection.stopped.wait(PAUSE)

    def _list_and_watch(self, collection: str) -> None:
        listed = self._connection.get(collection)
        kind = str(listed.get("kind", "")).removesuffix("List")
        for item in listed.get("items") or ():
            # The items of a list carry no type of their own.
            self._seen(collection, "seen", {"apiVersion": listed.get("apiVersion"), "kind": kind, **item})
        version = listed["metadata"].get("resourceVersion")
        while not self._connection.stopped.is_set():
            query = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version, "timeoutSeconds": 300}
            for event in self._connection.lines(collection, query, quiet=QUIET):
                if event["type"] == "ERROR":
                    return  # 410: what happened since is not known any more
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._seen(collection, "gone" if event["type"] == "DELETED" else "seen", event["object"])
