"""Trials in a cluster: in a namespace of their own, one after the other, watched and taken away."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.engine.pipeline_run import PipelineRun
from kfinstall.engine.prediction import predicted
from kfinstall.engine.trials import SPAWNER, Question, Trial, kind_of, said, verdict
from kfinstall.errors import ApiError, ClusterError, Interrupted, NotReady, UsageError
from kfinstall.facts.objects.kinds import NAMESPACE, POD, PROFILE
from kfinstall.facts.pods.pod_trouble import trouble
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

NAME = "kfinstall-test"
"""Of the profile, or of the namespace where there are no profiles; and the field manager."""

LABELS = {"app.kubernetes.io/managed-by": NAME}
OWNER = "kfinstall-test@kfinstall.invalid"
"""Owns the profile; a name that cannot be anybody's (RFC 2606)."""

LOOK = 1.0
"""Seconds between two looks."""
FOR_PLACE, FOR_END = 120.0, 120.0
"""Seconds that the namespace gets to be made, and to be gone."""
FOR_ANSWER = 60.0
"""Seconds that a model gets, once it is ready, until it answers."""

LOG = 2000
"""Bytes of what a pod printed."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial. seconds: how long it took. why: what went wrong, "" when nothing did. told: what it said.

    because: what the doctor says to that; "" where nobody was asked, or knows.
    """

    trial: Trial
    seconds: float
    why: str = ""
    told: str = ""
    because: str = ""


Doctor = Callable[[], str]
"""Says why things in the namespace of the trials do not come up; "" when it does not know."""


def notebook_image(cluster: Cluster, namespace: str) -> str:
    """The image that the web app spawns unless told otherwise; "" where there is none."""
    for each in cluster.items(f"/api/v1/namespaces/{namespace}/configmaps"):
        text = (each.get("data") or {}).get(SPAWNER)
        if text:
            with contextlib.suppress(yaml.YAMLError, KeyError, TypeError):  # somebody has changed it
                return str(yaml.safe_load(text)["spawnerFormDefaults"]["image"]["value"])
    return ""


class Attempts:
    """Trials in one cluster. stopped: set when the user wants to stop. doctor: asked when something fails."""

    def __init__(
        self, cluster: Cluster, resources: Mapping[GroupKind, Resource], stopped: threading.Event, doctor: Doctor
    ) -> None:
        self._cluster = cluster
        self._resources = resources
        self._stopped = stopped
        self._doctor = doctor

    def served(self, wanted: Sequence[Trial]) -> list[Trial]:
        """Those whose kind this cluster has, and those that make no object."""
        return [trial for trial in wanted if trial.kind is None or trial.kind in self._resources]

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A namespace for them, with the accounts of a profile; it goes in the end, however that comes."""
        kind = PROFILE if PROFILE in self._resources else NAMESPACE
        resource = self._resources[kind]
        path = resource.path(resource.versions[0], name=NAME)
        self._remove(path)
        try:
            self._cluster.apply(path, _place(resource), force=True, manager=NAME)
            needed = "serviceaccounts/default-editor" if kind == PROFILE else "serviceaccounts/default"
            self._until(f"/api/v1/namespaces/{NAME}/{needed}")
            yield
        finally:
            self._stopped.clear()
            self._remove(path)

    def run(self, trial: Trial, patience: float) -> Tried:
        """Make its object and see what comes of it. patience: seconds. Raises Interrupted."""
        began = time.monotonic()
        try:
            for body in trial.beside:
                self._apply(body)
            path = self._apply(trial.body)
        except ClusterError as error:
            return Tried(trial, time.monotonic() - began, error.what)

        def look() -> tuple[bool | None, str]:
            body = self._cluster.look(path) or {}
            return verdict(body, trial.passed), said(body)

        tried = self._watched(trial, look, patience, began)
        if tried.why:
            return tried
        if trial.question:
            return self._answered(tried, trial.question, began)
        return self._with_log(tried, path) if trial.kind == POD else tried

    def run_pipeline(self, trial: Trial, run: PipelineRun, patience: float) -> Tried:
        """Start a run of Pipelines and see what comes of it; it is deleted. Raises Interrupted."""
        began = time.monotonic()
        try:
            with run.started(trial.pipeline, NAME):
                return self._watched(trial, run.look, patience, began)
        except ClusterError as error:
            why = f"{error.what} {error.why or ''}".strip()
            return Tried(trial, time.monotonic() - began, why, because=self._doctor())

    def _watched(
        self, trial: Trial, look: Callable[[], tuple[bool | None, str]], patience: float, began: float
    ) -> Tried:
        while True:
            passed, message = look()
            seconds = time.monotonic() - began
            if passed:
                return Tried(trial, seconds)
            if passed is False or seconds > patience:
                late = _("It did not come to its end within {seconds:.0f} s.").format(seconds=patience)
                why = message or self._troubles() or late
                return Tried(trial, seconds, why, because=self._doctor())
            self._rest()

    def _answered(self, tried: Tried, question: Question, began: float) -> Tried:
        """Asked until it answers: what is ready may not listen yet, or its pod may be changed for another one."""
        asking = time.monotonic()
        while True:
            try:
                told = predicted(self._cluster, NAME, question)
            except ClusterError as error:
                if isinstance(error, ApiError) and error.status == 405:  # nothing runs in a practice cluster's pods
                    return replace(tried, told=_("This cluster forwards no ports, so that the model was not asked."))
                if time.monotonic() - asking > FOR_ANSWER:
                    why = f"{error.what} {error.why or ''}".strip()
                    return replace(tried, seconds=time.monotonic() - began, why=why, because=self._doctor())
            else:
                return replace(tried, seconds=time.monotonic() - began, told=told)
            self._rest()

    def _with_log(self, tried: Tried, path: str) -> Tried:
        try:
            text = self._cluster.connection.text(f"{path}/log", {"tailLines": 20}, limit=LOG)
        except ApiError as error:
            text = error.what
        return Tried(tried.trial, tried.seconds, told=text.strip())

    def _apply(self, body: Body) -> str:
        """Its path. In another version than it was written for, where the cluster serves only that."""
        resource = self._resources[kind_of(body)]
        version = body["apiVersion"].rpartition("/")[2]
        if version not in resource.versions:
            version = resource.versions[0]
            body = {**body, "apiVersion": f"{resource.group}/{version}" if resource.group else version}
        path = resource.path(version, NAME if resource.namespaced else "", body["metadata"]["name"])
        self._cluster.apply(path, body, force=True, manager=NAME)
        return path

    def _troubles(self) -> str:
        pods = self._cluster.items(f"/api/v1/namespaces/{NAME}/pods")
        found = {each["metadata"]["name"]: trouble(each) for each in pods}
        return "; ".join(f"{name}: {why}" for name, why in found.items() if why)

    def _remove(self, path: str) -> None:
        """With all that is in it, to its end. Raises UsageError for what is somebody else's, and NotReady."""
        found = self._cluster.look(path)
        if found is None:
            return
        if (found["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") != NAME:
            raise UsageError(
                _("{name} is there already, and kfinstall did not make it.").format(name=NAME),
                fix=_("Rename or delete it: kfinstall test makes one of that name, and deletes it."),
            )
        self._cluster.delete(path, found["metadata"]["uid"])
        for gone in (path, f"/api/v1/namespaces/{NAME}"):
            self._until(gone, there=False)

    def _until(self, path: str, *, there: bool = True) -> None:
        began = time.monotonic()
        while (self._cluster.look(path) is not None) != there:
            if time.monotonic() - began > (FOR_PLACE if there else FOR_END):
                what = _("{path} was not made in time.") if there else _("{path} is not gone yet.")
                raise NotReady(what.format(path=path), fix=_("See what is wrong with: kfinstall doctor"))
            self._rest()

    def _rest(self) -> None:
        if self._stopped.wait(LOOK):
            raise Interrupted(_("The test was stopped."))


def _place(resource: Resource) -> Body:
    version = f"{resource.group}/{resource.versions[0]}" if resource.group else resource.versions[0]
    body: Body = {"apiVersion": version, "kind": resource.kind, "metadata": {"name": NAME, "labels": LABELS}}
    return {**body, "spec": {"owner": {"kind": "User", "name": OWNER}}} if resource.kind == "Profile" else body
