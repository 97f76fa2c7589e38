"""From a KfDef and the user's choices to the KfDef that is installed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from kfinstall.errors import UsageError
from kfinstall.kfdef.types import USAGE_REPORTING, Application, KfDef
from kfinstall.model.faults import did_you_mean
from kfinstall.words import _, joined


def select(
    kfdef: KfDef,
    *,
    name: str | None = None,
    namespace: str | None = None,
    components: Mapping[str, bool] | None = None,
    provided: Collection[str] = (),
    parameters: Mapping[str, Mapping[str, str]] | None = None,
    usage_reporting: bool = False,
    patched: Collection[str] = (),
) -> KfDef:
    """The KfDef with the user's choices.

    components: application -> on or off; what is not named stays on. provided: applications that the cluster has
    already: off, and nothing that requires them minds. Usage reporting (spartakus) is off unless usage_reporting
    or components say otherwise. parameters: application -> parameter -> value, over those of the file. patched:
    applications that there are patches for. What has no effect is added to the KfDef's warnings.
    Raises UsageError for an unknown application, and where one that is on requires one that is off.
    """
    components = components or {}
    parameters = parameters or {}
    known = [application.name for application in kfdef.applications]
    named = dict.fromkeys([*components, *provided, *parameters, *patched])
    unknown = list(_unknown(named, known))
    if unknown:
        fix = _("The applications here: {names}.").format(names=joined(known))
        raise UsageError(" ".join(unknown), fix=fix)
    switched = {USAGE_REPORTING: usage_reporting, **components, **dict.fromkeys(provided, False)}
    chosen = [application for application in kfdef.applications if switched.get(application.name, True)]
    _check_requirements(kfdef, chosen, provided)
    if not chosen:
        raise UsageError(_("Every application is switched off; there is nothing to install."))
    return replace(
        kfdef,
        name=name or kfdef.name,
        namespace=namespace or kfdef.namespace,
        applications=tuple(_with_parameters(each, parameters.get(each.name, {})) for each in chosen),
        warnings=(*kfdef.warnings, *_without_effect(kfdef, chosen, parameters)),
    )


def _unknown(names: Iterable[str], known: list[str]) -> Iterator[str]:
    for name in names:
        # a user who switches usage reporting off in a release that has none is right already
        if name not in known and name != USAGE_REPORTING:
            message = _('There is no application "{name}".').format(name=name)
            yield message + did_you_mean(name, known)


def _check_requirements(kfdef: KfDef, chosen: list[Application], provided: Collection[str]) -> None:
    on = {*provided, *(application.name for application in chosen)}
    broken: dict[str, list[str]] = {}
    for application in chosen:
        for required in kfdef.requires(application.name):
            if required not in on:
                broken.setdefault(required, []).append(application.name)
    if not broken:
        return
    why = "\n".join(
        _("{users} need {required}.").format(users=joined(users), required=required)
        for required, users in broken.items()
    )
    also = joined(dict.fromkeys(user for users in broken.values() for user in users))
    fix = _(
        "Leave {required} on, or switch off {users} as well. If your cluster has {required} already, "
        "from elsewhere, name it under kubeflow.provided."
    )
    what = _("{required} cannot be switched off.").format(required=joined(broken))
    raise UsageError(what, why=why, fix=fix.format(required=joined(broken), users=also))


def _with_parameters(application: Application, parameters: Mapping[str, str]) -> Application:
    if not parameters:
        return application
    return replace(application, parameters={**application.parameters, **parameters})


def _without_effect(
    kfdef: KfDef, chosen: list[Application], parameters: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Parameters that nothing reads; whether one is in a params.env shows only when it is rendered."""
    on = {application.name for application in chosen}
    for name, values in parameters.items():
        keys = joined(values)
        if values and name not in on:
            message = _("The parameters {keys} have no effect: {name} is switched off.")
            yield message.format(keys=keys, name=name)
        elif values and kfdef.stacks:
            message = _("The parameters {keys} of {name} have no effect in a KfDef of stacks. Use patches.")
            yield message.format(keys=keys, name=name)
