"""Objects of defined kinds: pruning, defaults, validation, subresources, apply."""

from typing import Any

from tests.sandbox.cases.steps import (
    STRATEGIC,
    TABLE,
    WIDGETS,
    Body,
    Cases,
    Step,
    apply,
    create,
    defined,
    delete,
    get,
    patch,
    put,
    spec_of,
    version,
    widget,
)

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def schema(properties: Body, **more: Any) -> list[Step]:
    """Widgets whose spec has these properties."""
    return defined(version(spec_of(properties, **more)))


def each(*specs: Body) -> list[Step]:
    """Widgets with these specifications."""
    return [create(WIDGETS, widget(f"w{n}", **spec)) for n, spec in enumerate(specs)]


def fields(field: Body, *values: Any) -> list[Step]:
    """Widgets whose field x is of a schema and has these values."""
    return [*schema({"x": field}), *each(*({"x": value} for value in values))]


SCALED = version(
    spec_of({"count": NUMBER, "text": TEXT}) | {"x-kubernetes-preserve-unknown-fields": True},
    subresources={
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.count",
            "statusReplicasPath": ".status.count",
            "labelSelectorPath": ".status.sel",
        },
    },
)
KEYED = {
    "type": "array",
    "items": {"type": "object", "required": ["k"], "properties": {"k": TEXT, "p": {**TEXT, "default": "d"}, "v": TEXT}},
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k", "p"],
}
SET = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
RULES = {"x-kubernetes-validations": [{"rule": "self >= 2", "message": "too small"}]}

CASES: Cases = {
    "new": [*schema({"x": TEXT}), create(WIDGETS, widget(x="a")), get(f"{WIDGETS}/w")],
    "unknown-fields": [
        *schema({"x": TEXT}),
        create(WIDGETS, widget(x="a", y={"z": 1})),
        create(WIDGETS, widget("strict", x="a", y=1), fieldValidation="Strict"),
        create(WIDGETS, widget("silent", x="a", y=1), fieldValidation="Ignore"),
        apply(f"{WIDGETS}/applied", widget("applied", x="a", y=1)),
    ],
    "wrong-types": [
        *schema({"t": TEXT, "n": NUMBER, "b": {"type": "boolean"}, "l": {"type": "array", "items": NUMBER}}),
        *each({"t": 1}, {"n": "1"}, {"n": 1.5}, {"b": "yes"}, {"l": {}}, {"l": ["a"]}, {"t": None}),
        create(WIDGETS, {**widget("odd"), "spec": "text"}),
        apply(f"{WIDGETS}/applied", widget("applied", n="1")),
    ],
    "enumerations": fields({"type": "string", "enum": ["a", "b"]}, "a", "c"),
    "patterns": fields({"type": "string", "pattern": "^a+$"}, "aa", "b"),
    "lengths": fields({"type": "string", "minLength": 2, "maxLength": 3}, "a", "abcd", "ab"),
    "bounds": fields({"type": "integer", "minimum": 2, "maximum": 4}, 1, 5, 3),
    "exclusive-bounds": fields(
        {"type": "number", "minimum": 2, "maximum": 4, "exclusiveMinimum": True, "exclusiveMaximum": True}, 2, 4, 2.5
    ),
    "multiples": fields({"type": "integer", "multipleOf": 3}, 3, 4),
    "sizes-of-lists": fields(
        {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2}, [], ["a", "b", "c"], ["a"]
    ),
    "sizes-of-maps": fields(
        {"type": "object", "additionalProperties": TEXT, "minProperties": 1, "maxProperties": 2},
        {},
        {"a": "1", "b": "2", "c": "3"},
    ),
    "required": [
        *schema({"x": {"type": "object", "properties": {"y": TEXT}, "required": ["y"]}, "z": TEXT}, required=["z"]),
        *each({}, {"x": {}}, {"z": "a", "x": {"y": "b"}}),
    ],
    "required-at-the-root": [
        *defined(version({**spec_of({}), "required": ["spec"]})),
        create(WIDGETS, {"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}),
    ],
    "one-of": fields(
        {
            "type": "object",
            "properties": {"a": TEXT, "b": TEXT},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
        {"a": "1"},
        {"a": "1", "b": "2"},
        {},
    ),
    "any-of": fields(
        {
            "type": "object",
            "properties": {"a": TEXT, "b": TEXT},
            "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
        {"a": "1", "b": "2"},
        {},
    ),
    "all-of-and-not": fields(
        {
            "type": "object",
            "properties": {"a": TEXT, "b": TEXT},
            "allOf": [{"required": ["a"]}],
            "not": {"required": ["b"]},
        },
        {"a": "1"},
        {"b": "1"},
        {"a": "1", "b": "1"},
    ),
    "formats": [
        *schema({name: {"type": "string", "format": name} for name in ("date-time", "ipv4", "uri", "byte", "email")}),
        *each(
            {"date-time": "yesterday"},
            {"ipv4": "1.2.3"},
            {"uri": "::"},
            {"byte": "*"},
            {"email": "nobody"},
            {"date-time": "2020-01-01T00:00:00Z", "ipv4": "1.2.3.4", "byte": "YQ==", "email": "a@example.com"},
        ),
    ],
    "int-or-string": [
        *schema({"x": {"x-kubernetes-int-or-string": True}}),
        *each({"x": 1}, {"x": "50%"}, {"x": True}),
        apply(f"{WIDGETS}/applied", widget("applied", x=1)),
        apply(f"{WIDGETS}/applied", widget("applied", x="1")),
    ],
    "preserved": [
        *schema({"x": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"n": NUMBER}}}),
        *each({"x": {"a": {"b": [1, None, "c"]}, "n": 1}}, {"x": {"n": "1"}}),
    ],
    "embedded": [
        *schema({"x": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"n": NUMBER}}}),
        *each(
            {"x": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "more": 1}},
            {"x": {"kind": "Pod"}},
            {"x": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": "none"}}},
        ),
    ],
    "nullable": [
        *schema({"x": {**TEXT, "nullable": True}, "y": {**TEXT, "default": "d"}, "z": TEXT}),
        *each({"x": None}, {"y": None}, {"z": None}),
    ],
    "defaults": [
        *schema(
            {
                "x": {**TEXT, "default": "d"},
                "o": {"type": "object", "default": {}, "properties": {"n": {**NUMBER, "default": 3}}},
                "l": {"type": "array", "items": {"type": "object", "properties": {"n": {**NUMBER, "default": 4}}}},
                "m": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"b": {"type": "boolean", "default": True}},
                    },
                },
            }
        ),
        *each({}, {"l": [{}], "m": {"k": {}}, "o": {"n": 1}}),
        apply(f"{WIDGETS}/applied", widget("applied", l=[{}])),
    ],
    "defaults-of-the-spec": [
        *defined(
            version(
                {
                    "type": "object",
                    "properties": {
                        "spec": {"type": "object", "default": {}, "properties": {"x": {**TEXT, "default": "d"}}}
                    },
                }
            )
        ),
        create(WIDGETS, {"apiVersion": "{ns}.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}),
    ],
    "lists-of-unique-items": [
        *schema({"s": SET, "m": KEYED}),
        *each({"s": ["a", "a"]}, {"m": [{"k": "1"}, {"k": "1"}]}, {"m": [{"k": "1"}, {"k": "1", "p": "other"}]}),
        apply(f"{WIDGETS}/applied", widget("applied", s=["a", "a"])),
        apply(f"{WIDGETS}/applied", widget("applied", m=[{"k": "1"}, {"k": "1"}])),
    ],
    "keyed-lists": [
        *schema({"m": KEYED}),
        apply(f"{WIDGETS}/w", widget(m=[{"k": "a", "v": "1"}, {"k": "b", "p": "q"}])),
        apply(f"{WIDGETS}/w", widget(m=[{"k": "c"}, {"k": "a", "v": "1"}]), "second"),
        apply(f"{WIDGETS}/w", widget(m=[{"k": "b", "p": "q", "v": "2"}])),
    ],
    "sets": [
        *schema({"s": SET}),
        apply(f"{WIDGETS}/w", widget(s=["b", "a"])),
        apply(f"{WIDGETS}/w", widget(s=["a", "c"]), "second"),
        apply(f"{WIDGETS}/w", widget(s=["b"])),
    ],
    "atoms": [
        *schema(
            {
                "o": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": TEXT, "b": TEXT}},
                "l": {"type": "array", "items": TEXT},
            }
        ),
        apply(f"{WIDGETS}/w", widget(o={"a": "1"}, l=["x"])),
        apply(f"{WIDGETS}/w", widget(o={"b": "1"}), "second"),
        apply(f"{WIDGETS}/w", widget(l=["x", "y"]), "second"),
    ],
    "free-form-apply": [
        *defined(),
        apply(f"{WIDGETS}/w", widget(deep={"list": [{"a": 1}], "map": {"b": "c"}})),
        apply(f"{WIDGETS}/w", widget(deep={"map": {"d": "e"}}), "second"),
        apply(f"{WIDGETS}/w", widget(deep={"list": [{"a": 2}]}), "second"),
    ],
    "conflict": [
        *schema({"x": TEXT}),
        apply(f"{WIDGETS}/w", widget(x="a")),
        apply(f"{WIDGETS}/w", widget(x="b"), "second"),
        apply(f"{WIDGETS}/w", widget(x="b"), "second", force="true"),
    ],
    "replaced": [
        *schema({"x": TEXT}),
        create(WIDGETS, widget(x="a")),
        put(f"{WIDGETS}/w", widget(x="b")),
        put(f"{WIDGETS}/w", {**widget(x="b"), "metadata": {"name": "w", "resourceVersion": "1"}}),
        put(f"{WIDGETS}/absent", widget("absent")),
    ],
    "patched": [
        *schema({"x": TEXT, "l": {"type": "array", "items": TEXT}}),
        create(WIDGETS, widget(x="a")),
        patch(f"{WIDGETS}/w", {"spec": {"l": ["b"]}}),
        patch(f"{WIDGETS}/w", [{"op": "add", "path": "/spec/l/-", "value": "c"}], "application/json-patch+json"),
        patch(f"{WIDGETS}/w", {}, STRATEGIC),
    ],
    "deleted": [*schema({}), create(WIDGETS, widget()), delete(f"{WIDGETS}/w"), delete(f"{WIDGETS}/w")],
    "bad-names": [*schema({}), create(WIDGETS, widget("A_b")), create(WIDGETS, {**widget(), "kind": "Other"})],
    "columns": [
        *defined(
            version(
                spec_of(
                    {
                        "n": NUMBER,
                        "t": TEXT,
                        "d": {**TEXT, "format": "date-time"},
                        "l": {"type": "array", "items": TEXT},
                    }
                ),
                additionalPrinterColumns=[
                    {"name": "Number", "type": "integer", "jsonPath": ".spec.n", "description": "How many."},
                    {"name": "Text", "type": "string", "jsonPath": ".spec.t", "priority": 1},
                    {"name": "Since", "type": "date", "jsonPath": ".spec.d"},
                    {"name": "All", "type": "string", "jsonPath": ".spec.l"},
                    {"name": "First", "type": "string", "jsonPath": ".spec.l[0]"},
                ],
            )
        ),
        *each({"n": 1, "t": "x", "l": ["a", "b"]}, {}),
        get(WIDGETS, TABLE, includeObject="None"),
    ],
    "plain-columns": [*schema({}), create(WIDGETS, widget()), get(WIDGETS, TABLE, includeObject="None")],
    "status": [
        *defined(SCALED),
        create(WIDGETS, {**widget(count=2), "status": {"count": 9}}),
        patch(f"{WIDGETS}/w", {"status": {"count": 8}}),
        patch(
            f"{WIDGETS}/w/status", {"status": {"count": 1}, "spec": {"count": 7}, "metadata": {"labels": {"a": "b"}}}
        ),
        put(
            f"{WIDGETS}/w/status", {**widget(), "metadata": {"name": "w", "resourceVersion": "{version}"}, "status": {}}
        ),
        apply(
            f"{WIDGETS}/w/status",
            {
                "apiVersion": "{ns}.example.com/v1",
                "kind": "Widget",
                "metadata": {"name": "w"},
                "status": {"sel": "a=b"},
            },
        ),
        get(f"{WIDGETS}/w/status"),
    ],
    "no-status": [
        *schema({}),
        create(WIDGETS, widget()),
        get(f"{WIDGETS}/w/status"),
        patch(f"{WIDGETS}/w/scale", {"spec": {"replicas": 1}}),
    ],
    "scale": [
        *defined(SCALED),
        create(WIDGETS, widget(count=2)),
        get(f"{WIDGETS}/w/scale"),
        patch(f"{WIDGETS}/w/scale", {"spec": {"replicas": 5}}),
        get(f"{WIDGETS}/w"),
        patch(f"{WIDGETS}/w/scale", {"spec": {"replicas": -1}}),
    ],
    "counts-changes": [
        *defined(SCALED),
        create(WIDGETS, widget(count=1)),
        patch(f"{WIDGETS}/w", {"metadata": {"labels": {"a": "b"}}}),
        patch(f"{WIDGETS}/w", {"spec": {"count": 2}}),
    ],
    "rules": fields({"type": "integer", **RULES}, 1, 2),
}
