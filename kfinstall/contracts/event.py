"""What happens while a plan is carried out: the only thing that a renderer sees.

Every event is plain, frozen data; `as_json` gives the line that --log-format=json prints.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a step ended well."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CHECKED = "checked"  # a dry run: the server would accept it
    DELETED = "deleted"
    RELEASED = "released"
    MET = "met"  # what was waited for is there


class Result(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """steps: how many there are, by application, in the order in which they are shown."""

    install: str
    server: str
    version: str
    steps: dict[str, int]


@dataclass(frozen=True, slots=True)
class StepStarted:
    step: str
    application: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """seconds: from its start."""

    step: str
    application: str
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class StepRetried:
    """The step is tried again in some seconds, because of why."""

    step: str
    application: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepFailed:
    """what happened, why, and what to do: the three parts of an error."""

    step: str
    application: str
    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step that was not tried, because a step that it needs failed."""

    step: str
    application: str
    because: str


@dataclass(frozen=True, slots=True)
class ConflictFound:
    """A field that somebody else manages with another value. manager: the other field manager."""

    step: str
    object: str
    field: str
    manager: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a step is still waited for; sent when the reason changes."""

    step: str
    application: str
    why: str


@dataclass(frozen=True, slots=True)
class ApplicationFinished:
    application: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a line that belongs to no step."""

    message: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """counts: steps by outcome. writes: requests sent that may change something. seconds: of the whole run."""

    result: Result
    counts: dict[str, int]
    writes: int
    seconds: float


Event = (
    RunStarted
    | StepStarted
    | StepFinished
    | StepRetried
    | StepFailed
    | StepSkipped
    | ConflictFound
    | Waiting
    | ApplicationFinished
    | Notice
    | RunFinished
)


def as_json(event: Event) -> dict[str, Any]:
    """The event as JSON data, with its type's name as `event`."""
    return {"event": type(event).__name__, **dataclasses.asdict(event)}
