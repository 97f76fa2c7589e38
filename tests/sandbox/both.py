"""The same steps on a practice cluster and on a real control plane whose nodes the practice cluster's kubelets play."""

from __future__ import annotations

import contextlib
import difflib
import json
import pprint
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.client.exceptions import ApiException

from kfinstall.sandbox.playing import Playing
from kfinstall.sandbox.scenario import Scenario
from tests.controlplane.api import Api, Object
from tests.controlplane.cluster import Cluster
from tests.patience import PATIENCE
from tests.sandbox.conftest import SPEED, served

PAUSE = 0.05
"""Seconds between two looks; more often would take from both clusters the time that they need."""


@dataclass(frozen=True)
class Side:
    """One of the two clusters, and the namespace of a test in it."""

    api: Api
    namespace: str

    def path(self, collection: str, name: str = "") -> str:
        """Of a collection in the namespace, such as `pods` or `apps/v1/deployments`, or of an object in it."""
        group, _slash, plural = collection.rpartition("/")
        root = f"/apis/{group}" if group else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def get(self, collection: str, name: str) -> Object:
        """The object, or {} when there is none."""
        with contextlib.suppress(ApiException):
            return self.api.get(self.path(collection, name))
        return {}

    def all(self, collection: str) -> list[Object]:
        found: list[Object] = self.api.get(self.path(collection))["items"]
        return found


@dataclass(frozen=True)
class Both:
    """What is done here is done on both sides."""

    sandbox: Side
    real: Side

    def create(self, collection: str, body: Object) -> None:
        for side in (self.sandbox, self.real):
            side.api.create(side.path(collection), body)

    def create_anywhere(self, path: str, body: Object) -> None:
        """Create an object that is in no namespace."""
        for side in (self.sandbox, self.real):
            side.api.create(path, body)

    def patch(self, collection: str, name: str, body: Object) -> None:
        for side in (self.sandbox, self.real):
            side.api.patch(side.path(collection, name), body)

    def delete(self, collection: str, name: str, **options: Any) -> None:
        for side in (self.sandbox, self.real):
            side.api.delete(side.path(collection, name), **options)

    def agree(self, look: Callable[[Side], Any], settled: Callable[[Any], Any] = bool) -> Any:
        """What is seen on both sides, once it is the same and settled; fails with the difference when it never is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            mine, theirs = look(self.sandbox), look(self.real)
            if mine == theirs and settled(mine):
                return mine
            if time.monotonic() > deadline:
                raise AssertionError(_difference(mine, theirs) or f"never settled: {mine}")
            time.sleep(PAUSE)


def _difference(mine: Any, theirs: Any) -> str:
    left, right = (pprint.pformat(each, width=100).splitlines() for each in (mine, theirs))
    return "\n".join(difflib.unified_diff(left, right, "practice cluster", "real one", lineterm="", n=1))


@contextlib.contextmanager
def sides(scenario: Scenario, control_plane: Cluster, folder: Path) -> Iterator[tuple[Api, Api]]:
    """A practice cluster of a scenario, and a real control plane with its nodes and storage."""
    described = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(described), encoding="utf-8")
    with (
        served(str(path), folder) as kubeconfig,
        Api(kubeconfig) as sandbox,
        Api(control_plane.kubeconfig()) as real,
        Playing(real, scenario, speed=SPEED),
    ):
        yield sandbox, real


@contextlib.contextmanager
def namespace_on(apis: tuple[Api, Api]) -> Iterator[Both]:
    """A namespace of one test, on both sides."""
    name = f"both-{secrets.token_hex(3)}"
    found = Both(*(Side(api, name) for api in apis))
    found.create_anywhere("/api/v1/namespaces", {"metadata": {"name": name, "labels": {"team": "both"}}})
    found.agree(lambda side: bool(side.get("serviceaccounts", "default")))
    yield found
    for side in (found.sandbox, found.real):
        side.api.delete(side.path("pods"), gracePeriodSeconds=0)
        side.api.delete(f"/api/v1/namespaces/{name}")
