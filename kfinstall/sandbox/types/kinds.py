"""The kinds that are served: the built-in ones, from data, and those of CustomResourceDefinitions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kubernetes import kubernetes_data
from kfinstall.sandbox.types.schema import Schema


class GroupResource(NamedTuple):
    """Where objects of a kind are kept, whatever the version; group "" is the core group."""

    group: str
    plural: str


@dataclass(frozen=True, slots=True)
class Version:
    """One served version. subresources: names such as "status". columns: of its tables, as in a Table.

    entry: how aggregated discovery shows it.
    """

    name: str
    schema: Schema
    subresources: frozenset[str]
    columns: tuple[Mapping[str, Any], ...]
    entry: Body


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind. storage: the version that objects are kept in. definition: of a custom one, its CRD's body."""

    group: str
    plural: str
    kind: str
    namespaced: bool
    versions: Mapping[str, Version]
    storage: str
    verbs: frozenset[str]
    definition: Body | None = field(default=None, compare=False)

    @property
    def key(self) -> GroupResource:
        return GroupResource(self.group, self.plural)

    @property
    def custom(self) -> bool:
        return self.definition is not None

    def api_version(self, version: str) -> str:
        return f"{self.group}/{version}" if self.group else version

    @property
    def list_kind(self) -> str:
        names = self.definition["spec"]["names"] if self.definition else {}
        return str(names.get("listKind") or f"{self.kind}List")


class Kinds:
    """All of them; custom ones come and go."""

    def __init__(self) -> None:
        self._built_in = {kind.key: kind for kind in _built_in()}
        self._custom: dict[GroupResource, Kind] = {}

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        key = GroupResource(group, plural)
        kind = self._built_in.get(key) or self._custom.get(key)
        return kind if kind and version in kind.versions else None

    def get(self, group: str, plural: str) -> Kind | None:
        key = GroupResource(group, plural)
        return self._built_in.get(key) or self._custom.get(key)

    def of_body(self, body: Body) -> Kind | None:
        """The kind of an object, by its apiVersion and kind."""
        group, _, version = body["apiVersion"].rpartition("/")
        for kind in self:
            if kind.group == group and kind.kind == body["kind"] and version in kind.versions:
                return kind
        return None

    def builds_in(self, group: str) -> bool:
        """Whether the API server itself serves the group."""
        return any(key.group == group for key in self._built_in)

    def __iter__(self) -> Iterator[Kind]:
        yield from self._built_in.values()
        yield from list(self._custom.values())

    def custom(self) -> list[Kind]:
        return list(self._custom.values())

    def put(self, kind: Kind) -> None:
        self._custom[kind.key] = kind

    def drop(self, key: GroupResource) -> None:
        self._custom.pop(key, None)


def _built_in() -> Iterator[Kind]:
    data = kubernetes_data()
    for group in data.groups:
        name = group["metadata"].get("name", "")
        found: dict[str, dict[str, Version]] = {}
        entries: dict[str, Body] = {}
        for served in group["versions"]:
            path = f"apis/{name}/{served['version']}" if name else f"api/{served['version']}"
            schemas = _by_kind(data.schemas[path])
            for entry in served["resources"]:
                columns = tuple(data.tables.get(f"{path}/{entry['resource']}", ()))
                schema = schemas.get(entry["responseKind"]["kind"])
                if schema is None:
                    continue
                subresources = frozenset(each["subresource"] for each in entry.get("subresources") or ())
                version = Version(served["version"], schema, subresources, columns, entry)
                found.setdefault(entry["resource"], {})[served["version"]] = version
                entries.setdefault(entry["resource"], entry)
        for plural, versions in found.items():
            entry = entries[plural]
            yield Kind(
                name,
                plural,
                entry["responseKind"]["kind"],
                entry["scope"] == "Namespaced",
                versions,
                next(iter(versions)),
                frozenset(entry["verbs"]),
            )


def _by_kind(document: Body) -> dict[str, Schema]:
    definitions = document["components"]["schemas"]
    found: dict[str, Schema] = {}
    nodes: dict[int, tuple[Mapping[str, Any], Schema]] = {}
    for definition in definitions.values():
        named = list(definition.get("x-kubernetes-group-version-kind") or ())
        if len(named) == 1:
            found[named[0]["kind"]] = Schema(definition, definitions, nodes=nodes)
    return found
