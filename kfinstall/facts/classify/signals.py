"""What a message is about, as far as its form tells: the typed facts that the causes' rules ask for.

A signal has a name and one or more values (`failure: dns`, `registry: ghcr`, `status: 403`). Parameters are what the
message names: an image, a host, a claim. configs/causes/README.md lists both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from kfinstall.contracts.explanation import Json
from kfinstall.facts.classify.phrase import Phrase


@dataclass(slots=True)
class Signals:
    """text: normalised. lowered: its lower case, for the phrases."""

    text: str
    lowered: str
    values: dict[str, set[str]] = field(default_factory=dict)
    parameters: dict[str, Json] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, set()).add(value)

    def has(self, name: str, value: str) -> bool:
        return value in self.values.get(name, ())

    def name(self, parameter: str, value: Json) -> None:
        """Names a parameter, unless it is known already or the value is empty."""
        if value not in (None, "", [], {}):
            self.parameters.setdefault(parameter, value)

    def fit(self, wanted: Mapping[str, Iterable[str]]) -> bool:
        """Whether each signal that is wanted has one of the values that are; `*` matches within them."""
        return all(
            any(fnmatchcase(value, pattern) for pattern in patterns for value in self.values.get(name, ()))
            for name, patterns in wanted.items()
        )

    def read(self, phrases: Iterable[Phrase]) -> bool:
        """Whether one of the phrases is there; the names in it become parameters."""
        for phrase in phrases:
            found = phrase.find(self.text, self.lowered)
            if found:
                for parameter, value in found.captures.items():
                    self.name(parameter, value)
                return True
        return False
