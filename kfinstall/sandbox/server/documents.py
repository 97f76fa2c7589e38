"""What a client reads before anything else: /version, /api, /apis, aggregated discovery, OpenAPI."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.definitions import version_rank
from kfinstall.sandbox.types.kinds import Kind, Kinds
from kfinstall.sandbox.types.kubernetes import kubernetes_data

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


VERSION_TWO_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
NO_KINDS = b"\n\x032.0\x12\x14\n\nKubernetes\x12\x06v1.0.0"
"""A Document of version 2 that names nothing: kubectl asks for it when version 3 does not know a kind."""


def document(path: str, accept: str, kinds: Kinds) -> tuple[Body | bytes, str] | None:
    """The document of a path and its content type; None when there is none."""
    parts = [part for part in path.split("/") if part]
    match parts:
        case ["version"]:
            return kubernetes_data().version, ""
        case ["api"]:
            return _root(accept, kinds, core=True)
        case ["apis"]:
            return _root(accept, kinds, core=False)
        case ["api", version]:
            return _resource_list("", version, kinds)
        case ["apis", group]:
            return _group_document(group, kinds)
        case ["apis", group, version]:
            return _resource_list(group, version, kinds)
        case ["openapi", version, *rest]:
            return _openapi(version, "/".join(rest), accept, kinds)
    return None


def _openapi(version: str, path: str, accept: str, kinds: Kinds) -> tuple[Body | bytes, str] | None:
    if version == "v2" and not path:
        if "openapi.spec.v2" in accept and "application/json" not in accept:
            return NO_KINDS, VERSION_TWO_PROTOBUF
        return _version_two(kinds), ""
    if version != "v3":
        return None
    if not path:
        return {"paths": {name: {"serverRelativeURL": _address(name, kinds)} for name in _schema_paths(kinds)}}, ""
    found = _schema_document(path, kinds)
    return (found, "") if found else None


def _root(accept: str, kinds: Kinds, *, core: bool) -> tuple[Body, str]:
    if "as=APIGroupDiscoveryList" in accept and "v=v2" in accept.replace("v=v2beta1", ""):
        items = list(_groups(kinds, core=core))
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        }, AGGREGATED
    if core:
        addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}, ""
    groups = [_group(item) for item in _groups(kinds, core=False)]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}, ""


def _groups(kinds: Kinds, *, core: bool) -> Iterator[Body]:
    for group in kubernetes_data().groups:
        if core == (not group["metadata"].get("name")):
            yield group
    if not core:
        yield from _custom_groups(kinds)


def _custom_groups(kinds: Kinds) -> Iterator[Body]:
    found: dict[str, dict[str, list[Body]]] = {}
    for kind in kinds.custom():
        for version in kind.versions.values():
            found.setdefault(kind.group, {}).setdefault(version.name, []).append(version.entry)
    for group, versions in sorted(found.items()):
        served = [
            {"version": name, "resources": entries, "freshness": "Current"}
            for name, entries in sorted(versions.items(), key=lambda each: version_rank(each[0]))
        ]
        yield {"metadata": {"name": group}, "versions": served}


def _group(item: Body) -> Body:
    name = item["metadata"]["name"]
    versions = [{"groupVersion": f"{name}/{each['version']}", "version": each["version"]} for each in item["versions"]]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _group_document(group: str, kinds: Kinds) -> tuple[Body, str] | None:
    for item in _groups(kinds, core=False):
        if item["metadata"]["name"] == group:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(item)}, ""
    return None


def _resource_list(group: str, version: str, kinds: Kinds) -> tuple[Body, str] | None:
    for item in _groups(kinds, core=not group):
        if item["metadata"].get("name", "") != group:
            continue
        for served in item["versions"]:
            if served["version"] == version:
                resources = [entry for each in served["resources"] for entry in _legacy(each, group, version, kinds)]
                head = {"kind": "APIResourceList", **({"apiVersion": "v1"} if group else {})}
                group_version = f"{group}/{version}" if group else version
                return {**head, "groupVersion": group_version, "resources": resources}, ""
    return None


def _storage_hash(kind: Kind | None) -> str:
    """Of the version that objects are kept in (apiserver/pkg/endpoints/discovery/storageversionhash.go)."""
    if kind is None or "get" not in kind.verbs or kind.plural == "componentstatuses":
        return ""
    text = f"{kind.group}/{kind.storage}/{kind.kind}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def _legacy(entry: Body, group: str, version: str, kinds: Kinds) -> Iterator[Body]:
    namespaced = entry["scope"] == "Namespaced"
    shown: Body = {
        "name": entry["resource"],
        "singularName": entry["singularResource"],
        "namespaced": namespaced,
        "kind": entry["responseKind"]["kind"],
        "verbs": entry["verbs"],
    }
    for key in ("shortNames", "categories"):
        if key in entry:
            shown[key] = entry[key]
    stored = _storage_hash(kinds.get(group, entry["resource"]))
    yield {**shown, "storageVersionHash": stored} if stored else shown
    for each in entry.get("subresources") or ():
        kind = each.get("responseKind") or {}
        foreign = (kind.get("group", ""), kind.get("version", "")) != (group, version)
        extra = {key: kind[key] for key in ("group", "version") if kind.get(key) and foreign}
        yield {
            "name": f"{entry['resource']}/{each['subresource']}",
            "singularName": "",
            "namespaced": namespaced,
            "kind": kind.get("kind", ""),
            "verbs": each["verbs"],
            **extra,
        }


def _schema_paths(kinds: Kinds) -> list[str]:
    custom = {f"apis/{kind.group}/{version}" for kind in kinds.custom() for version in kind.versions}
    return [*kubernetes_data().schemas, *sorted(custom)]


def _address(path: str, kinds: Kinds) -> str:
    """With a hash that clients keep documents by."""
    custom = [kind for kind in kinds.custom() if path.startswith(f"apis/{kind.group}/")]
    seed = path + "".join(str(kind.definition and kind.definition["metadata"]["resourceVersion"]) for kind in custom)
    return f"/openapi/v3/{path}?hash={hashlib.sha256(seed.encode()).hexdigest().upper()}"


def _schema_document(path: str, kinds: Kinds) -> Body | None:
    found = kubernetes_data().schemas.get(path)
    if found:
        return dict(found)
    schemas: Body = {}
    paths: Body = {}
    for kind in kinds.custom():
        for version in kind.versions.values():
            if path == f"apis/{kind.group}/{version.name}":
                schemas[_schema_name(kind, version.name)] = _custom_schema(kind, version.name)
                paths.update(_custom_paths(kind, version.name))
    if not schemas:
        return None
    components = kubernetes_data().schemas["api/v1"]["components"]["schemas"]
    schemas |= {name: schema for name, schema in components.items() if ".apis.meta.v1." in name}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _schema_name(kind: Kind, version: str) -> str:
    return ".".join([*reversed(kind.group.split(".")), version, kind.kind])


def _custom_schema(kind: Kind, version: str) -> Body:
    named = {"group": kind.group, "version": version, "kind": kind.kind}
    return {**kind.versions[version].schema.source, "x-kubernetes-group-version-kind": [named]}


def _custom_paths(kind: Kind, version: str) -> Body:
    """kubectl looks for the verbs' group-version-kind there, for example to learn of fieldValidation."""
    named = {"group": kind.group, "version": version, "kind": kind.kind}
    middle = "/namespaces/{namespace}" if kind.namespaced else ""
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    root = f"/apis/{kind.group}/{version}{middle}/{kind.plural}"
    verbs = {"patch": "patch", "put": "put"}
    one = {
        verb: {"parameters": parameters, "x-kubernetes-action": act, "x-kubernetes-group-version-kind": named}
        for verb, act in verbs.items()
    }
    post = {"post": {"parameters": parameters, "x-kubernetes-action": "post", "x-kubernetes-group-version-kind": named}}
    return {root: post, f"{root}/{{name}}": one}


def _version_two(kinds: Kinds) -> Body:
    """The same schemas under their names of version 2, without paths."""
    definitions: Body = {}
    for path in _schema_paths(kinds):
        found = _schema_document(path, kinds)
        definitions |= (found or {}).get("components", {}).get("schemas", {})
    version = kubernetes_data().version["gitVersion"]
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": {},
        "definitions": {name: _as_version_two(schema) for name, schema in definitions.items()},
    }


def _as_version_two(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_version_two(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "allOf" in value and len(value["allOf"]) == 1 and "$ref" in value["allOf"][0]:
        value = {**{key: child for key, child in value.items() if key != "allOf"}, **value["allOf"][0]}
    converted = {key: _as_version_two(child) for key, child in value.items() if key not in {"oneOf", "anyOf"}}
    if isinstance(converted.get("$ref"), str):
        converted["$ref"] = converted["$ref"].replace("#/components/schemas/", "#/definitions/")
    return converted
