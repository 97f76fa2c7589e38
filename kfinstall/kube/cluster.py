"""What the engine asks of a cluster: read its state, apply, delete, release, look at one object."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind, Live, Resource
from kfinstall.errors import ApiError
from kfinstall.facts import digests
from kfinstall.facts.applyset import PART_OF
from kfinstall.kube.connection import APPLY, METADATA, METADATA_LIST, Connection

READERS = 8
"""Lists that are read at the same time."""

PAGE = 500
"""Objects in one page of a list, as kubectl asks for them."""


class Cluster:
    """One cluster, through one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def live(self, manifests: Iterable[Manifest], resources: Mapping[GroupKind, Resource]) -> dict[ObjectKey, Live]:
        """Those of the objects that stand already; metadata only, one list for each kind and namespace."""
        wanted: dict[str, set[ObjectKey]] = defaultdict(set)
        for manifest in manifests:
            resource = resources.get(GroupKind(manifest.group, manifest.kind))
            if resource:
                version = manifest.api_version.rpartition("/")[2]
                wanted[resource.path(version, manifest.namespace)].add(manifest.key)
        with ThreadPoolExecutor(READERS) as pool:
            found = pool.map(lambda entry: self._standing(*entry), wanted.items())
            return {key: live for some in found for key, live in some.items()}

    def _standing(self, collection: str, keys: set[ObjectKey]) -> dict[ObjectKey, Live]:
        by_name = {key.name: key for key in keys}
        try:
            bodies = list(self.metadata(collection)) if len(keys) > 1 else self._few(collection, by_name)
        except ApiError as error:
            if error.status == 404:  # a kind whose definition is not applied yet
                return {}
            if error.status != 403:
                raise
            bodies = self._few(collection, by_name)  # may get, may not list
        return {
            by_name[name]: live_object(body["metadata"])
            for body in bodies
            if (name := body["metadata"]["name"]) in by_name
        }

    def _few(self, collection: str, names: Iterable[str]) -> list[Body]:
        found = (self.look(f"{collection}/{name}", accept=METADATA) for name in names)
        return [body for body in found if body]

    def metadata(self, collection: str, *, selector: str = "") -> Iterator[Body]:
        """The metadata of every object of a collection, page by page."""
        query: dict[str, object] = {"limit": PAGE}
        if selector:
            query["labelSelector"] = selector
        while True:
            page = self.connection.get(collection, query, accept=METADATA_LIST)
            yield from page.get("items") or ()
            query["continue"] = (page.get("metadata") or {}).get("continue")
            if not query["continue"]:
                return

    def look(self, path: str, *, accept: str = "application/json") -> Body | None:
        """One object, or None when it does not exist."""
        try:
            return self.connection.get(path, accept=accept)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def serves(self, collection: str) -> bool:
        """Whether the server answers for a collection, as it does a moment after its definition is established."""
        try:
            self.connection.get(collection, {"limit": 1}, accept=METADATA_LIST)
        except ApiError as error:
            return error.status != 404
        return True

    def apply(self, path: str, body: Body, *, force: bool, dry_run: bool = False) -> Live:
        """Server-side apply; the object's metadata afterwards."""
        query = {"fieldManager": digests.FIELD_MANAGER, "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        answer = self.connection.send("PATCH", path, query, body, accept=METADATA, content=APPLY)
        return live_object(answer["metadata"])

    def applied(self, path: str, body: Body) -> Body:
        """What the object would be after the apply, in full; nothing is changed."""
        query = {"fieldManager": digests.FIELD_MANAGER, "force": "true", "dryRun": "All"}
        return self.connection.send("PATCH", path, query, body, content=APPLY)

    def delete(self, path: str, uid: str) -> bool:
        """Delete that very object and what depends on it; False when it is gone already."""
        body: Body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            self.connection.send("DELETE", path, body=body)
        except ApiError as error:
            if error.status in (404, 409):  # 409: another object has taken the name
                return False
            raise
        return True

    def release(self, path: str, api_version: str, key: ObjectKey) -> None:
        """Give up every field that kfinstall applied: an apply that names none removes them."""
        body: Body = {"apiVersion": api_version, "kind": key.kind, "metadata": {"name": key.name}}
        query = {"fieldManager": digests.FIELD_MANAGER, "force": "true"}
        self.connection.send("PATCH", path, query, body, content=APPLY)


def live_object(metadata: Body) -> Live:
    """An object's metadata as planning needs it."""
    return Live(
        uid=metadata["uid"],
        owner=(metadata.get("labels") or {}).get(PART_OF, ""),
        owned=digests.owned(metadata.get("managedFields") or ()),
        deleting=bool(metadata.get("deletionTimestamp")),
    )
