"""How far an install is, what it asks of its user, and how it ended; plain data that a screen may load at once."""

from dataclasses import dataclass, field
from enum import StrEnum

from kfinstall.contracts.event import ConflictFound, Result, StepFailed, StepSkipped
from kfinstall.errors import KfinstallError


class Stage(StrEnum):
    """How far an install is."""

    READING = "reading"  # which release, which cluster
    ASKING = "asking"  # the user has to say a word before a cluster is made
    MAKING = "making"  # of the cluster
    RENDERING = "rendering"
    PLANNING = "planning"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is asked before something is made. lines: what should be known before."""

    text: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Ending:
    """How it ended. error: what it did not get over; None where it came to its end. declined: the user said no."""

    result: Result
    error: KfinstallError | None = None
    declined: bool = False
    failures: list[StepFailed] = field(default_factory=list)
    skipped: list[StepSkipped] = field(default_factory=list)
    conflicts: list[ConflictFound] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
