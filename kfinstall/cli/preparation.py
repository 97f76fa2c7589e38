"""What every command does that needs a plan: take its options, load, look at the cluster, render, plan."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from kfinstall.cli import asked, clusters
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.narration import Narrator, narrator
from kfinstall.cli.options import (
    ConnectionFlags,
    DocumentFlags,
    apply_options,
    connection_options,
    document_options,
    progress_options,
)
from kfinstall.contracts.plan import Plan
from kfinstall.engine.release import Release, rendered
from kfinstall.engine.telling import plan_line
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.engine.preparation import Preparation
    from kfinstall.kube.cluster import Cluster

Command = Callable[..., ExitCode]


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """The options of a command that makes a plan."""

    document: DocumentFlags
    connection: ConnectionFlags
    prune: bool
    any_version: bool
    log_format: str
    color: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A plan that is prepared, and who tells about it."""

    teller: Narrator
    made: "Preparation"

    @property
    def cluster(self) -> "Cluster":
        return self.made.cluster

    @property
    def plan(self) -> Plan:
        return self.made.prepared.plan

    @property
    def version(self) -> str:
        """Of the server."""
        return self.made.prepared.state.version


def plan_options(command: Command) -> Command:
    """Give a command all options that a plan needs; it gets them as one PlanFlags, named flags."""

    @functools.wraps(command)
    def with_flags(**options: Any) -> ExitCode:
        document = DocumentFlags(**_taken(options, DocumentFlags))
        connection = ConnectionFlags(**_taken(options, ConnectionFlags))
        flags = PlanFlags(document, connection, **_taken(options, PlanFlags))
        return command(flags=flags, **options)

    return document_options(connection_options(apply_options(progress_options(with_flags))))


def prepare(
    flags: PlanFlags,
    before: Callable[[Release, Narrator], None] = clusters.standing,
    release: Release | None = None,
) -> Told:
    """Load, look at the cluster, render and plan, telling about it. Nothing is written to the cluster.

    before: sees to the cluster, which has to run when it returns. release: what the document means, where it is
    loaded already.
    """
    from kfinstall.engine.preparation import planned  # noqa: PLC0415 - imports the client library

    teller = narrator(flags.log_format, flags.color, plain=flags.plain)
    release = release or asked.release(flags.document)
    before(release, teller)
    cluster = asked.cluster(release, flags.connection)
    target = cluster.connection.target
    teller.note(_("Context: {context} ({server})").format(context=target.title, server=target.server))
    with teller.rendering() as observe:
        rendering = rendered(release, observe)
    made = planned(release, cluster, rendering, prune=flags.prune, any_version=flags.any_version)
    prepared = made.prepared
    for warning in made.warnings:
        teller.note(_("Warning: {message}").format(message=warning))
    if prepared.unfinished:
        teller.note(_("An earlier run did not come to its end; this one goes on from there."))
    teller.note(plan_line(prepared.plan, prepared.state.version))
    return Told(teller, made)


def _taken(options: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Take those options out that are fields of a kind."""
    return {field.name: options.pop(field.name) for field in fields(kind) if field.name in options}
