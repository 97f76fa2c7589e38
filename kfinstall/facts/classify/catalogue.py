"""The catalogue of causes: configs/causes/*.yaml, read once and only when a message is to be explained.

configs/causes/README.md describes the format. A file has `causes`, or `vocabulary`: the words for what several causes
share, such as the ways of saying that a name was not found.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from kfinstall.contracts.explanation import Remedy
from kfinstall.facts.classify.phrase import Phrase

DEFAULT_RANK = 50
"""Of a rule that says no rank: 10 is for mere symptoms, 90 for what nothing else could be."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a message has a cause: all of `every`, one of `some` if there are any, none of `never`, and the signals."""

    rank: int = DEFAULT_RANK
    every: tuple[Phrase, ...] = ()
    some: tuple[Phrase, ...] = ()
    never: tuple[Phrase, ...] = ()
    signals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. summary and the remedy have {parameters}; failure is False for what only looks like one.

    alike: causes whose messages read the same, so that only the cluster can tell which it is.
    """

    id: str
    area: str
    title: str
    summary: str
    remedy: Remedy
    rules: tuple[Rule, ...]
    docs: str = ""
    alike: tuple[str, ...] = ()
    failure: bool = True


@dataclass(frozen=True, slots=True)
class SchedulerReason:
    """A reason for which the scheduler refuses a node. The order in the file is the order of what to mend first."""

    kind: str
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """words: signal -> value -> phrases. registries: family -> host patterns. places: phrases that name things.

    documentation: hosts that messages refer to for reading. dead_projects: of gcr.io, gone for good.
    """

    causes: Mapping[str, Cause]
    words: Mapping[str, Mapping[str, tuple[Phrase, ...]]]
    registries: Mapping[str, tuple[str, ...]]
    documentation: frozenset[str]
    dead_projects: tuple[str, ...]
    places: tuple[Phrase, ...]
    scheduler: tuple[SchedulerReason, ...]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue that ships with kfinstall."""
    documents = list(_documents())
    vocabulary = next(document["vocabulary"] for document in documents if "vocabulary" in document)
    causes = [_cause(data) for document in documents for data in document.get("causes", ())]
    return Catalogue(
        causes={cause.id: cause for cause in causes},
        words={
            signal: {value: _phrases(texts) for value, texts in values.items()}
            for signal, values in vocabulary["signals"].items()
        },
        registries={family: tuple(hosts) for family, hosts in vocabulary["registries"].items()},
        documentation=frozenset(vocabulary["documentation"]),
        dead_projects=tuple(vocabulary["deadProjects"]),
        places=_phrases(vocabulary["places"]),
        scheduler=tuple(SchedulerReason(kind, _phrases(texts)) for kind, texts in vocabulary["scheduler"].items()),
    )


def _documents() -> Iterator[Any]:
    import yaml  # noqa: PLC0415 - start-up does without it

    # the C parser takes a tenth of the time; where libyaml is missing the other one gives the same
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    folder = resources.files("configs").joinpath("causes")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            yield yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both loaders are safe


def _cause(data: Mapping[str, Any]) -> Cause:
    remedy = data["remedy"]
    return Cause(
        id=data["id"],
        area=data["area"],
        title=data["title"],
        summary=data["summary"],
        remedy=Remedy(remedy["text"], tuple(remedy.get("commands", ()))),
        rules=tuple(_rules(data.get("when", ()))),
        docs=data.get("docs", ""),
        alike=tuple(data.get("alike", ())),
        failure=data.get("failure", True),
    )


def _rules(entries: Iterable[Any]) -> Iterator[Rule]:
    """A rule is a mapping; texts beside the mappings are the phrases of one more rule."""
    texts = [entry for entry in entries if isinstance(entry, str)]
    if texts:
        yield Rule(some=_phrases(texts))
    for entry in entries:
        if not isinstance(entry, str):
            yield _rule(entry)


def _rule(entry: Mapping[str, Any]) -> Rule:
    unknown = set(entry) - {"rank", "all", "any", "none", "signals", "without"}
    if unknown:
        raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
    return Rule(
        rank=entry.get("rank", DEFAULT_RANK),
        every=_phrases(entry.get("all", ())),
        some=_phrases(entry.get("any", ())),
        never=_phrases(entry.get("none", ())),
        signals=_values(entry.get("signals", {})),
        without=_values(entry.get("without", {})),
    )


def _values(signals: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(map(str, value)) if isinstance(value, list) else (str(value),) for name, value in signals.items()
    }


def _phrases(texts: Iterable[str]) -> tuple[Phrase, ...]:
    return tuple(Phrase(text) for text in texts)
