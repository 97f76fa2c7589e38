"""`kfinstall test`: a real check of a Kubeflow, which takes away what it made."""

import threading
from typing import TYPE_CHECKING

import click

from kfinstall.cells import padded
from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.interaction import on_stop
from kfinstall.cli.meant import Meant, cluster_options
from kfinstall.cli.options import output_option
from kfinstall.cli.versioned import versioned
from kfinstall.engine.practice import is_practice
from kfinstall.errors import UsageError
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.engine.trials import Trial, Tried


@click.command()
@click.argument("names", nargs=-1, metavar="[notebook|pytorchjob|trainjob|workflow]...")
@click.option("-n", "--namespace", default="kubeflow", show_default=True, metavar="NAME",
              help=_("Where Kubeflow runs."))  # fmt: skip
@click.option("--image", metavar="IMAGE", help=_("An image with Python and NumPy, instead of that of notebooks."))
@click.option("--timeout", default="10m", show_default=True, metavar="DURATION",
              help=_("How long each of them may take; the first one pulls the image."))  # fmt: skip
@cluster_options
@output_option("text", "json")
def test(*, names: tuple[str, ...], namespace: str, image: str | None, timeout: str, output: str,
         meant: Meant) -> ExitCode:  # fmt: skip
    """Try what Kubeflow is for: a notebook, a training job, a workflow, in a namespace that is deleted afterwards.

    Exits 0 when all went well, and 3 when something did not.
    """
    from kfinstall.engine.trials import NAME, Attempts, notebook_image  # noqa: PLC0415 - imports the client library
    from kfinstall.kube.discovery import discover  # noqa: PLC0415 - as above

    patience = asked.seconds("--timeout", timeout)
    cluster = meant.cluster()
    if is_practice(cluster):
        raise UsageError(_("The practice cluster plays no notebooks and no training: nothing would come of a test."))
    stopped = threading.Event()
    attempts = Attempts(cluster, discover(cluster.connection), stopped)
    wanted = attempts.served(_chosen(names))
    if not wanted:
        raise UsageError(_("There is nothing to try: the cluster serves none of these kinds."))
    chosen = image or notebook_image(cluster, namespace)
    if not chosen:
        raise UsageError(
            _("Namespace {name} does not say which image notebooks have.").format(name=namespace),
            fix=_("Name one with Python and NumPy: --image IMAGE"),
        )
    click.echo(_("Making namespace {name}; it is deleted in the end.").format(name=NAME), err=True)
    found = []
    with on_stop(stopped.set), attempts.place():
        for trial in wanted:
            found.append(attempts.run(trial, chosen, patience))
            if output == "text":
                click.echo(_line(found[-1]))
    if output == "json":
        click.echo(versioned("TestReport", items=[_item(each) for each in found]))
    return ExitCode.CHECK_FAILED if any(each.why for each in found) else ExitCode.OK


def _chosen(names: tuple[str, ...]) -> "list[Trial]":
    from kfinstall.engine.trials import trials  # noqa: PLC0415 - as above

    unknown = set(names) - {each.name for each in trials()}
    if unknown:
        raise UsageError(
            _("There is no test {name}.").format(name=min(unknown)),
            fix=_("Known here: {names}").format(names=", ".join(each.name for each in trials())),
        )
    return [each for each in trials() if not names or each.name in names]


def _line(tried: "Tried") -> str:
    mark = _("failed") if tried.why else _("ok")
    return f"{padded(mark, 8)} {tried.trial.title} ({tried.seconds:.0f} s)" + (
        f"\n         {tried.why}" if tried.why else ""
    )


def _item(tried: "Tried") -> dict[str, object]:
    return {"name": tried.trial.name, "ok": not tried.why, "seconds": round(tried.seconds, 1), "why": tried.why}
