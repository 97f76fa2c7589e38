"""Which refusals of an object are worth another try, and which one."""

import re
from dataclasses import dataclass

from kfinstall.contracts.plan import Apply
from kfinstall.errors import ApiError, ClusterError, KfinstallError
from kfinstall.words import _

PREDECESSORS = frozenset({"kfctl", "kfinstall"})
"""Field managers whose fields are taken over without asking: kfctl's own, and kfinstall's when it did not apply."""

SOON, LATER = 0.3, 3.0
"""Seconds until the next try: while the server catches up with itself, and while a pod starts."""

CATCHING_UP = 30.0
"""Seconds that a server gets to know what it has just accepted (a namespace, a definition)."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more in some seconds.

    limit: seconds in which trying can help, None for as long as the run waits. force: take the fields in conflict.
    """

    seconds: float
    why: str
    limit: float | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that another manager has set to another value. field: its path. manager: who."""

    field: str
    manager: str


def conflicts(error: Exception) -> list[Conflict]:
    """The conflicts that an apply was refused for; none when it was refused for something else."""
    if not isinstance(error, ApiError) or error.status != 409:
        return []
    return [
        Conflict(field, found[1] if (found := re.search(r'conflict with "([^"]+)"', message)) else message)
        for reason, field, message in error.causes
        if reason == "FieldManagerConflict"
    ]


def again(error: Exception, action: Apply, made_here: bool) -> Again | None:
    """The next try, or None when no try can help.

    made_here: the plan itself makes the object's namespace or definition.
    """
    if not isinstance(error, ApiError):
        return None
    if "failed calling webhook" in error.message:
        return Again(LATER, error.message)
    found = conflicts(error)
    if found:
        ours = all(conflict.manager in PREDECESSORS for conflict in found)
        return Again(0, _("takes over from kfctl"), force=True) if ours and not action.force else None
    if error.status == 409 and error.reason == "Conflict":
        return Again(SOON, error.message, CATCHING_UP)
    if error.status == 404 and made_here:
        return Again(SOON, error.message, CATCHING_UP)
    # https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/admission/resourcequota: usage not yet counted
    if error.status == 403 and "status unknown for quota" in error.message:
        return Again(SOON, error.message, CATCHING_UP)
    return None


def explained(error: Exception, action: Apply) -> KfinstallError:
    """Why an object was refused for good, in words that name the way out."""
    what = _("{object} was refused.").format(object=action.manifest.key)
    if isinstance(error, ApiError):
        return KfinstallError(what, why=error.message, fix=_fix(error, action))
    if isinstance(error, ClusterError):
        return error
    return KfinstallError(what, why=str(error) or type(error).__name__)


def _fix(error: ApiError, action: Apply) -> str:
    key = action.manifest.key
    where = f" -n {key.namespace}" if key.namespace else ""
    if conflicts(error):
        return _("Leave the field to its manager (remove it with a patch), or take it with --force-conflicts.")
    if "field is immutable" in error.message or "updates to statefulset spec" in error.message:
        return _("This field cannot be changed. Delete the object and install again: {command}").format(
            command=f"kubectl delete {key.kind.lower()} {key.name}{where}"
        )
    if error.status == 403 and "attempting to grant RBAC permissions" in error.message:
        return _("Only someone who has these rights, or may escalate, can grant them: ask a cluster administrator.")
    if error.status == 403 and "being terminated" in error.message:
        return _("Wait until the namespace is gone, then install again: {command}").format(
            command=f"kubectl get namespace {key.namespace}"
        )
    if error.status == 403:
        return _("Ask a cluster administrator for this right, or install as somebody who has it.")
    return ""
