"""A message to its cause: read what it is about, ask every cause's rules, take the most specific that holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kfinstall.contracts.explanation import Explanation, Json
from kfinstall.facts.classify.catalogue import Catalogue, Cause, Rule, catalogue
from kfinstall.facts.classify.normalise import normalised
from kfinstall.facts.classify.pulling import read_pull
from kfinstall.facts.classify.refusals import read_refused_request, split_names
from kfinstall.facts.classify.signals import Signals
from kfinstall.facts.classify.unschedulable import read_refusal
from kfinstall.facts.classify.wording import explained

SIGNAL_WEIGHT = 8
"""Characters of fixed text that a signal is worth when two rules of one rank hold."""

_TARGETS = ("webhook", "apiserver", "github")
"""What is talked to, most telling first: a webhook's URL may look like a registry's, never the other way round."""

_MOST_ALTERNATIVES = 3

REMEMBERED = 2048
"""Messages whose explanation is kept: a cluster repeats itself, and several checks read the same."""

GUESS = 40
"""A rule of a lower rank knows the family of the message only."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause that the message fits, and how well."""

    cause: Cause
    rank: int
    weight: int
    captures: dict[str, str]


@lru_cache(maxsize=REMEMBERED)
def classify(message: str) -> Explanation | None:
    """Why what the message reports happened and what to do; None when it fits no cause, as a normal event does.

    The message may be a line of a log, of `kubectl get events` or `describe`, a JSON object, or several lines.
    """
    known = catalogue()
    signals = _read(message, known)
    candidates = sorted(_candidates(signals, known), key=lambda each: (-each.rank, -each.weight))
    if not candidates:
        return None
    best = candidates[0]
    others = tuple(dict.fromkeys((*best.cause.alike, *(each.cause.id for each in candidates[1:]))))
    return explained(best.cause, _parameters(signals, best), _confidence(candidates), others[:_MOST_ALTERNATIVES])


def explanation(cause: str, parameters: Mapping[str, Json]) -> Explanation:
    """The catalogue's words for a cause that is known already, as a check knows it; KeyError for an id it lacks."""
    return explained(catalogue().causes[cause], parameters, 1.0, ())


def parsed(message: str) -> dict[str, Json]:
    """What a message names, whether or not its cause is known: image, host, namespace, …"""
    return dict(_read(message, catalogue()).parameters)


def _read(message: str, known: Catalogue) -> Signals:
    text = normalised(message)
    signals = Signals(text, text.lower())
    read_refusal(signals, known)
    for name, values in known.words.items():
        for value, phrases in values.items():
            if signals.read(phrases):
                signals.add(name, value)
    read_pull(signals, known)
    read_refused_request(signals)
    for phrase in known.places:
        signals.read((phrase,))
    _settle_target(signals)
    return signals


def _settle_target(signals: Signals) -> None:
    targets = signals.values.get("target", set())
    for target in _TARGETS:
        if target in targets:
            signals.values["target"] = {target}
            return


def _candidates(signals: Signals, known: Catalogue) -> Iterator[Candidate]:
    for cause in known.causes.values():
        held = [found for rule in cause.rules if (found := _holds(cause, rule, signals))]
        if held:
            yield max(held, key=lambda each: (each.rank, each.weight))


def _holds(cause: Cause, rule: Rule, signals: Signals) -> Candidate | None:
    if not signals.fit(rule.signals) or any(signals.fit({name: values}) for name, values in rule.without.items()):
        return None
    if any(phrase.find(signals.text, signals.lowered) for phrase in rule.never):
        return None
    every = [phrase.find(signals.text, signals.lowered) for phrase in rule.every]
    some = [found for phrase in rule.some if (found := phrase.find(signals.text, signals.lowered))]
    matches = [found for found in (*every, *some) if found]
    if None in every or (rule.some and not some):
        return None
    captures: dict[str, str] = {}
    for found in matches:
        for name, value in found.captures.items():
            captures.setdefault(name, value)
    weight = max((found.weight for found in matches), default=0) + SIGNAL_WEIGHT * len(rule.signals)
    return Candidate(cause, rule.rank, weight, captures)


def _confidence(candidates: list[Candidate]) -> float:
    """How sure the first candidate is, 0 to 1: a rival of the same rank, causes that read alike, a mere family."""
    best, *rivals = candidates
    equal = [rival for rival in rivals if rival.rank == best.rank]
    if equal and equal[0].weight == best.weight:
        return 0.4
    if best.cause.alike or best.rank < GUESS:
        return 0.6
    return 0.9 if equal else 1.0


def _parameters(signals: Signals, best: Candidate) -> dict[str, Json]:
    """What the rule itself captured says more about this cause than what stands elsewhere in the message."""
    parameters: dict[str, Json] = {**signals.parameters, **best.captures}
    split_names(parameters)
    return {name: value for name, value in parameters.items() if value not in (None, "", [], {})}
