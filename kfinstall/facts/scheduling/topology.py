"""Rules about where a pod may be because of where other pods are: topology spread, affinity, anti-affinity.

kubernetes/pkg/scheduler/framework/plugins/podtopologyspread and interpodaffinity.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.scheduling.placing import selected, untolerated

Rule = Mapping[str, Any]
Labels = Mapping[str, str]
NamespaceLabels = Callable[[str], Labels]
"""The labels of a namespace, by its name."""

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class Place(Protocol):
    """A node with its labels and the pods on it. shy: at least those that want no others near."""

    @property
    def node(self) -> Body: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def standing(self) -> Iterable[Body]: ...
    @property
    def shy(self) -> Iterable[Body]: ...


def labels_of(pod: Body) -> Labels:
    found: Labels = pod["metadata"].get("labels") or {}
    return found


# Topology spread


@dataclass(frozen=True, slots=True)
class Spread:
    """One constraint and what stands. counts: pods that it selects, by the value of its label."""

    rule: Rule
    counts: Mapping[str, int]
    own: int

    def refusal(self, room: Place) -> str:
        """Why a pod more on this node would be too much; "" when it would not."""
        value = room.labels.get(self.rule["topologyKey"])
        if value is None:
            return "node(s) didn't match pod topology spread constraints (missing required label)"
        least = min(self.counts.values(), default=0)
        if len(self.counts) < self.rule.get("minDomains", 1):
            least = 0
        skewed = self.counts.get(value, 0) + self.own - least > self.rule["maxSkew"]
        return "node(s) didn't match pod topology spread constraints" if skewed else ""


def spreads(pod: Body, rooms: Iterable[Place]) -> list[Spread]:
    """The constraints of a pod that must hold."""
    rules = [
        rule
        for rule in pod["spec"].get("topologySpreadConstraints") or ()
        if rule["whenUnsatisfiable"] == "DoNotSchedule"
    ]
    if not rules:
        return []
    keys = {rule["topologyKey"] for rule in rules}
    counted = [room for room in rooms if keys <= room.labels.keys()]
    return [_spread(rule, pod, counted) for rule in rules]


def _spread(rule: Rule, pod: Body, rooms: list[Place]) -> Spread:
    counts: Counter[str] = Counter()
    selector = _selector(rule, pod)
    for room in rooms:
        if not _counts(rule, pod["spec"], room.node):
            continue
        counts[room.labels[rule["topologyKey"]]] += sum(
            _selects(selector, each)
            for each in room.standing
            if each["metadata"]["namespace"] == pod["metadata"]["namespace"]
            and not each["metadata"].get("deletionTimestamp")
        )
    return Spread(rule, counts, int(_selects(selector, pod)))


def _selector(rule: Rule, pod: Body) -> Rule | None:
    """With the labels of the pod that it takes over; API servers from 1.34 on have put them there already."""
    selector = rule.get("labelSelector")
    own = {key: labels_of(pod)[key] for key in rule.get("matchLabelKeys") or () if key in labels_of(pod)}
    if selector is None or not own:
        return selector
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **own}}


def _counts(rule: Rule, spec: Body, node: Body) -> bool:
    """Whether a node counts as a place that pods could be spread to."""
    if rule.get("nodeAffinityPolicy", "Honor") == "Honor" and not selected(spec, node):
        return False
    return rule.get("nodeTaintsPolicy", "Ignore") == "Ignore" or untolerated(spec, node) is None


def _selects(selector: Rule | None, pod: Body) -> bool:
    """An absent selector selects nothing."""
    return selector is not None and matches(selector, labels_of(pod))


# Affinity and anti-affinity


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a pod and those that stand want of each other. Places are pairs of a label of nodes and its value.

    wanted: by term, places of pods that meet every affinity term; alone: no pod meets them, and the pod does itself.
    unwanted: places of pods that meet an anti-affinity term. closed: places whose pods do not want this one.
    """

    terms: list[Rule]
    wanted: frozenset[tuple[str, str]]
    alone: bool
    unwanted: frozenset[tuple[str, str]]
    closed: frozenset[tuple[str, str]]

    def attracts(self, room: Place) -> bool:
        places = [(term["topologyKey"], room.labels.get(term["topologyKey"])) for term in self.terms]
        if any(value is None for _key, value in places):
            return False
        return self.alone or all(place in self.wanted for place in places)

    def keeps_off(self, room: Place) -> str:
        """The label whose value other pods, on either side, do not want to share; "" when there is none."""
        return next((place[0] for place in room.labels.items() if place in self.unwanted | self.closed), "")

    def repels(self, room: Place) -> str:
        """Why other pods keep the pod from a node; "" when none does."""
        if any(place in self.unwanted for place in room.labels.items()):
            return "node(s) didn't match pod anti-affinity rules"
        if any(place in self.closed for place in room.labels.items()):
            return "node(s) didn't satisfy existing pods anti-affinity rules"
        return ""


def neighbours(pod: Body, rooms: Iterable[Place], namespace_labels: NamespaceLabels) -> Neighbours:
    affinity, anti = terms_of(pod, "podAffinity"), terms_of(pod, "podAntiAffinity")
    wanted: set[tuple[str, str]] = set()
    unwanted: set[tuple[str, str]] = set()
    closed: set[tuple[str, str]] = set()
    for room in rooms:
        for other in room.standing if affinity or anti else room.shy:
            if affinity and all(_meets(term, pod, other, namespace_labels) for term in affinity):
                wanted |= _places(affinity, room)
            met = [term for term in anti if _meets(term, pod, other, namespace_labels)]
            unwanted |= _places(met, room)
            own = terms_of(other, "podAntiAffinity")
            closed |= _places([term for term in own if _meets(term, other, pod, namespace_labels)], room)
    alone = not wanted and all(_meets(term, pod, pod, namespace_labels) for term in affinity)
    return Neighbours(affinity, frozenset(wanted), alone, frozenset(unwanted), frozenset(closed))


def terms_of(pod: Body, kind: str) -> list[Rule]:
    """The required terms of a kind of affinity."""
    return list(((pod["spec"].get("affinity") or {}).get(kind) or {}).get(REQUIRED) or ())


def _places(terms: Iterable[Rule], room: Place) -> set[tuple[str, str]]:
    keys: Iterator[str] = (term["topologyKey"] for term in terms)
    return {(key, room.labels[key]) for key in keys if key in room.labels}


def _meets(term: Rule, owner: Body, other: Body, namespace_labels: NamespaceLabels) -> bool:
    """Whether a pod is one that another pod's term is about."""
    namespace = other["metadata"]["namespace"]
    named, by_labels = term.get("namespaces") or (), term.get("namespaceSelector")
    if named or by_labels is not None:
        within = namespace in named or (by_labels is not None and matches(by_labels, namespace_labels(namespace)))
    else:
        within = namespace == owner["metadata"]["namespace"]
    return within and _selects(term.get("labelSelector"), other)
