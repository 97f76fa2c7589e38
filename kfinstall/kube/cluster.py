"""What the engine asks of a cluster: read its state, apply, delete, release, look at one object."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind, Live, Resource
from kfinstall.errors import ApiError
from kfinstall.facts.objects import digests
from kfinstall.facts.objects.applyset import PART_OF
from kfinstall.kube.connection import APPLY, MERGE, METADATA, METADATA_LIST, Connection
from kfinstall.kube.pages import PAGE, page

READERS = 8
"""Lists that are read at the same time."""


@dataclass(frozen=True, slots=True)
class Written(Live):
    """An object as an apply left it. generation: of its spec; 0 for a kind that counts none."""

    generation: int


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
        return self.items(collection, selector=selector, accept=METADATA_LIST)

    def items(self, collection: str, *, selector: str = "", accept: str = "application/json") -> Iterator[Body]:
        """Every object of a collection, page by page."""
        query: dict[str, object] = {"limit": PAGE if accept == METADATA_LIST else page(collection)}
        if selector:
            query["labelSelector"] = selector
        while True:
            answer = self.connection.get(collection, query, accept=accept)
            yield from answer.get("items") or ()
            query["continue"] = (answer.get("metadata") or {}).get("continue")
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
        """Whether the server answers for a collection, as it does a moment after its definition is established.

        It is asked by discovery: a request to the collection itself makes the server build the storage of the kind
        (getOrCreateServingInfoFor in apiextensions-apiserver), a second of CPU for a large definition. A part of its
        objects (/api/v1/serviceaccounts/token) may be asked for, too.
        """
        version, plural = _parted(collection)
        try:
            listed = self.connection.get(version)
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return any(resource.get("name") == plural for resource in listed.get("resources") or ())

    def apply(
        self, path: str, body: Body, *, force: bool, dry_run: bool = False, manager: str = digests.FIELD_MANAGER
    ) -> Written:
        """Server-side apply; the object's metadata afterwards."""
        query = {"fieldManager": manager, "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        answer = self.connection.send("PATCH", path, query, body, accept=METADATA, content=APPLY)
        metadata = answer["metadata"]
        live = live_object(metadata)
        return Written(live.uid, live.owner, live.owned, live.deleting, metadata.get("generation") or 0)

    def applied(self, path: str, body: Body) -> Body:
        """What the object would be after the apply, in full; nothing is changed."""
        query = {"fieldManager": digests.FIELD_MANAGER, "force": "true", "dryRun": "All"}
        return self.connection.send("PATCH", path, query, body, content=APPLY)

    def patch(self, path: str, merge: Mapping[str, Any], *, manager: str, dry_run: bool = False) -> None:
        """A JSON merge patch."""
        query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
        self.connection.send("PATCH", path, query, dict(merge), accept=METADATA, content=MERGE)

    def delete(self, path: str, uid: str, *, dry_run: bool = False) -> bool:
        """Delete that very object and what depends on it; False when it is gone already."""
        body: Body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        try:
            self.connection.send("DELETE", path, {"dryRun": "All"} if dry_run else None, body)
        except ApiError as error:
            if error.status in (404, 409):  # 409: another object has taken the name
                return False
            raise
        return True

    def release(self, path: str, api_version: str, key: ObjectKey) -> None:
        """Give up every field that kfinstall applied. What nobody else manages goes, unless it is required."""
        found = self.look(path, accept=METADATA)
        if found is None or not digests.owned(found["metadata"].get("managedFields") or ()):
            return
        # An apply that names no field removes them. With the uid it cannot make an object that went meanwhile.
        metadata = {"name": key.name, "uid": found["metadata"]["uid"]}
        query = {"fieldManager": digests.FIELD_MANAGER, "force": "true"}
        try:
            self.connection.send("PATCH", path, query, _typed(api_version, key.kind, metadata), content=APPLY)
        except ApiError as error:
            if error.status == 422:
                self._disown(path, api_version, key.kind, found["metadata"])
            elif error.status not in (404, 409):
                raise

    def _disown(self, path: str, api_version: str, kind: str, metadata: Body) -> None:
        """Leave every field as it is, and without a manager those that were only kfinstall's."""
        others = [entry for entry in metadata["managedFields"] if not digests.is_ours(entry)]
        left = {"resourceVersion": metadata["resourceVersion"], "managedFields": others or [{}]}
        self.connection.send("PATCH", path, None, _typed(api_version, kind, left), content=MERGE)


def _parted(collection: str) -> tuple[str, str]:
    """/apis/GROUP/VERSION, or /api/VERSION, and the rest."""
    parts = collection.split("/")
    length = 3 if parts[1] == "api" else 4
    return "/".join(parts[:length]), "/".join(parts[length:])


def _typed(api_version: str, kind: str, metadata: Body) -> Body:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def live_object(metadata: Body) -> Live:
    """An object's metadata as planning needs it."""
    return Live(
        uid=metadata["uid"],
        owner=(metadata.get("labels") or {}).get(PART_OF, ""),
        owned=digests.owned(metadata.get("managedFields") or ()),
        deleting=bool(metadata.get("deletionTimestamp")),
    )
