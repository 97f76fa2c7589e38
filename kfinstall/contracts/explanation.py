"""What a message that a cluster, a runtime, a registry or a cloud printed means, and what to do about it."""

from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do. commands: to copy; a word in capitals (`NAMESPACE`) stands for what the message did not say."""

    text: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A message, explained.

    cause: id in the catalogue (configs/causes). title: the cause in a few words. summary: one or two sentences about
    this very case. parameters: what the message named; configs/causes/README.md lists the names.
    confidence: 0 to 1; below 0.7 the message may well mean one of `alternatives`, likeliest first.
    failure: False where the message only looks like trouble, such as a claim that waits for its first consumer.
    """

    cause: str
    title: str
    area: str
    parameters: dict[str, Json]
    summary: str
    remedy: Remedy
    docs: str = ""
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    failure: bool = field(default=True)

    def as_json(self) -> dict[str, Json]:
        """Plain JSON data, as `kfinstall explain -o json` prints it, without apiVersion and kind."""
        return {
            "cause": self.cause,
            "title": self.title,
            "area": self.area,
            "failure": self.failure,
            "confidence": self.confidence,
            "parameters": dict(self.parameters),
            "summary": self.summary,
            "remedy": {"text": self.remedy.text, "commands": list(self.remedy.commands)},
            "docs": self.docs,
            "alternatives": list(self.alternatives),
        }
