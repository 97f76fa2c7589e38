"""Knowing when what is waited for is there, and why it is not there yet."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.plan import Await, Condition
from kfinstall.facts.pod_trouble import trouble
from kfinstall.facts.readiness import Readiness, readiness
from kfinstall.facts.selectors import matches
from kfinstall.words import _

SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(slots=True)
class _Pod:
    labels: dict[str, str]
    trouble: str


@dataclass(slots=True)
class _Waited:
    action: Await
    state: Readiness
    selector: Body | None = None


@dataclass(slots=True)
class Waits:
    """The waits of a run, and what the watches have shown so far; used by one thread."""

    _waited: dict[str, _Waited] = field(default_factory=dict)
    _by_path: dict[str, str] = field(default_factory=dict)
    _pods: dict[str, dict[str, _Pod]] = field(default_factory=dict)
    _serving: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)
    _last: dict[str, Readiness] = field(default_factory=dict)
    _selectors: dict[str, Body | None] = field(default_factory=dict)

    def begin(self, step: str, action: Await) -> list[str]:
        """Wait for a step; the collections that have to be followed for it."""
        state = self._last.get(action.path) or Readiness(ready=False, why=_("has not been seen yet"))
        self._waited[step] = _Waited(action, state, self._selectors.get(action.path))
        self._by_path[action.path] = step
        namespace = action.key.namespace
        if action.condition is Condition.SERVING:
            return [_slices(namespace)]
        followed = [action.path.rpartition("/")[0]]
        if action.key.group in {"apps", "batch"}:
            followed.append(_pods(namespace))
        return followed

    def end(self, step: str) -> None:
        waited = self._waited.pop(step)
        self._by_path.pop(waited.action.path, None)

    def __len__(self) -> int:
        return len(self._waited)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._waited))

    def state(self, step: str) -> Readiness:
        """Whether the step's condition holds now."""
        waited = self._waited[step]
        if waited.action.condition is Condition.SERVING:
            key = waited.action.key
            slices = self._serving.get(_slices(key.namespace), {}).values()
            ready = any(service == key.name and serving for service, serving in slices)
            return Readiness(ready, why=_("no pod behind it is ready yet"))
        return waited.state

    def why(self, step: str) -> str:
        """Why the step's condition does not hold yet, with what its pods say."""
        waited = self._waited[step]
        parts = [self.state(step).why]
        if waited.selector:
            pods = self._pods.get(_pods(waited.action.key.namespace), {})
            troubles = {pod.trouble for pod in pods.values() if pod.trouble and matches(waited.selector, pod.labels)}
            parts += sorted(troubles)[:1]
        return "; ".join(filter(None, parts))

    def seen(self, collection: str, change: str, body: Body) -> str | None:
        """Take in what a watch reports; the step that it concerns, if its condition may have changed."""
        metadata = body["metadata"]
        name = metadata["name"]
        if collection.endswith("/endpointslices"):
            self._slice(collection, change, body)
            return None
        if collection.endswith("/pods") and change == "seen":
            pods = self._pods.setdefault(collection, {})
            pods[name] = _Pod(metadata.get("labels") or {}, trouble(body))
        elif collection.endswith("/pods"):
            self._pods.get(collection, {}).pop(name, None)
        return self._object(f"{collection}/{name}", change, body)

    def _slice(self, collection: str, change: str, body: Body) -> None:
        service = (body["metadata"].get("labels") or {}).get(SERVICE_NAME, "")
        ready = change == "seen" and any(
            (endpoint.get("conditions") or {}).get("ready", True) for endpoint in body.get("endpoints") or ()
        )
        self._serving.setdefault(collection, {})[body["metadata"]["name"]] = (service, ready)

    def _object(self, path: str, change: str, body: Body) -> str | None:
        state = readiness(body) if change == "seen" else Readiness(ready=False, why=_("does not exist"))
        self._last[path] = state
        self._selectors[path] = (body.get("spec") or {}).get("selector") if isinstance(body.get("spec"), dict) else None
        step = self._by_path.get(path)
        if step:
            self._waited[step].state = state
            self._waited[step].selector = self._selectors[path]
        return step


def _slices(namespace: str) -> str:
    return f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"


def _pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"
