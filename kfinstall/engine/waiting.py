"""Knowing when what is waited for is there, and why it is not there yet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.plan import Await, Condition
from kfinstall.facts.objects.readiness import Readiness, readiness
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_trouble import trouble
from kfinstall.words import _

SERVICE_NAME = "kubernetes.io/service-name"

UNSEEN = Readiness(ready=False)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a run has to know of an object that a watch has shown; the object itself is not kept.

    selector: of a workload's pods. labels and trouble: of a pod. service: that an EndpointSlice with a ready
    endpoint belongs to.
    """

    collection: str
    name: str
    there: bool
    state: Readiness = UNSEEN
    generation: int = 0
    selector: Body | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    service: str = ""


def sighting(collection: str, change: str, body: Body) -> Sighting:
    """What a watch reports, as "seen" or "gone", without what is not needed of it."""
    metadata = body["metadata"]
    name, labels = metadata["name"], metadata.get("labels") or {}
    if change == "gone":
        return Sighting(collection, name, there=False)
    if collection.endswith("/endpointslices"):
        return Sighting(collection, name, there=True, service=labels.get(SERVICE_NAME, "") if _has_ready(body) else "")
    state, generation = readiness(body), metadata.get("generation") or 0
    if collection.endswith("/pods"):
        return Sighting(collection, name, True, state, generation, labels=labels, trouble=trouble(body))
    selector = (body.get("spec") or {}).get("selector") if _is_workload(collection) else None
    return Sighting(collection, name, True, state, generation, selector)


def _has_ready(endpoint_slice: Body) -> bool:
    endpoints = endpoint_slice.get("endpoints") or ()
    return any((endpoint.get("conditions") or {}).get("ready", True) for endpoint in endpoints)


def _is_workload(collection: str) -> bool:
    return collection.startswith(("/apis/apps/", "/apis/batch/"))


class Waits:
    """The waits of a run, and what the watches have shown so far; used by one thread."""

    def __init__(self) -> None:
        self._waited: dict[str, Await] = {}
        self._by_path: dict[str, str] = {}
        self._there: dict[str, dict[str, Sighting]] = defaultdict(dict)
        self._generations: dict[str, int] = {}

    def written(self, path: str, generation: int) -> None:
        """Remember what was applied, so that no older sighting counts."""
        self._generations[path] = generation

    def begin(self, step: str, action: Await) -> list[str]:
        """Wait for a step; the collections that have to be followed for it, that which decides first."""
        self._waited[step] = action
        self._by_path[action.path] = step
        decisive = decides(action)
        if action.condition is Condition.READY and _is_workload(action.path):
            return [decisive, _pods(action.key.namespace)]
        return [decisive]

    def end(self, step: str) -> None:
        self._by_path.pop(self._waited.pop(step).path, None)

    def __contains__(self, step: str) -> bool:
        return step in self._waited

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._waited))

    def seen(self, sighting: Sighting) -> list[str]:
        """Take in what a watch reports; the steps that it concerns."""
        if sighting.there:
            self._there[sighting.collection][sighting.name] = sighting
        else:
            self._there[sighting.collection].pop(sighting.name, None)
        if sighting.collection.endswith("/endpointslices"):
            return [step for step, action in self._waited.items() if decides(action) == sighting.collection]
        step = self._by_path.get(f"{sighting.collection}/{sighting.name}")
        return [step] if step else []

    def state(self, step: str) -> Readiness:
        """Whether the step's condition holds now."""
        action = self._waited[step]
        if action.condition is Condition.SERVING:
            serving = any(slice_.service == action.key.name for slice_ in self._there[decides(action)].values())
            return Readiness(serving, why=_("no pod behind it is ready yet"))
        found = self._sighting(action)
        if found is None:
            return Readiness(ready=False, why=_("has not been seen yet"))
        if found.generation < self._generations.get(action.path, 0):
            return Readiness(ready=False, why=_("its change has not been seen yet"))
        return found.state

    def why(self, step: str) -> str:
        """Why the step's condition does not hold yet, with what its pods say."""
        parts = [self.state(step).why]
        action = self._waited[step]
        found = self._sighting(action)
        if found and found.selector:
            pods = self._there[_pods(action.key.namespace)].values()
            parts += sorted({pod.trouble for pod in pods if pod.trouble and matches(found.selector, pod.labels)})[:1]
        return "; ".join(filter(None, parts))

    def _sighting(self, action: Await) -> Sighting | None:
        collection, _slash, name = action.path.rpartition("/")
        return self._there[collection].get(name)


def decides(action: Await) -> str:
    """The collection in which a condition shows."""
    if action.condition is Condition.SERVING:
        return f"/apis/discovery.k8s.io/v1/namespaces/{action.key.namespace}/endpointslices"
    return action.path.rpartition("/")[0]


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"
