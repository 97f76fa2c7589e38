"""Words for what did not come about in time."""

from kfinstall.contracts.plan import Action, Apply, Await, Condition, Delete, Release
from kfinstall.errors import KfinstallError, NotReady
from kfinstall.words import _


def late(action: Action, seconds: float, why: str, fix: str = "") -> KfinstallError:
    """The error of a step that was still waited for, or tried, when the run's time was over.

    seconds: how long the run had. why: the last thing that was known of it.
    """
    return NotReady(_what(action).format(object=_object(action), seconds=seconds), why=why, fix=fix or _fix(action))


def _what(action: Action) -> str:
    match action:
        case Apply():
            return _("{object} could not be applied within {seconds:.0f} s.")
        case Delete():
            return _("{object} could not be deleted within {seconds:.0f} s.")
        case Release():
            return _("{object} could not be released within {seconds:.0f} s.")
        case Await(_, Condition.SERVED):
            return _("The API server did not begin to serve what {object} defines within {seconds:.0f} s.")
        case Await(_, Condition.SERVING):
            return _("No pod of {object} was ready within {seconds:.0f} s, and objects are checked by it.")
        case Await(_, Condition.GONE):
            return _("{object} was not gone within {seconds:.0f} s.")
    return _("{object} was not ready within {seconds:.0f} s.")


def _fix(action: Action) -> str:
    key = action.manifest.key if isinstance(action, Apply) else action.key
    if not isinstance(action, Await) or action.condition not in {Condition.READY, Condition.SERVING}:
        return ""
    where = f" -n {key.namespace}" if key.namespace else ""
    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    return _("Look closer with: {command}; the same install command goes on from here.").format(
        command=f"kubectl describe {kind.lower()} {key.name}{where}"
    )


def _object(action: Action) -> str:
    return str(action.manifest.key if isinstance(action, Apply) else action.key)
