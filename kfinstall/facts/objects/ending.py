"""Why an object that was deleted is still there.

https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
"""

from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.words import _, joined

_REMAINING = frozenset({"NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionContentFailure"})


@dataclass(frozen=True, slots=True)
class Ending:
    """gone: nothing is there any more, or another object that has taken the name. why and fix: if it is not gone."""

    gone: bool
    why: str = ""
    fix: str = ""


def ending(key: ObjectKey, body: Body | None) -> Ending:
    """How far the deletion of an object is; body: as it stands now."""
    metadata = (body or {}).get("metadata") or {}
    if body is None or not metadata.get("deletionTimestamp"):
        return Ending(gone=True)
    remaining = [
        str(condition.get("message", ""))
        for condition in (body.get("status") or {}).get("conditions") or ()
        if condition.get("type") in _REMAINING and condition.get("status") == "True"
    ]
    if remaining:
        # A namespace has a finalizer of its own in its spec, which goes when its content has gone.
        return Ending(
            gone=False,
            why="; ".join(remaining),
            fix=_("See what is left in it, and remove the finalizers of what no controller cleans up any more."),
        )
    finalizers = metadata.get("finalizers") or ()
    if not finalizers:
        return Ending(gone=False, why=_("what is in it, or belongs to it, is being deleted"))
    return Ending(
        gone=False,
        why=_("its finalizers wait for a controller that may not run any more: {finalizers}").format(
            finalizers=joined(map(str, finalizers))
        ),
        fix=_("If nothing is left to clean up, take them off: {command}").format(command=_command(key)),
    )


def _command(key: ObjectKey) -> str:
    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    where = f" -n {key.namespace}" if key.namespace else ""
    patch = '{"metadata":{"finalizers":null}}'
    return f"kubectl patch {kind.lower()} {key.name}{where} --type=merge -p '{patch}'"
