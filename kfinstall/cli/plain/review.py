"""The review in lines: what will happen, the file, and the user's word."""

from pathlib import Path

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.plain.prompting import Back, confirmed, prompted, say
from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide import reviewing, saving
from kfinstall.guide.checking import NAME
from kfinstall.guide.draft import Draft, draft_path, forget, kept
from kfinstall.guide.steps import REVIEW, step_about
from kfinstall.model.load import LoadedInstall
from kfinstall.words import _, counted


def reviewed(draft: Draft, loaded: LoadedInstall) -> ExitCode:
    """Say what will happen; save; install on the user's word. Raises Back, and Abort when the user leaves."""
    draft.step = REVIEW
    if reason := kept(draft, draft_path(state_home())):
        say(reason)
    say("")
    say(_("Review. Nothing has been changed yet."))
    refusal = _told(draft, loaded)
    step = step_about(refusal, draft) if refusal else None
    if step and confirmed(_("Change the answer at {step}?").format(step=step.title), default=True):
        raise Back(step.name)
    _saved(loaded, draft)
    name = reviewing.cluster_name(loaded)
    if refusal or not confirmed(_("Install on {cluster}?").format(cluster=name), default=False):
        say(_("Nothing was installed; your answers are kept."))
        return ExitCode.FAILED if refusal else ExitCode.OK
    return _installed(loaded)


def _told(draft: Draft, loaded: LoadedInstall) -> KfinstallError | None:
    """Say what would happen; why it cannot, where it cannot."""
    from kfinstall.guide.outlook import kinds, outlook, total  # noqa: PLC0415 - imports the client library

    try:
        for line in reviewing.lines(draft, reviewing.release_of(loaded)):
            say(f"{line.title}: {line.text}")
        found = outlook(loaded, say)
    except KfinstallError as error:
        _refuse(error)
        return error
    for text in (found.where, *found.making.splitlines(), found.size, *found.warnings):
        say(text)
    if found.refused:
        _refuse(found.refused)
        return found.refused
    say(counted("Will create {count} object", "Will create {count} objects", total(found.create)))
    for application, objects in found.create.items():
        say(f"{application}: {kinds(objects)}")
    say(counted("Will change {count} object", "Will change {count} objects", total(found.change)))
    say(found.rights or _("You have the rights that it takes."))
    return None


def _refuse(error: KfinstallError) -> None:
    say(_("This cannot be installed like this: {error}").format(error=" ".join(str(error).splitlines())))


def _saved(loaded: LoadedInstall, draft: Draft) -> None:
    """Write the file where the user wants it."""
    while True:
        name = prompted(_("Save the file as (- for nowhere)"), NAME) or NAME
        if name == "-":
            return
        try:
            saving.write(saving.file_text(loaded), Path(name))
        except KfinstallError as error:
            say(" ".join(str(error).splitlines()))
            continue
        say(_("Wrote {path}. The same, unattended: {command}").format(path=name, command=saving.command(name)))
        for line in saving.exports(draft):
            say(_("Before it: {command}").format(command=line))
        return


def _installed(loaded: LoadedInstall) -> ExitCode:
    from kfinstall.cli.install import installed  # noqa: PLC0415 - imports the client library

    code = installed(loaded)
    if code is ExitCode.OK:
        forget(draft_path(state_home()))
    return code
