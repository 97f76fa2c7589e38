"""Which refusals of an object are worth another try, and which one."""

import re
from dataclasses import dataclass

from kfinstall.contracts.plan import Action, Apply, Await, Delete, Release
from kfinstall.errors import ApiError, KfinstallError
from kfinstall.kube.failures import MALFORMED
from kfinstall.words import _

PREDECESSORS = frozenset({"kfctl", "kfinstall"})
"""Field managers whose fields are taken over without asking: kfctl's own, and kfinstall's when it did not apply."""

SOON, LATER = 0.3, 3.0
"""Seconds until the next try: while the server catches up with itself, and while a pod starts."""

CATCHING_UP = 30.0
"""Seconds that a server gets to know what it has just accepted (a namespace, a definition)."""

NOT_YET = ("status unknown for quota", "error looking up service account")
"""Refusals by admission (resourcequota, serviceaccount) that wait for a controller to see a new namespace."""


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

    made_here: the plan itself makes something that the object needs: its namespace, its definition, its role.
    """
    if not isinstance(error, ApiError):
        return None
    webhook = re.search(r'failed calling webhook "([^"]+)"|conversion webhook for (.+?) failed', error.message)
    if webhook and error.status >= 500:
        return Again(LATER, _webhook_is_down(webhook[1] or webhook[2], error.message))
    found = conflicts(error)
    if found:
        ours = all(conflict.manager in PREDECESSORS for conflict in found)
        return Again(0, _("takes over from kfctl"), force=True) if ours and not action.force else None
    if error.status == 409 and error.reason in {"Conflict", "AlreadyExists"}:
        return Again(SOON, error.message, CATCHING_UP)
    if error.status == 404 and made_here:
        return Again(SOON, error.message, CATCHING_UP)
    if error.status == 403 and any(words in error.message for words in NOT_YET):
        return Again(SOON, error.message, CATCHING_UP)
    return None


def _webhook_is_down(name: str, message: str) -> str:
    return _("webhook {name} has to check it and does not answer; its pod may still be starting ({message})").format(
        name=name, message=message.rpartition(": ")[2]
    )


def explained(error: Exception, action: Action) -> KfinstallError:
    """Why a step went wrong for good, in words that name the way out."""
    what = _what(action)
    if isinstance(error, ApiError):
        return KfinstallError(what, why=error.message, fix=_fix(error, action))
    if isinstance(error, KfinstallError):
        return error
    return KfinstallError(what, why=str(error) or type(error).__name__)


def _what(action: Action) -> str:
    match action:
        case Apply(manifest):
            return _("{object} was refused.").format(object=manifest.key)
        case Delete(key):
            return _("{object} could not be deleted.").format(object=key)
        case Release(key):
            return _("{object} could not be released.").format(object=key)
        case Await(key):
            return _("{object} could not be looked at.").format(object=key)


def _fix(error: ApiError, action: Action) -> str:
    if not isinstance(action, Apply):
        return error.fix
    key = action.manifest.key
    if conflicts(error):
        return _("Leave the field to its manager (remove it with a patch), or take it with --force-conflicts.")
    if "field is immutable" in error.message or "updates to statefulset spec" in error.message:
        where = f" -n {key.namespace}" if key.namespace else ""
        return _("This field cannot be changed. Delete the object and install again: {command}").format(
            command=f"kubectl delete {key.kind.lower()} {key.name}{where}"
        )
    if error.status == 403 and "being terminated" in error.message:
        return _("Wait until the namespace is gone, then install again: {command}").format(
            command=f"kubectl get namespace {key.namespace}"
        )
    if error.status == 403 and "attempting to grant RBAC permissions" in error.message:
        return _("Only someone who has these rights, or may escalate, can grant them: ask a cluster administrator.")
    if "denied the request" in error.message:
        return _(
            "A policy of this cluster forbids it: ask whoever runs the cluster, or change the object with a patch."
        )
    if error.status in {400, 422} or MALFORMED in error.message:
        return _(
            "The manifest does not fit this Kubernetes version. Change the object with a patch (kubeflow.patches), "
            "or leave it out (--skip-kinds {kind})."
        ).format(kind=key.kind)
    return error.fix
