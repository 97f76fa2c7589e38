"""CustomResourceDefinitions (apiextensions-apiserver/pkg/apis/apiextensions/validation)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, not_supported, required, wrong
from kfinstall.sandbox.types.schema import Schema
from kfinstall.sandbox.types.structural import value_faults
from kfinstall.sandbox.validation.names import SERVICE_NAME, SERVICE_TEXT
from kfinstall.sandbox.validation.rules import fixed, given, one_of

TYPES = ("array", "boolean", "integer", "number", "object", "string")
LISTS = ("atomic", "set", "map")
COLUMNS = ("boolean", "date", "integer", "number", "string")
APPROVAL = "api-approved.kubernetes.io"
PROTECTED = re.compile(r"(^|\.)(k8s|kubernetes)\.io$")


def definition(body: Body, old: Body | None) -> Iterator[Cause]:
    spec = body.get("spec") or {}
    names = spec.get("names") or {}
    named = f"{names.get('plural', '')}.{spec.get('group', '')}" if names else ""
    if old is None and body["metadata"].get("name") != named:
        yield wrong("metadata.name", body["metadata"].get("name"), 'must be spec.names.plural+"."+spec.group')
    yield from given("spec.group", spec.get("group"))
    scope = spec.get("scope")
    yield from one_of("spec.scope", scope, ("Cluster", "Namespaced")) if scope else given("spec.scope", scope)
    versions = spec.get("versions") or []
    if len({version.get("name") for version in versions}) < len(versions):
        yield wrong("spec.versions", _internal(versions), "must contain unique version names")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield wrong(
            "spec.versions", _internal(spec.get("versions")), "must have exactly one version marked as storage version"
        )
    for n, version in enumerate(versions):
        yield from _version(version, f"spec.versions[{n}]", alone=len(versions) == 1)
    yield from _names(names)
    yield from _conversion(spec.get("conversion") or {})
    if PROTECTED.search(str(spec.get("group"))) and APPROVAL not in (body["metadata"].get("annotations") or {}):
        why = f'protected groups must have approval annotation "{APPROVAL}", see '
        address = "https://github.com/kubernetes/enhancements/pull/1111"
        yield required(f"metadata.annotations[{APPROVAL}]", why + address)
    if spec.get("preserveUnknownFields"):
        where = "set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        yield wrong("spec.preserveUnknownFields", True, f"cannot set to true, {where}")
    if old is not None:
        yield from _fixed(spec, old)
    yield from _stored((body.get("status") or {}).get("storedVersions") or [], versions)


def _names(names: Mapping[str, Any]) -> Iterator[Cause]:
    for name in ("plural", "singular", "kind", "listKind"):
        text = str(names.get(name) or "")
        if text in {"", "List"}:
            yield required(f"spec.names.{name}")
        elif not SERVICE_NAME.fullmatch(text.lower()):
            mixed = "may have mixed case, but should otherwise match: " if name in {"kind", "listKind"} else ""
            yield wrong(f"spec.names.{name}", text, mixed + SERVICE_TEXT)
    for n, text in enumerate(names.get("shortNames") or ()):
        if not SERVICE_NAME.fullmatch(text):
            yield wrong(f"spec.names.shortNames[{n}]", text, SERVICE_TEXT)


def _conversion(conversion: Body) -> Iterator[Cause]:
    yield from one_of("spec.conversion.strategy", conversion.get("strategy"), ("None", "Webhook"))
    if conversion.get("strategy") == "Webhook" and not (conversion.get("webhook") or {}).get("clientConfig"):
        yield required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook")
        yield required("spec.conversion.conversionReviewVersions")


def _fixed(spec: Body, old: Body) -> Iterator[Cause]:
    before = old["spec"]
    yield from fixed("spec.group", spec.get("group"), before.get("group"))
    yield from fixed("spec.scope", spec.get("scope"), before.get("scope"))
    for name in ("plural", "kind"):
        yield from fixed(f"spec.names.{name}", spec["names"].get(name), before["names"].get(name))


def _internal(versions: list[Body] | None) -> list[Body] | None:
    """As the error shows them: in the type that no version of the API has."""
    if versions is None:
        return None
    return [
        {
            "Name": version.get("name", ""),
            "Served": bool(version.get("served")),
            "Storage": bool(version.get("storage")),
            "Deprecated": bool(version.get("deprecated")),
            "DeprecationWarning": version.get("deprecationWarning"),
            "Schema": None,  # a single one stands in spec.validation, two equal ones as well
            "Subresources": None,
            "AdditionalPrinterColumns": None,
            "SelectableFields": None,
        }
        for version in versions
    ]


def _stored(stored: list[str], versions: list[Body]) -> Iterator[Cause]:
    field = "status.storedVersions"
    if not stored:
        yield wrong(field, None, "must have at least one stored version")
    missing = list(stored)
    for version in versions:
        if version["name"] in missing:
            missing.remove(version["name"])
        elif version.get("storage"):
            yield wrong(field, stored, f"must have the storage version {version['name']}")
    for n, name in enumerate(stored):
        if name in missing:
            yield wrong(
                f"{field}[{n}]",
                name,
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions",
            )


def _version(version: Body, path: str, *, alone: bool) -> Iterator[Cause]:
    name = str(version.get("name") or "")
    if not SERVICE_NAME.fullmatch(name):
        yield wrong(f"{path}.name", name, SERVICE_TEXT)
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    columns = "spec" if alone else path
    for n, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from _column(column, f"{columns}.additionalPrinterColumns[{n}]")
    if schema is None:
        yield required(f"{path}.schema.openAPIV3Schema")
        return
    root = "spec.validation.openAPIV3Schema" if alone else f"{path}.schema.openAPIV3Schema"
    if not schema.get("type"):
        yield required(f"{root}.type", "must not be empty at the root")
    elif schema["type"] != "object":
        yield wrong(f"{root}.type", schema["type"], "must be object at the root")
    else:
        yield from _schema(schema, root)


def _column(column: Body, path: str) -> Iterator[Cause]:
    yield from given(f"{path}.name", column.get("name"))
    if column.get("type") not in COLUMNS:
        yield wrong(f"{path}.type", column.get("type"), f"must be one of {','.join(COLUMNS)}")
    if not str(column.get("jsonPath")).startswith("."):
        yield wrong(f"{path}.JSONPath", column.get("jsonPath"), "must be a simple json path starting with .")


def _pattern(pattern: str | None, path: str) -> Iterator[Cause]:
    """Only what the two languages agree on: Go knows less than Python, and some that Python does not."""
    try:
        re.compile(pattern or "")
    except re.error as error:
        if error.msg == "missing ), unterminated subpattern":
            why = f"error parsing regexp: missing closing ): `{pattern}`"
            yield wrong(path, pattern, f"must be a valid regular expression, but isn't: {why}")


def _default(schema: Body, path: str) -> Iterator[Cause]:
    """A default is of its own schema; what is wrong with it is told without its place in it."""
    if "default" in schema:
        for cause in value_faults(schema["default"], Schema(schema, {}, custom=True)):
            yield replace(cause, field=f"{path}.default")


def _schema(schema: Body, path: str) -> Iterator[Cause]:
    """What keeps a schema from being structural, in each of its nodes."""
    kind = schema.get("type")
    untyped = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not kind and not untyped:
        yield required(f"{path}.type", "must not be empty for specified object fields")
    elif kind and kind not in TYPES:
        yield not_supported(f"{path}.type", kind, TYPES)
    if kind == "array" and "items" not in schema:
        yield required(f"{path}.items", "must be specified")
    yield from one_of(f"{path}.x-kubernetes-list-type", schema.get("x-kubernetes-list-type"), LISTS)
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get("x-kubernetes-list-map-keys"):
        why = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{path}.x-kubernetes-list-map-keys", why)
    yield from _pattern(schema.get("pattern"), f"{path}.pattern")
    yield from _default(schema, path)
    for n, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from given(f"{path}.x-kubernetes-validations[{n}].rule", rule.get("rule"), "rule is not specified")
    for name, child in (schema.get("properties") or {}).items():
        yield from _schema(child, f"{path}.properties[{name}]")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from _schema(schema[name], f"{path}.{name}")
