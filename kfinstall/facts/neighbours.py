"""Where the pods that stand already let another one stand: pod affinity, pod anti-affinity, topology spread.

As kube-scheduler decides it (kubernetes/pkg/scheduler/framework/plugins: interpodaffinity, podtopologyspread).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.capacity import Room
from kfinstall.facts.placing import selected, untolerated
from kfinstall.facts.selectors import matches

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
Term = Mapping[str, Any]


class Neighbours:
    """The pods on the nodes. namespaces: labels by name, for terms that select namespaces by label."""

    def __init__(self, rooms: Sequence[Room], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        self._rooms = rooms
        self._namespaces = namespaces

    def kept_apart(self, pod: Body) -> Iterator[tuple[str, set[str]]]:
        """Topology key and values where the pod may not stand, because of one that does."""
        for term in _terms(pod, "podAntiAffinity"):
            yield term["topologyKey"], self._values(term, pod)
        for room, other, term in self._wary:
            if self._concerns(term, other, pod):
                yield term["topologyKey"], {_labels(room.node).get(term["topologyKey"], "")}

    def drawn_to(self, pod: Body) -> Iterator[tuple[str, set[str]]]:
        """Topology key and values of the only places where the pod may stand.

        The first of a group that is to stand together may stand anywhere.
        """
        for term in _terms(pod, "podAffinity"):
            values = self._values(term, pod)
            if values or not self._concerns(term, pod, pod):
                yield term["topologyKey"], values

    def crowded(self, pod: Body) -> Iterator[tuple[str, set[str], set[str]]]:
        """Topology key, values where one more pod would make the spread uneven, and all values."""
        for constraint in (pod.get("spec") or {}).get("topologySpreadConstraints") or ():
            if constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule":
                yield self._crowded(constraint, pod)

    def _crowded(self, constraint: Term, pod: Body) -> tuple[str, set[str], set[str]]:
        key, selector = constraint["topologyKey"], _of_revision(constraint, pod)
        namespace = _namespace(pod)
        found: Counter[str] = Counter()
        for room in self._rooms:
            value = _labels(room.node).get(key)
            if value is None or not _counts(constraint, pod, room.node):
                continue
            mine = (each for each in room.pods if _namespace(each) == namespace and _stays(each))
            found[value] += sum(matches(selector, _labels(each)) for each in mine)
        least = min(found.values(), default=0) if len(found) >= (constraint.get("minDomains") or 1) else 0
        own = int(matches(selector, _labels(pod)))
        most = constraint.get("maxSkew") or 1
        return key, {value for value, count in found.items() if count + own - least > most}, set(found)

    def _values(self, term: Term, pod: Body) -> set[str]:
        """Values of the term's topology key where a pod stands that the term is about."""
        key = term["topologyKey"]
        return {
            value
            for room in self._rooms
            if (value := _labels(room.node).get(key)) and any(self._concerns(term, pod, other) for other in room.pods)
        }

    @cached_property
    def _wary(self) -> list[tuple[Room, Body, Term]]:
        """Pods that keep others away from where they stand."""
        return [
            (room, pod, term) for room in self._rooms for pod in room.pods for term in _terms(pod, "podAntiAffinity")
        ]

    def _concerns(self, term: Term, owner: Body, other: Body) -> bool:
        """Whether a term of one pod selects another one; without a selector it selects none."""
        if term.get("labelSelector") is None or not matches(term["labelSelector"], _labels(other)):
            return False
        namespace, selector = _namespace(other), term.get("namespaceSelector")
        if selector is not None and matches(selector, self._namespaces.get(namespace, {})):
            return True
        named = term.get("namespaces") or ((_namespace(owner),) if selector is None else ())
        return namespace in named


def _terms(pod: Body, kind: str) -> Sequence[Term]:
    affinity = ((pod.get("spec") or {}).get("affinity") or {}).get(kind) or {}
    found: Sequence[Term] = affinity.get(REQUIRED) or ()
    return found


def _counts(constraint: Term, pod: Body, node: Body) -> bool:
    """Whether a node's pods are counted: by default those that the selector allows, tainted or not."""
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not selected(pod["spec"], node):
        return False
    return constraint.get("nodeTaintsPolicy", "Ignore") == "Ignore" or untolerated(pod["spec"], node) is None


def _of_revision(constraint: Term, pod: Body) -> Mapping[str, Any]:
    """The constraint's selector, with those labels of the pod that it takes over; without one it selects nothing."""
    selector = constraint.get("labelSelector")
    if selector is None:
        return _NONE
    own = {key: _labels(pod)[key] for key in constraint.get("matchLabelKeys") or () if key in _labels(pod)}
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **own}}


_NONE = {"matchExpressions": [{"key": "", "operator": "Exists"}]}


def _stays(pod: Body) -> bool:
    return not pod["metadata"].get("deletionTimestamp")


def _labels(body: Body) -> Mapping[str, str]:
    found: Mapping[str, str] = body["metadata"].get("labels") or {}
    return found


def _namespace(pod: Body) -> str:
    return str(pod["metadata"].get("namespace") or "")
