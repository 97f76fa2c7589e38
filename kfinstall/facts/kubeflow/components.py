"""Kubeflow's components: their workloads, and which of these cannot work without which others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import DEPLOYMENT, STATEFUL_SET

ISTIOD = ObjectKey(*DEPLOYMENT, "istio-system", "istiod")


@dataclass(frozen=True, slots=True)
class Component:
    """workloads: `namespace/name` -> those that it needs; of each inner sequence one is enough.

    marks: the workload that every installation of the component has. definitions: what the component's objects are.
    """

    name: str
    marks: str
    definitions: Sequence[str]
    workloads: Mapping[str, Sequence[Sequence[str]]]


@lru_cache(maxsize=1)
def components() -> tuple[Component, ...]:
    """Those of configs/components, read once."""
    import yaml  # noqa: PLC0415 - start-up does without it

    text = resources.files("configs").joinpath("components", "kubeflow.yaml").read_text(encoding="utf-8")
    return tuple(_component(entry) for entry in yaml.safe_load(text))


def _component(entry: Mapping[str, Any]) -> Component:
    workloads = {
        name: tuple(tuple(each) if isinstance(each, list) else (each,) for each in needs)
        for name, needs in entry["workloads"].items()
    }
    return Component(entry["name"], entry["marks"], tuple(entry.get("definitions", ())), workloads)


def standing(workload: str, snapshot: Snapshot) -> tuple[ObjectKey, Body] | None:
    """The Deployment or StatefulSet of a `namespace/name`."""
    namespace, _slash, name = workload.partition("/")
    for kind in (DEPLOYMENT, STATEFUL_SET):
        key = ObjectKey(*kind, namespace, name)
        body = snapshot.get(key)
        if body is not None:
            return key, body
    return None


def component_needs(workload: ObjectKey, snapshot: Snapshot) -> Iterator[ObjectKey]:
    """The workloads that one of Kubeflow's cannot work without; where none of several stands, the first of them."""
    name = f"{workload.namespace}/{workload.name}"
    for component in components():
        for alternatives in component.workloads.get(name, ()):
            found = [each[0] for each in (standing(one, snapshot) for one in alternatives) if each]
            yield from found or [ObjectKey(*DEPLOYMENT, *alternatives[0].split("/"))]


def component_of(definition: str) -> Component | None:
    """The component that works on the objects of a definition."""
    return next((each for each in components() if definition in each.definitions), None)
