"""The options that several commands share, each declared once, in kubectl's words for kubectl's things."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from kfinstall.words import _

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class DocumentFlags:
    """Which document, and what the command line changes in it."""

    files: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    platform: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    skip_kinds: tuple[str, ...] = ()
    force_conflicts: bool = False
    wait: bool | None = None
    timeout: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionFlags:
    """How to talk to the cluster. request_timeout: a duration such as 30s."""

    kubeconfig: str | None = None
    context: str | None = None
    user: str | None = None
    request_timeout: str = "60s"


def document_options(command: Decorated) -> Decorated:
    """-f, --set and the shortcuts for what is set most often."""
    return _all(
        command,
        click.option("-f", "--file", "files", multiple=True, metavar="FILE|URL|-",
                     help=_("An Install file or a KfDef; several are merged in order.")),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE",
                     help=_("Change a value of the file, for example kubeflow.components.katib=false.")),
        click.option("--platform", metavar="TYPE", help=_("The platform, instead of the file's.")),
        click.option("-n", "--namespace", metavar="NAME", help=_("Where Kubeflow runs, instead of the release's.")),
        click.option("--skip-kinds", multiple=True, metavar="KIND[,KIND]", help=_("Leave out objects of these kinds.")),
    )  # fmt: skip


def connection_options(command: Decorated) -> Decorated:
    return _all(
        command,
        click.option("--kubeconfig", metavar="FILE", help=_("The kubeconfig, instead of $KUBECONFIG.")),
        click.option("--context", metavar="NAME", help=_("The kubeconfig's context, instead of its current one.")),
        click.option("--as", "user", metavar="USER", help=_("Act as another user, whom you may impersonate.")),
        click.option("--request-timeout", default="60s", show_default=True, metavar="DURATION",
                     help=_("How long one request may take.")),
    )  # fmt: skip


def apply_options(command: Decorated) -> Decorated:
    return _all(
        command,
        click.option("--force-conflicts", is_flag=True, help=_("Take fields over that somebody else manages.")),
        click.option("--prune", is_flag=True, help=_("Delete what the file no longer has.")),
        click.option("--any-version", is_flag=True, help=_("Go on with a Kubernetes version that does not fit.")),
    )  # fmt: skip


def wait_options(command: Decorated) -> Decorated:
    return _all(
        command,
        click.option("--wait/--no-wait", default=None, help=_("Wait until everything is ready (the default).")),
        click.option("--timeout", metavar="DURATION", help=_("How long to wait, for example 30m.")),
    )


def yes_option(command: Decorated) -> Decorated:
    return click.option("-y", "--yes", is_flag=True, help=_("Do not ask."))(command)


def output_option(*formats: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True,
        help=_("What to print on standard output."),
    )  # fmt: skip


def progress_options(command: Decorated) -> Decorated:
    return _all(
        command,
        click.option("--log-format", type=click.Choice(["text", "json"]), default="text",
                     help=_("How progress is told on standard error.")),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto",
                     help=_("Colours; NO_COLOR is honoured.")),
        click.option("--plain", is_flag=True, help=_("One line per event, no moving parts.")),
    )  # fmt: skip


def _all(command: Decorated, *options: Callable[[Decorated], Decorated]) -> Decorated:
    for option in reversed(options):
        command = option(command)
    return command
