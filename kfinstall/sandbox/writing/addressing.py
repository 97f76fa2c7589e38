"""Whether a body is of the object that the address of its request names, and of the state that it was made from."""

from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import MODIFIED, StatusError, bad_request, conflict, invalid, wrong
from kfinstall.sandbox.types.kinds import Kinds
from kfinstall.sandbox.writing.write import Write


def check_address(write: Write, body: Any, kinds: Kinds, *, standing: bool = False) -> None:
    """The object in the body is the one that the address names; applied to a standing one it needs no name."""
    if not isinstance(body, dict):
        raise bad_request("the body is not an object")
    _check_type(write, body, kinds)
    if not isinstance(body.setdefault("metadata", {}), dict):
        raise bad_request("metadata is not an object")
    name, namespace = body["metadata"].get("name") or "", body["metadata"].get("namespace") or ""
    if write.kind.namespaced and namespace not in ("", write.namespace):  # of any type
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if write.name and not name and not standing:
        raise bad_request(
            f"the name of the object ({write.name} based on URL) was undeterminable: name must be provided"
        )
    if write.name and name not in ("", write.name):
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({write.name})")


def _check_type(write: Write, body: Body, kinds: Kinds) -> None:
    """Raises StatusError when the body is of another kind or version; without any it is of the address's."""
    kind, wanted = write.kind, write.api_version
    given, version = body.setdefault("kind", kind.kind), body.setdefault("apiVersion", wanted)
    if kind.custom and version != wanted:
        raise bad_request(f"the API version in the data ({version}) does not match the expected API version ({wanted})")
    if kind.custom and given != kind.kind:
        name = str((body.get("metadata") or {}).get("name", ""))
        raise invalid(kind.group, str(given), name, [wrong("kind", given, f"must be {kind.kind}")])
    if given != kind.kind or version != wanted:
        why = f'no kind "{given}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
        other = kinds.of_body({"apiVersion": str(version), "kind": given})
        if other is not None and not other.custom:
            internal = kind.group.partition(".")[0] or "core"
            short = str(version).rpartition("/")[2]
            why = f"converting ({short}.{given}) to ({internal}.{kind.kind}): unknown conversion"
        raise bad_request(
            f'{given} in version "{str(version).rpartition("/")[2]}" cannot be handled as a {kind.kind}: {why}'
        )


def check_version(write: Write, old: Body, body: Body) -> None:
    """Raises StatusError when somebody has changed the object meanwhile."""
    given = str(body["metadata"].get("resourceVersion") or "")
    if given and not given.isdecimal():
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{given}": invalid syntax')
    if given and given != old["metadata"]["resourceVersion"]:
        raise conflict(write.kind.group, write.kind.plural, write.name, MODIFIED)
