"""Schemas as structured-merge-diff sees them: what is a struct, a map, a list with keys, a set, an atom.

Read lazily from OpenAPI v3, of the built-in kinds and of CustomResourceDefinitions; the rules are those of
k8s.io/kube-openapi/pkg/schemaconv.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

GRANULAR, ATOMIC, SET, KEYED = "granular", "atomic", "set", "keyed"

Source = Mapping[str, Any]


class Schema:
    """One node. source: its OpenAPI. definitions: what "$ref" refers to. custom: of a CustomResourceDefinition."""

    def __init__(
        self,
        source: Source,
        definitions: Mapping[str, Any],
        *,
        custom: bool = False,
        nodes: "dict[int, tuple[Source, Schema]] | None" = None,
    ) -> None:
        # Types refer to each other in circles; a node is made once for each place of the document.
        self._nodes = {} if nodes is None else nodes
        own = {key: value for key, value in source.items() if key not in {"allOf", "$ref"}}
        reference = source.get("$ref") or next(
            (each["$ref"] for each in source.get("allOf") or () if "$ref" in each), ""
        )
        # The default of a field stands beside the reference to its type.
        self.source: Source = {**definitions[reference.rpartition("/")[2]], **own} if reference else source
        self.definitions = definitions
        self.custom = custom
        self.name = reference.rpartition("/")[2]

    def _node(self, source: Source) -> "Schema":
        found = self._nodes.get(id(source))
        if found is None:
            made = Schema(source, self.definitions, custom=self.custom, nodes=self._nodes)
            found = self._nodes[id(source)] = (source, made)
        return found[1]

    @cached_property
    def type(self) -> str:
        return str(self.source.get("type") or "")

    @cached_property
    def properties(self) -> "dict[str, Schema]":
        return {name: self._node(each) for name, each in (self.source.get("properties") or {}).items()}

    @cached_property
    def values(self) -> "Schema | None":
        """The type of a map's values; None when it is a struct only."""
        extra = self.source.get("additionalProperties")
        if isinstance(extra, Mapping):
            return self._node(extra)
        return ANYTHING if extra is True or self.free else None

    @cached_property
    def items(self) -> "Schema":
        found = self.source.get("items")
        return self._node(found) if isinstance(found, Mapping) else ANYTHING

    def alternative(self, source: Source) -> "Schema":
        """A schema that stands beside it, in anyOf and the like."""
        return self._node(source)

    @cached_property
    def free(self) -> bool:
        """Whether fields that the schema does not name are kept."""
        if self.source.get("x-kubernetes-preserve-unknown-fields"):
            return True
        described = self.source.get("properties") or self.source.get("additionalProperties")
        return not described and self.type in {"", "object"} and not self.custom

    @cached_property
    def relation(self) -> str:
        """How a list or a map is merged: granular, atomic, set or keyed."""
        if self.type == "array":
            return self._list_relation()
        return ATOMIC if self.source.get("x-kubernetes-map-type") == "atomic" else GRANULAR

    def _list_relation(self) -> str:
        kind = self.source.get("x-kubernetes-list-type")
        if kind:
            return {"map": KEYED, "set": SET}.get(kind, ATOMIC)
        if "merge" in str(self.source.get("x-kubernetes-patch-strategy", "")):
            return KEYED if self.source.get("x-kubernetes-patch-merge-key") else SET
        return ATOMIC

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The fields that name an item of a keyed list."""
        named = self.source.get("x-kubernetes-list-map-keys")
        return tuple(named) if named else (str(self.source.get("x-kubernetes-patch-merge-key")),)

    @cached_property
    def patch_key(self) -> str:
        """The merge key of a strategic merge patch; "" when there is none."""
        return str(self.source.get("x-kubernetes-patch-merge-key") or "")

    @cached_property
    def patch_strategies(self) -> frozenset[str]:
        return frozenset(str(self.source.get("x-kubernetes-patch-strategy") or "").split(","))

    @cached_property
    def default(self) -> Any:
        return self.source.get("default")

    @cached_property
    def is_scalar(self) -> bool:
        return self.type not in {"object", "array", ""} or self.is_int_or_string

    @cached_property
    def is_int_or_string(self) -> bool:
        return bool(self.source.get("x-kubernetes-int-or-string")) or self.source.get("format") == "int-or-string"

    @cached_property
    def is_quantity(self) -> bool:
        return self.name.endswith(".Quantity")

    @cached_property
    def metadata(self) -> "Schema | None":
        return self.properties.get("metadata")

    def field(self, name: str) -> "Schema | None":
        """The type of a field or of a map's value; None when the schema does not know it."""
        return self.properties.get(name) or self.values

    def resolved(self, value: Any) -> "Schema":
        """For a value that the schema leaves open: a map is granular, a list is atomic, the rest are scalars."""
        if self.type or not self.free:
            return self
        if isinstance(value, dict):
            return ANY_MAP
        return ANY_LIST if isinstance(value, list) else ANY_SCALAR


_OPEN: dict[str, Any] = {"x-kubernetes-preserve-unknown-fields": True}
ANYTHING = Schema(_OPEN, {})
ANY_MAP = Schema({"type": "object", **_OPEN}, {})
ANY_LIST = Schema({"type": "array", "x-kubernetes-list-type": "atomic"}, {})
ANY_SCALAR = Schema({"type": "string"}, {})
