"""The options of requests, refused where Kubernetes refuses them.

The rules are those of k8s.io/apimachinery: pkg/apis/meta/v1/validation and pkg/apis/meta/internalversion/validation.
"""

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.requests import APPLY, Request
from kfinstall.sandbox.server.status import Cause, invalid, not_allowed, not_supported, required, wrong

GROUP = "meta.k8s.io"
LONGEST_MANAGER = 128
"""Bytes of a field manager's name."""

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


def check_writing(request: Request) -> None:
    """Of POST, PUT and PATCH. Raises StatusError 422."""
    causes = [*_manager(request), *_dry(request), *_checking(request)]
    if request.method == "PATCH":
        causes = [*_applying(request), *causes]
    _refuse(_KINDS[request.method], causes)


def check_deleting(request: Request, options: Body) -> None:
    """Of DELETE; options: those of its body and its query. Raises StatusError 422."""
    causes, policy = [], options.get("propagationPolicy")
    if policy is not None and options.get("orphanDependents") is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(wrong("propagationPolicy", policy, why))
    if policy not in {None, "Foreground", "Background", "Orphan"}:
        causes.append(not_supported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]))
    _refuse("DeleteOptions", [*causes, *_dry(request)])


def check_listing(request: Request) -> None:
    """Of lists and watches. Raises StatusError 422."""
    _refuse("ListOptions", _watching(request) if request.flag("watch") else _listing(request))


def _refuse(kind: str, causes: list[Cause]) -> None:
    if causes:
        raise invalid(GROUP, kind, "", causes)


def _manager(request: Request) -> list[Cause]:
    name = request.query.get("fieldManager", "")
    causes = []
    if len(name.encode()) > LONGEST_MANAGER:
        why = f"Too long: may not be more than {LONGEST_MANAGER} bytes"
        causes.append(Cause("FieldValueTooLong", "fieldManager", why))
    for place, letter in enumerate(name):
        if not letter.isprintable():
            why = f"invalid character U+{ord(letter):04X} (at position {place})"
            causes.append(wrong("fieldManager", name, why))
    return causes


def _dry(request: Request) -> list[Cause]:
    wanted = request.query.get("dryRun")
    return [not_supported("dryRun", [wanted], ["All"])] if wanted and wanted != "All" else []


def _checking(request: Request) -> list[Cause]:
    wanted, known = request.query.get("fieldValidation", ""), ["", "Ignore", "Strict", "Warn"]
    return [] if wanted in known else [not_supported("fieldValidation", wanted, known)]


def _applying(request: Request) -> list[Cause]:
    if request.content.partition(";")[0] == APPLY:
        named = request.query.get("fieldManager")
        return [] if named else [required("fieldManager", "is required for apply patch")]
    return [not_allowed("force", "may not be specified for non-apply patch")] if "force" in request.query else []


def _listing(request: Request) -> list[Cause]:
    causes, match = [], request.query.get("resourceVersionMatch", "")
    version, field = request.query.get("resourceVersion", ""), "resourceVersionMatch"
    if match and not version:
        causes.append(not_allowed(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and request.query.get("continue"):
        causes.append(not_allowed(field, "resourceVersionMatch is forbidden when continue is provided"))
    if match not in {"", EXACT, NOT_OLDER}:
        causes.append(not_supported(field, match, [EXACT, NOT_OLDER, ""]))
    if match == EXACT and version == "0":
        causes.append(not_allowed(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if "sendInitialEvents" in request.query:
        causes.append(not_allowed("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return causes


def _watching(request: Request) -> list[Cause]:
    causes, match = [], request.query.get("resourceVersionMatch", "")
    field, initial = "resourceVersionMatch", "sendInitialEvents" in request.query
    if initial and match != NOT_OLDER:
        causes.append(not_allowed(field, f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"))
    if match and not initial:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(not_allowed(field, why))
    if match not in {"", NOT_OLDER}:
        causes.append(not_supported(field, match, [NOT_OLDER]))
    if match and request.query.get("continue"):
        causes.append(not_allowed(field, "resourceVersionMatch is forbidden when continue is provided"))
    return causes
