"""CustomResourceDefinitions: what is refused in one, whose names they get, what becomes of their objects."""

from typing import Any

from tests.sandbox.cases.steps import (
    DEFINITIONS,
    GROUP,
    WIDGETS,
    Cases,
    Step,
    apply,
    create,
    defined,
    definition,
    delete,
    get,
    patch,
    put,
    settled,
    spec_of,
    version,
    widget,
)

NAME = f"widgets.{GROUP}"


def of_schema(schema: Any) -> Step:
    return create(DEFINITIONS, definition(version(schema)))


def of_field(field: Any) -> Step:
    """A definition with one field."""
    return of_schema(spec_of({"x": field}))


CASES: Cases = {
    "new": [create(DEFINITIONS, definition()), settled(NAME)],
    "applied": [apply(f"{DEFINITIONS}/{NAME}", definition()), settled(NAME)],
    "applied-twice": [
        apply(f"{DEFINITIONS}/{NAME}", definition()),
        settled(NAME),
        apply(f"{DEFINITIONS}/{NAME}", definition()),
        apply(f"{DEFINITIONS}/{NAME}", definition(version(spec_of({"x": {"type": "string"}})))),
    ],
    "with-all-names": [
        create(
            DEFINITIONS,
            definition(
                names={
                    "plural": "widgets",
                    "singular": "widget",
                    "kind": "Widget",
                    "listKind": "WidgetList",
                    "shortNames": ["wd"],
                    "categories": ["all"],
                }
            ),
        ),
        settled(NAME),
    ],
    "of-another-name": [create(DEFINITIONS, {**definition(), "metadata": {"name": "other.{ns}.example.com"}})],
    "of-no-scope": [create(DEFINITIONS, definition(scope="")), create(DEFINITIONS, definition(scope="Everywhere"))],
    "of-no-kind": [create(DEFINITIONS, definition(names={"plural": "widgets"}))],
    "of-bad-names": [
        create(DEFINITIONS, definition(names={"plural": "widgets", "kind": "Wid get", "shortNames": ["A_b"]}))
    ],
    "of-nothing": [
        create(
            DEFINITIONS,
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": NAME}},
        )
    ],
    "without-versions": [create(DEFINITIONS, {**definition(), "spec": {**definition()["spec"], "versions": []}})],
    "without-a-schema": [
        create(DEFINITIONS, definition({"name": "v1", "served": True, "storage": True})),
        create(DEFINITIONS, definition(version({"properties": {}}))),
    ],
    "stored-twice": [create(DEFINITIONS, definition(version(), version(name="v2", storage=True)))],
    "stored-never": [create(DEFINITIONS, definition(version(storage=False)))],
    "versions-twice": [create(DEFINITIONS, definition(version(), version()))],
    "of-a-bad-version": [create(DEFINITIONS, definition(version(), version(name="V_2")))],
    "unstructured-schemas": [
        of_field({"description": "no type"}),
        of_field({"type": "object", "additionalProperties": False}),
        of_field({"type": "array"}),
        of_field({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
        of_field({"type": "string", "x-kubernetes-int-or-string": True}),
        of_field({"type": "text"}),
    ],
    "schemas-with-faults": [
        of_field({"type": "string", "pattern": "("}),
        of_field({"type": "string", "default": 1}),
        of_field({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}),
        of_field({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "pile"}),
        of_schema({"type": "string"}),
        of_schema(spec_of({"x": {"type": "string"}}, required=["y"])),
    ],
    "rules-with-faults": [
        of_field({"type": "string", "x-kubernetes-validations": [{"rule": "self.("}]}),
        of_field({"type": "string", "x-kubernetes-validations": [{"rule": ""}]}),
    ],
    "columns-with-faults": [
        create(
            DEFINITIONS, definition(version(additionalPrinterColumns=[{"name": "", "type": "text", "jsonPath": "x"}]))
        )
    ],
    "converted-by-nobody": [create(DEFINITIONS, definition(conversion={"strategy": "Magic"}))],
    "converted-by-a-webhook": [
        create(
            DEFINITIONS,
            definition(
                conversion={
                    "strategy": "Webhook",
                    "webhook": {
                        "conversionReviewVersions": ["v1"],
                        "clientConfig": {"service": {"name": "s", "namespace": "{ns}"}},
                    },
                }
            ),
        ),
        create(DEFINITIONS, definition(conversion={"strategy": "Webhook"})),
    ],
    "kinds-in-use": [
        create(DEFINITIONS, definition()),
        settled(NAME),
        create(DEFINITIONS, definition(plural="others", kind="Widget")),
        settled(f"others.{GROUP}"),
    ],
    "names-in-use": [
        create(DEFINITIONS, definition()),
        settled(NAME),
        create(
            DEFINITIONS, definition(plural="others", names={"plural": "others", "kind": "Other", "singular": "widget"})
        ),
        settled(f"others.{GROUP}"),
        create(
            DEFINITIONS,
            definition(plural="thirds", names={"plural": "thirds", "kind": "Third", "shortNames": ["widgets"]}),
        ),
        settled(f"thirds.{GROUP}"),
        create(
            DEFINITIONS,
            definition(plural="fourths", names={"plural": "fourths", "kind": "Fourth", "listKind": "WidgetList"}),
        ),
        settled(f"fourths.{GROUP}"),
    ],
    "fixed-fields": [
        create(DEFINITIONS, definition()),
        settled(NAME),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"scope": "Cluster"}}),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"names": {"plural": "others"}}}),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"names": {"kind": "Other", "listKind": "OtherList"}}}),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"group": "other.example.com"}}),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"preserveUnknownFields": True}}),
    ],
    "stored-versions": [
        *defined(version(), version(name="v2")),
        put(
            f"{DEFINITIONS}/{NAME}",
            {
                **definition(version(storage=False), version(name="v2", storage=True)),
                "metadata": {"name": NAME, "resourceVersion": "{version}"},
            },
        ),
        patch(
            f"{DEFINITIONS}/{NAME}",
            {"spec": {"versions": [version(storage=False), version(name="v2", storage=True)]}},
        ),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"versions": [version(name="v2", storage=True)]}}),
        patch(f"{DEFINITIONS}/{NAME}/status", {"status": {"storedVersions": ["v2"]}}),
        patch(f"{DEFINITIONS}/{NAME}", {"spec": {"versions": [version(name="v2", storage=True)]}}),
    ],
    "several-versions": [
        *defined(version(), version(name="v2")),
        create(WIDGETS, widget(x=1)),
        Step(
            "GET",
            WIDGETS.replace("/v1/", "/v2/") + "/w",
            until=lambda code, _body: code == 200,
        ),
        patch(WIDGETS.replace("/v1/", "/v2/") + "/w", {"spec": {"y": 2}}),
        get(WIDGETS),
        create(WIDGETS, widget("wrong", api="v2")),
    ],
    "deletion-with-objects": [
        *defined(),
        create(WIDGETS, {**widget(), "metadata": {"name": "w", "finalizers": ["example.com/hold"]}}),
        delete(f"{DEFINITIONS}/{NAME}"),
        Step(
            "GET",
            f"{WIDGETS}/w",
            until=lambda _code, body: "deletionTimestamp" in body.get("metadata", {}),
        ),
        create(WIDGETS, widget("late")),
        patch(f"{WIDGETS}/w", {"metadata": {"finalizers": None}}),
        Step("GET", f"{DEFINITIONS}/{NAME}", until=lambda code, _body: code == 404),
        Step("GET", WIDGETS, until=lambda code, _body: code == 404),
    ],
    "selectable-fields": [
        *defined(version(spec_of({"color": {"type": "string"}}), selectableFields=[{"jsonPath": ".spec.color"}])),
        create(WIDGETS, widget("red", color="red")),
        create(WIDGETS, widget("blue", color="blue")),
        Step(
            "GET",
            WIDGETS,
            query={"fieldSelector": "spec.color=red"},
            until=lambda code, _body: code == 200,
        ),
        get(WIDGETS, fieldSelector="spec.size=1"),
    ],
    "definition-with-a-protected-group": [
        create(
            DEFINITIONS,
            {
                **definition(),
                "metadata": {"name": "widgets.{ns}.k8s.io"},
                "spec": {**definition()["spec"], "group": "{ns}.k8s.io"},
            },
        )
    ],
}
