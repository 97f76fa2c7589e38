"""CustomResourceDefinitions: the kind that one defines, and the conditions that it gets."""

from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.kinds import Kind, Kinds, Version
from kfinstall.sandbox.kubernetes import kubernetes_data
from kfinstall.sandbox.schema import Schema

VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
NAME, AGE = "Name", "Age"
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def defined(body: Body) -> Kind:
    """The kind that a definition defines."""
    spec = body["spec"]
    names = spec["names"]
    versions = {
        version["name"]: Version(
            version["name"],
            _schema(version),
            frozenset(version.get("subresources") or ()),
            tuple(_columns(version)),
            _entry(spec, version),
        )
        for version in spec["versions"]
        if version.get("served")
    }
    storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
    return Kind(
        spec["group"],
        names["plural"],
        names["kind"],
        spec["scope"] == "Namespaced",
        _by_priority(versions),
        storage,
        VERBS,
        body,
    )


def _by_priority(versions: dict[str, Version]) -> dict[str, Version]:
    """v2 before v1 before v1beta1 before v1alpha1 (apimachinery/pkg/version/helpers.go)."""
    return dict(sorted(versions.items(), key=lambda each: version_rank(each[0])))


def version_rank(name: str) -> tuple[int, int, int, str]:
    for stage, word in enumerate(("", "beta", "alpha")):
        main, found, minor = name.removeprefix("v").partition(word) if word else (name.removeprefix("v"), "", "0")
        if main.isdigit() and minor.isdigit() and (found or not word):
            return stage, -int(main), -int(minor), name
    return 3, 0, 0, name


def _schema(version: Body) -> Schema:
    """The version's schema, with apiVersion, kind and metadata, which every object has."""
    source: Body = dict(
        (version.get("schema") or {}).get("openAPIV3Schema") or {"x-kubernetes-preserve-unknown-fields": True}
    )
    meta = kubernetes_data().schemas["api/v1"]["components"]["schemas"]
    properties = {
        **(source.get("properties") or {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": f"#/components/schemas/{METADATA}"},
    }
    if "status" in (version.get("subresources") or {}):
        properties.setdefault("status", {"type": "object", "x-kubernetes-preserve-unknown-fields": True})
    return Schema({**source, "type": "object", "properties": properties}, meta, custom=True)


def _columns(version: Body) -> list[Body]:
    columns: list[Body] = [{"name": NAME, "type": "string", "format": "name", "description": "", "priority": 0}]
    given = version.get("additionalPrinterColumns") or [
        {"name": AGE, "type": "date", "jsonPath": ".metadata.creationTimestamp"}
    ]
    return columns + [{"format": "", "description": "", "priority": 0, **column} for column in given]


def _entry(spec: Body, version: Body) -> Body:
    names = spec["names"]
    kind = {"group": spec["group"], "version": version["name"], "kind": names["kind"]}
    entry: Body = {
        "resource": names["plural"],
        "responseKind": kind,
        "scope": spec["scope"],
        "singularResource": names.get("singular") or names["kind"].lower(),
        "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
    }
    for key in ("shortNames", "categories"):
        if names.get(key):
            entry[key] = names[key]
    found = []
    for name in sorted(version.get("subresources") or {}):
        shown = {"group": "autoscaling", "version": "v1", "kind": "Scale"} if name == "scale" else kind
        found.append({"subresource": name, "responseKind": shown, "verbs": ["get", "patch", "update"]})
    return {**entry, "subresources": found} if found else entry


def status_of(body: Body, kinds: Kinds, now: str) -> tuple[Body, bool]:
    """The status of a definition, and whether its names are accepted (apiextensions-apiserver's namingcontroller)."""
    spec = body["spec"]
    group, names = spec["group"], spec["names"]
    problem = _name_in_use(group, names, kinds)
    before = {each["type"]: each for each in (body.get("status") or {}).get("conditions") or ()}
    if problem:
        accepted = _condition("NamesAccepted", "False", *problem, now, before)
        established = _condition("Established", "False", "NotAccepted", "not all names are accepted", now, before)
    else:
        accepted = _condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", now, before)
        established = _condition(
            "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now, before
        )
    stored = list((body.get("status") or {}).get("storedVersions") or ())
    stored += [each["name"] for each in spec["versions"] if each.get("storage") and each["name"] not in stored]
    status = {"conditions": [accepted, established], "acceptedNames": names, "storedVersions": stored}
    return status, not problem


def _name_in_use(group: str, names: Body, kinds: Kinds) -> tuple[str, str] | None:
    for kind in kinds.custom():
        if kind.group == group and kind.plural != names["plural"] and kind.kind == names["kind"]:
            return "KindConflict", f'"{names["kind"]}" is already in use'
    return None


def _condition(kind: str, status: str, reason: str, message: str, now: str, before: dict[str, Any]) -> Body:
    old = before.get(kind) or {}
    since = old.get("lastTransitionTime") if old.get("status") == status else None
    return {"type": kind, "status": status, "lastTransitionTime": since or now, "reason": reason, "message": message}
