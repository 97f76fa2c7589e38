"""A real check of a Kubeflow: small objects of its kinds, made in a namespace of their own, watched and taken away."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Template

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.errors import ClusterError, Interrupted, NotReady, UsageError
from kfinstall.facts.kinds import NAMESPACE, PROFILE
from kfinstall.facts.pod_trouble import trouble
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

NAME = "kfinstall-test"
"""Of the profile, or of the namespace where there are no profiles; and the field manager."""

LABELS = {"app.kubernetes.io/managed-by": NAME}
NOBODY = "kfinstall-test@kfinstall.invalid"
"""Owns the profile; a name that cannot be anybody's (RFC 2606)."""

LOOK = 1.0
"""Seconds between two looks."""
FOR_PLACE, FOR_END = 120.0, 120.0
"""Seconds that the namespace gets to be made, and to be gone."""

SPAWNER = "spawner_ui_config.yaml"


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try. body: of the object that is made; $image in it stands for an image with Python."""

    name: str
    title: str
    body: Body

    @property
    def kind(self) -> GroupKind:
        return GroupKind(self.body["apiVersion"].partition("/")[0], self.body["kind"])


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial. seconds: how long it took. why: what went wrong, "" when nothing did."""

    trial: Trial
    seconds: float
    why: str = ""


@lru_cache(maxsize=1)
def trials() -> tuple[Trial, ...]:
    """Those of configs/trials.yaml, read once."""
    text = files("configs").joinpath("trials.yaml").read_text(encoding="utf-8")
    return tuple(Trial(each["name"], _(each["title"]), each["object"]) for each in yaml.safe_load(text))


def notebook_image(cluster: Cluster, namespace: str) -> str:
    """The image that the web app spawns unless told otherwise; "" where there is none."""
    for each in cluster.items(f"/api/v1/namespaces/{namespace}/configmaps"):
        text = (each.get("data") or {}).get(SPAWNER)
        if text:
            return str(yaml.safe_load(text)["spawnerFormDefaults"]["image"]["value"])
    return ""


class Attempts:
    """Trials in one cluster, one after the other. stopped: set when the user wants to stop."""

    def __init__(self, cluster: Cluster, resources: Mapping[GroupKind, Resource], stopped: threading.Event) -> None:
        self._cluster = cluster
        self._resources = resources
        self._stopped = stopped

    def served(self, wanted: Sequence[Trial]) -> list[Trial]:
        """Those whose kind this cluster has."""
        return [trial for trial in wanted if trial.kind in self._resources]

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

    def run(self, trial: Trial, image: str, patience: float) -> Tried:
        """Make its object and see what comes of it. patience: seconds. Raises Interrupted."""
        resource, began = self._resources[trial.kind], time.monotonic()
        path = resource.path(trial.body["apiVersion"].partition("/")[2], NAME, trial.body["metadata"]["name"])
        try:
            self._cluster.apply(path, _with_image(trial.body, image), force=True, manager=NAME)
        except ClusterError as error:
            return Tried(trial, time.monotonic() - began, error.what)
        while True:
            body = self._cluster.look(path) or {}
            seconds = time.monotonic() - began
            passed = _verdict(body)
            if passed:
                return Tried(trial, seconds)
            if passed is False or seconds > patience:
                late = _("It did not come to its end within {seconds:.0f} s.").format(seconds=patience)
                return Tried(trial, seconds, _said(body) or self._troubles() or late)
            self._rest()

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
    return {**body, "spec": {"owner": {"kind": "User", "name": NOBODY}}} if resource.kind == "Profile" else body


def _with_image(body: Body, image: str) -> Body:
    filled: Body = yaml.safe_load(Template(yaml.safe_dump(body)).safe_substitute(image=image))
    return filled


def _verdict(body: Body) -> bool | None:
    """Whether it went well: a notebook is ready, a job or a workflow has ended; None while nobody knows."""
    status = body.get("status") or {}
    if status.get("readyReplicas"):
        return True
    ended = {each["type"] for each in status.get("conditions") or () if each.get("status") == "True"}
    ended.add(status.get("phase", ""))
    if ended & {"Failed", "Error"}:
        return False
    return True if ended & {"Succeeded", "Complete"} else None


def _said(body: Body) -> str:
    """Why it failed, in its own words."""
    status = body.get("status") or {}
    told = [each for each in status.get("conditions") or () if each["type"] == "Failed" and each["status"] == "True"]
    return str((told[0] if told else status).get("message") or "")
