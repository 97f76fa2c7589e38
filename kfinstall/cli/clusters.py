"""The cluster of a document, before anything is installed on it: does it run, may it be made, making it."""

import shlex
from collections.abc import Iterable, Iterator

import click

from kfinstall.cli.interaction import again, at_terminal, in_the_middle, on_stop
from kfinstall.cli.narration import Narrator
from kfinstall.contracts.platform import KnownCluster, Progress
from kfinstall.engine.clusters import detected, own_cluster, unmade
from kfinstall.engine.host import LocalHost, host_of
from kfinstall.engine.release import Release, rendered
from kfinstall.errors import Interrupted, UsageError
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.model.install import Install
from kfinstall.registry import platforms
from kfinstall.words import _


def standing(release: Release, teller: Narrator) -> None:  # noqa: ARG001 - as `made`
    """Refuse to go on without a cluster. Raises UsageError."""
    required(release.install)


def required(install: Install) -> None:
    """Refuse to go on where a platform's cluster is not made, or does not run. Raises UsageError."""
    if found := unmade(install, host_of(install.platform.type)):
        raise UsageError(
            _("The cluster of this file does not run."),
            why=found.told,
            fix=_("Make or start it with: {command}").format(command=_creating()),
        )


def _creating() -> str:
    """The command that makes the cluster which this command line means."""
    said = click.get_current_context().params
    files, platform = said.get("files") or (), said.get("platform")
    sets = [word for each in said.get("sets") or () for word in ("--set", each)]
    if not files:  # an install makes it, too
        return shlex.join(["kfinstall", "install", "--platform", str(platform), *sets])
    words = [word for each in files for word in ("-f", each)]
    words += ["--set", f"platform.type={platform}"] if platform else []
    return shlex.join(["kfinstall", "platforms", "create", *words, *sets])


def makes(install: Install) -> bool:
    """Whether the platform of a document makes clusters, and so can delete this one."""
    return own_cluster(install, host_of(install.platform.type)) is not None


def made(release: Release, teller: Narrator, *, yes: bool) -> None:
    """Make the document's cluster, or start it, if it does not run and the user agrees.

    Raises UsageError where nobody can be asked, PlanRefused where something stands in the way, Interrupted.
    """
    host = host_of(release.install.platform.type)
    found = unmade(release.install, host)
    if found is None:
        return
    with teller.rendering() as observe:
        wanted = demand(rendered(release, observe).manifests)
    for warning in found.cluster.checked(wanted, release.document):
        teller.note(_("Warning: {message}").format(message=warning))
    teller.note(found.told)
    teller.note(found.offered)
    if not yes:
        agreed(found.question)
    tell(found.cluster.create(), host, teller)


def agreed(question: str) -> None:
    """Ask for the user's word. Raises UsageError where nobody can be asked, Abort where the answer is no."""
    if not at_terminal():
        raise UsageError(
            _("A cluster is not made or deleted without your word, and there is no terminal to ask at."),
            fix=_("Say --yes."),
        )
    click.confirm(question, abort=True, err=True)


def tell(stream: Iterable[Progress], host: LocalHost, teller: Narrator) -> None:
    """Tell how a cluster is made or deleted, until it is done or the user stops. Raises Interrupted."""

    def stop() -> None:
        if host.stopping:
            raise KeyboardInterrupt
        host.stopped.set()
        with in_the_middle():
            teller.note(_("Stopping. Once more to stop at once."))

    with on_stop(stop):
        try:
            teller.progress(stream)
        except Interrupted as error:
            raise Interrupted(error.what, fix=_("Go on with: {command}").format(command=again())) from error


def known(context: str) -> Iterator[KnownCluster]:
    """The clusters of this machine that a context leads to and that a command deletes."""
    for name in platforms().options:
        found = detected(platforms().get(name)).clusters
        yield from (each for each in found if context and each.context == context and each.delete)
