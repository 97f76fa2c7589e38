"""CustomResourceDefinitions: the kind that one defines, and the conditions that it gets."""

from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import Kind, Kinds, Version
from kfinstall.sandbox.types.kubernetes import kubernetes_data
from kfinstall.sandbox.types.schema import Schema

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
    return Schema({**source, "type": "object", "properties": properties}, meta, custom=True)


def _columns(version: Body) -> list[Body]:
    columns: list[Body] = [{"name": NAME, "type": "string", "format": "name", "description": _described("name")}]
    for given in version.get("additionalPrinterColumns") or ():
        told = f"Custom resource definition column (in JSONPath format): {given['jsonPath']}"
        columns.append({"format": "", "description": told, **given})
    if len(columns) == 1:
        path = ".metadata.creationTimestamp"
        described = _described("creationTimestamp")
        columns.append({"name": AGE, "type": "date", "format": "", "description": described, "jsonPath": path})
    return [{"priority": 0, **column} for column in columns]


def _described(name: str) -> str:
    """What a field of every object's metadata is for."""
    schemas = kubernetes_data().schemas["api/v1"]["components"]["schemas"]
    return str(schemas[METADATA]["properties"][name]["description"])


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
    """The status of a definition, and whether it is served (apiextensions-apiserver's namingcontroller)."""
    old = body.get("status") or {}
    before = {each["type"]: each for each in old.get("conditions") or ()}
    names, problem = _accepted_names(body, kinds)
    reason, message = problem or ("NoConflicts", "no conflicts found")
    accepted = _condition("NamesAccepted", "False" if problem else "True", reason, message, now, before)
    established = before.get("Established") or {}
    if established.get("status") != "True":
        established = (
            _condition("Established", "False", "NotAccepted", "not all names are accepted", now, before)
            if problem
            else _condition("Established", "True", "InitialNamesAccepted", ESTABLISHED, now, before)
        )
    status = {**old, "conditions": [accepted, established], "acceptedNames": names}
    return status, established["status"] == "True"


ESTABLISHED = "the initial names have been accepted"


def _accepted_names(body: Body, kinds: Kinds) -> tuple[Body, tuple[str, str] | None]:
    """The names that nobody else in the group has, and the reason and message of the last one that somebody has."""
    wanted, old = body["spec"]["names"], (body.get("status") or {}).get("acceptedNames") or {}
    others = [
        each for each in kinds.custom() if each.group == body["spec"]["group"] and each.plural != wanted["plural"]
    ]
    names = [(each.definition or {})["status"]["acceptedNames"] for each in others]
    resources = {name for each in names for name in (each["plural"], each.get("singular"), *each.get("shortNames", ()))}
    kinds_in_use = {name for each in names for name in (each["kind"], each.get("listKind"))}
    accepted: Body = {"plural": "", "kind": "", **old}
    problem: tuple[str, str] | None = None
    for name, reason, taken in (
        ("plural", "PluralConflict", resources),
        ("singular", "SingularConflict", resources),
        ("shortNames", "ShortNamesConflict", resources),
        ("kind", "KindConflict", kinds_in_use),
        ("listKind", "ListKindConflict", kinds_in_use),
    ):
        value = wanted.get(name)
        used = [each for each in (value if isinstance(value, list) else [value]) if each in taken and each]
        if used:
            problem = reason, ", ".join(f'"{each}" is already in use' for each in used)
        elif value:
            accepted[name] = value
        else:
            accepted.pop(name, None)
    if wanted.get("categories"):
        accepted["categories"] = wanted["categories"]
    return accepted, problem


def _condition(kind: str, status: str, reason: str, message: str, now: str, before: dict[str, Any]) -> Body:
    old = before.get(kind) or {}
    since = old.get("lastTransitionTime") if old.get("status") == status else None
    return {"type": kind, "status": status, "lastTransitionTime": since or now, "reason": reason, "message": message}
