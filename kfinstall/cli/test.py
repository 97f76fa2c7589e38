"""`kfinstall test`: a real check of a Kubeflow, which takes away what it made."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
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
from kfinstall.errors import KfinstallError, UsageError
from kfinstall.model.serving import Serving
from kfinstall.words import _, joined

if TYPE_CHECKING:
    from kfinstall.engine.attempts import Attempts, Tried
    from kfinstall.engine.pipeline_run import PipelineRun
    from kfinstall.engine.trials import Trial
    from kfinstall.kube.cluster import Cluster

GPU, SERVING = "gpu", "serving"
WITHOUT_GPU = 60.0
"""Seconds for a GPU that no node offers: a cluster that grows shows in them that it does."""


@click.command()
@click.argument("names", nargs=-1, metavar="[notebook|pytorchjob|tfjob|trainjob|workflow|pipeline|serving|gpu]...")
@click.option("--gpu", is_flag=True, help=_("Only whether a pod gets a GPU, and which; Kubeflow need not be there."))
@click.option("-n", "--namespace", default="kubeflow", show_default=True, metavar="NAME",
              help=_("Where Kubeflow runs."))  # fmt: skip
@click.option("--image", metavar="IMAGE", help=_("An image with Python and NumPy, instead of that of notebooks."))
@click.option("--timeout", default="10m", show_default=True, metavar="DURATION",
              help=_("How long each of them may take; the first one pulls the image."))  # fmt: skip
@cluster_options
@output_option("text", "json")
def test(*, names: tuple[str, ...], gpu: bool, namespace: str, image: str | None, timeout: str, output: str,
         meant: Meant) -> ExitCode:  # fmt: skip
    """Try what Kubeflow is for: a notebook, a training job, a pipeline, in a namespace that is deleted afterwards.

    A served model and a GPU are tried when they are named. Exits 0 when all went well, and 3 when something did not.
    """
    from kfinstall.engine.attempts import NAME, Attempts  # noqa: PLC0415 - imports the client library
    from kfinstall.kube.discovery import discover  # noqa: PLC0415 - as above

    patience = asked.seconds("--timeout", timeout)
    wanted = _chosen((*names, GPU) if gpu else names)
    cluster = meant.cluster()
    practice = is_practice(cluster)
    if practice:
        click.echo(_("This is the practice cluster: pods come up or not as they would, and no program runs."), err=True)
    stopped = threading.Event()
    attempts = Attempts(cluster, discover(cluster.connection), stopped, lambda: _because(cluster))
    pipelines = not practice and _has_pipelines(cluster, namespace)
    here = [each for each in attempts.served(wanted) if pipelines or not each.pipeline]
    if not here:
        raise UsageError(_("There is nothing to try: the cluster serves none of these kinds."))
    ready = _prepared(here, cluster, namespace, image, meant.install.serving if meant.install else Serving())
    click.echo(_("Making namespace {name}; it is deleted in the end.").format(name=NAME), err=True)
    found = []
    with on_stop(stopped.set), attempts.place():
        for trial in ready:
            found.append(_tried(attempts, trial, cluster, namespace, patience))
            if output == "text":
                click.echo(_lines(found[-1]))
    if output == "json":
        click.echo(versioned("TestReport", items=[_item(each) for each in found]))
    return ExitCode.CHECK_FAILED if any(each.why for each in found) else ExitCode.OK


def _chosen(names: tuple[str, ...]) -> "list[Trial]":
    from kfinstall.engine.trials import trials  # noqa: PLC0415 - imports the client library

    unknown = set(names) - {each.name for each in trials()}
    if unknown:
        raise UsageError(
            _("There is no test {name}.").format(name=min(unknown)),
            fix=_("Known here: {names}").format(names=joined(each.name for each in trials())),
        )
    return [each for each in trials() if each.name in names or (not names and not each.asked)]


def _has_pipelines(cluster: "Cluster", namespace: str) -> bool:
    from kfinstall.engine.pipeline_run import SERVICE  # noqa: PLC0415 - as above

    return cluster.look(f"/api/v1/namespaces/{namespace}/services/{SERVICE}") is not None


def _prepared(
    wanted: "Sequence[Trial]", cluster: "Cluster", namespace: str, image: str | None, serving: Serving
) -> "list[Trial]":
    """With the image, the GPU and the model of this cluster. Raises UsageError where nobody says which image."""
    from kfinstall.engine import trials  # noqa: PLC0415 - as above
    from kfinstall.engine.attempts import NAME, notebook_image  # noqa: PLC0415 - as above
    from kfinstall.transform.serving import CONFIGURATION  # noqa: PLC0415 - as above

    chosen = image or notebook_image(cluster, namespace)
    if not chosen and {each.name for each in wanted} == {GPU}:
        chosen = trials.GPU_IMAGE
    if not chosen:
        raise UsageError(
            _("Namespace {name} does not say which image notebooks have.").format(name=namespace),
            fix=_("Name one with Python and NumPy: --image IMAGE"),
        )

    def prepared(trial: "Trial") -> "Trial":
        if trial.name == GPU:
            return trials.with_gpu(trial, list(cluster.items("/api/v1/nodes")))
        if trial.name == SERVING:
            path = f"/api/v1/namespaces/{namespace}/configmaps/{CONFIGURATION}"
            return trials.with_model(trial, serving, NAME, (cluster.look(path) or {}).get("data") or {})
        return trial

    return [prepared(each).filled(image=chosen) for each in wanted]


def _tried(attempts: "Attempts", trial: "Trial", cluster: "Cluster", namespace: str, patience: float) -> "Tried":
    from kfinstall.engine.trials import offers_gpu  # noqa: PLC0415 - as above

    if trial.pipeline:
        with _pipelines(cluster, namespace) as run:
            return attempts.run_pipeline(trial, run, patience)
    if trial.name == GPU and not offers_gpu(list(cluster.items("/api/v1/nodes"))):
        patience = min(patience, WITHOUT_GPU)
    return attempts.run(trial, patience)


@contextlib.contextmanager
def _pipelines(cluster: "Cluster", namespace: str) -> "Iterator[PipelineRun]":
    """A way to the API of Pipelines, by a port of this machine."""
    from kfinstall.engine.attempts import OWNER  # noqa: PLC0415 - as above
    from kfinstall.engine.pipeline_run import PORT, SERVICE, PipelineRun  # noqa: PLC0415 - as above
    from kfinstall.kube.forwarding import LOOPBACK, Forwarding  # noqa: PLC0415 - as above

    with Forwarding(cluster, f"{namespace}/{SERVICE}", PORT, 0, lambda _error: None) as way:
        yield PipelineRun(f"http://{LOOPBACK}:{way.port}", OWNER)


def _because(cluster: "Cluster") -> str:
    """What the doctor says of the namespace of the trials: causes and what to do."""
    from kfinstall.contracts.check import Phase  # noqa: PLC0415 - help must not load the doctor
    from kfinstall.doctor.looking import at_cluster, checks_of  # noqa: PLC0415 - as above
    from kfinstall.engine.attempts import NAME  # noqa: PLC0415 - as above

    try:
        report = at_cluster(cluster, checks_of(Phase.POST)).report
    except KfinstallError:  # what is wrong is told without it
        return ""
    concerned = [
        root.finding
        for root in report.roots
        if any(key.namespace == NAME for finding in root.walk() for key in finding.objects)
    ]
    return "\n".join(f"{each.title}\n  → {each.remedy.text}" for each in concerned)


def _lines(tried: "Tried") -> str:
    mark = _("failed") if tried.why else _("ok")
    more = [text for text in (tried.why, tried.told, tried.because) if text]
    lines = [line for text in more for line in text.splitlines()]
    head = f"{padded(mark, 8)} {tried.trial.title} ({tried.seconds:.0f} s)"
    return "\n".join([head, *(f"         {line}" for line in lines)])


def _item(tried: "Tried") -> dict[str, object]:
    return {
        "name": tried.trial.name,
        "ok": not tried.why,
        "seconds": round(tried.seconds, 1),
        "why": tried.why,
        "because": tried.because,
        "told": tried.told,
    }
