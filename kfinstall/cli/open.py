"""`kfinstall open`: the way to a page of Kubeflow, from this machine."""

import os
import socket
import sys
import threading
import time
import webbrowser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.interaction import on_stop
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.engine.practice import is_practice
from kfinstall.errors import KfinstallError, NotReady, UsageError
from kfinstall.facts.kubeflow.pages import Place, pages
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.engine.way_in import WayIn
    from kfinstall.kube.cluster import Cluster

USUAL_PORT = 8080
LOOK = 2.0
"""Seconds between two looks at a way in that is not there yet."""
ANSWER = 3.0
"""Seconds for a connection to a node."""
TELL = 30.0
"""Seconds after which what is waited for is told again."""


@click.command(name="open")
@click.argument("page", type=click.Choice(list(pages())), default="dashboard")
@cluster_options
@click.option("-n", "--namespace", metavar="NAME", help=_("Where the page's Service is, instead of the release's."))
@click.option("--forward", is_flag=True, help=_("Forward a port even where Kubeflow has an address of its own."))
@click.option("--port", type=click.IntRange(0, 65535), default=USUAL_PORT, show_default=True,
              help=_("The port of this machine to forward; 0 for any that is free."))  # fmt: skip
@click.option("--no-browser", is_flag=True, help=_("Only print the address."))
@click.option("--timeout", default="30m", show_default=True, metavar="DURATION",
              help=_("How long to wait until an address is there."))  # fmt: skip
def open(*, page: str, meant: Meant, namespace: str | None, forward: bool, port: int,  # noqa: A001 - the command
         no_browser: bool, timeout: str) -> ExitCode:  # fmt: skip
    """Show a page of Kubeflow: print its address and who can sign in, and open a browser where there is one.

    Where Kubeflow has no address of its own, a port of this machine leads to it until Ctrl-C.
    """
    from kfinstall.engine import way_in as ways  # noqa: PLC0415 - imports the client library

    cluster = meant.cluster()
    if is_practice(cluster):
        raise UsageError(
            _("The practice cluster has no pages: its pods are simulated, and nothing answers in them."),
            fix=_("Look at what is there with: kfinstall status"),
        )
    place = ways.place_of(pages()[page], cluster, namespace)
    way = ways.WayIn()
    if place.port is None:
        way = _awaited(cluster, asked.seconds("--timeout", timeout)) if not forward else ways.way_in(cluster)
    _tell_sign_in(cluster, place)
    if way.on_nodes and not forward and not _answers(way.url):
        click.echo(
            _("{url} does not answer here: the nodes are in a network that this machine does not reach.").format(
                url=way.url
            ),
            err=True,
        )
        forward = True
    if way.url and not forward:
        _show(way.url + place.path, no_browser=no_browser)
        return ExitCode.OK
    return _forward(cluster, place, way, port, no_browser=no_browser)


def _awaited(cluster: "Cluster", patience: float) -> "WayIn":
    """The way in, once it is there. Raises NotReady."""
    from kfinstall.engine.way_in import way_in  # noqa: PLC0415 - as above

    began, told, said = time.monotonic(), float("-inf"), ""
    while (way := way_in(cluster)).pending:
        now = time.monotonic()
        if now - began > patience:
            raise NotReady(
                way.pending,
                fix=_("Until it is there, use: kfinstall open --forward"),
            )
        if way.pending != said or now - told >= TELL:
            waited = int(now - began)
            click.echo(
                _("Waiting ({seconds} s): {what} Clouds take a few minutes, some up to 30.").format(
                    seconds=waited, what=way.pending
                ),
                err=True,
            )
            told, said = now, way.pending
        time.sleep(LOOK)
    return way


def _answers(url: str) -> bool:
    """Whether anything listens there."""
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 80), ANSWER).close()
    except OSError:
        return False
    return True


def _tell_sign_in(cluster: "Cluster", place: Place) -> None:
    from kfinstall.engine.way_in import users  # noqa: PLC0415 - as above

    if place.sign_in:
        click.echo(place.sign_in, err=True)
    elif place.port is None and (known := users(cluster)):
        click.echo(_("Sign in as {users}.").format(users=_(" or ").join(known)), err=True)


def _forward(cluster: "Cluster", place: Place, way: "WayIn", port: int, *, no_browser: bool) -> ExitCode:
    from kfinstall.engine import way_in  # noqa: PLC0415 - as above
    from kfinstall.kube.forwarding import LOOPBACK, Forwarding  # noqa: PLC0415 - as above

    behind_gateway = place.port is None
    service = way_in.GATEWAY if behind_gateway else place.service
    service_port = place.port or (way_in.SECURE_PORT if way.secure else way_in.PORT)
    # Browsers keep secure cookies for localhost, and not for 127.0.0.1, without TLS.
    host = "localhost" if behind_gateway else LOOPBACK
    stopped = threading.Event()
    with on_stop(stopped.set), Forwarding(cluster, service, service_port, port, _tell) as forwarding:
        forwarding.reach().stream.close()
        scheme = "https" if way.secure and behind_gateway else "http"
        _show(f"{scheme}://{host}:{forwarding.port}{place.path}", no_browser=no_browser)
        click.echo(_("Only this machine can reach it, until Ctrl-C."), err=True)
        stopped.wait()
    return ExitCode.OK


def _tell(error: KfinstallError) -> None:
    click.echo(_("Warning: {message}").format(message=f"{error.what} {error.why}".strip()), err=True)


def _show(url: str, *, no_browser: bool) -> None:
    click.echo(url)
    if not no_browser and _has_browser():
        webbrowser.open(url)


def _has_browser() -> bool:
    """Not one in the terminal, which would take it over."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
