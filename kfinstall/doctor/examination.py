"""Running the checks, and putting what they find in order."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from kfinstall.contracts.check import Check, CouldNotLook
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.consequences import Diagnosis, tree
from kfinstall.doctor.odd import suspects
from kfinstall.doctor.snapshot import Collected
from kfinstall.facts.objects.dependencies import dependencies
from kfinstall.facts.objects.kinds import POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.readiness import readiness
from kfinstall.words import _

LOG = logging.getLogger(__name__)

MOST_ODD = 10
"""Objects that a check may break on, one after the other, before it counts as broken for all."""


class Status(StrEnum):
    """How a check ended. skipped: it could not look. error: the check itself broke."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one check. reason: one line where it is not a finding that says so."""

    check: Check
    status: Status
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """roots: what has to be mended; of one severity, that which holds back most comes first.

    unready: pods that are not ready. unexplained: those of them that no finding is about. unreached: why nothing is
    known of the cluster, "" where it answered. unread: kinds that it did not let be read. forbidden: resources among
    them that the user may not list, by kind.
    """

    checks: tuple[Answered, ...]
    roots: tuple[Diagnosis, ...]
    unready: int
    unexplained: tuple[ObjectKey, ...]
    unreached: str = ""
    unread: frozenset[GroupKind] = frozenset()
    forbidden: Mapping[GroupKind, str] = field(default_factory=dict)

    @property
    def unlooked(self) -> Sequence[Answered]:
        """Checks that say nothing, or not all: they could not look, or broke."""
        return [answer for answer in self.checks if answer.status in {Status.SKIPPED, Status.ERROR}]

    @property
    def is_blind(self) -> bool:
        """Whether the cluster kept most checks from looking, so that finding nothing says nothing."""
        kept = sum(not self.unread.isdisjoint(answer.check.reads) for answer in self.unlooked)
        return 2 * kept > len(self.checks)

    @property
    def to_mend(self) -> int:
        """How many roots are more than good to know."""
        return sum(root.finding.severity is not Severity.INFO for root in self.roots)

    @property
    def worst(self) -> Severity | None:
        severities = {finding.severity for root in self.roots for finding in root.walk()}
        return next((each for each in Severity if each in severities), None)


def examine(snapshot: Collected, checks: Iterable[Check]) -> Report:
    """Ask every check; whatever one of them does, the others are asked too."""
    answers = [_answer(check, snapshot) for check in checks if _concerns(check, snapshot)]
    findings = [finding for answer in answers for finding in answer.findings]
    roots = tree(findings, cache(lambda key: _waits_for(key, snapshot)))
    roots.sort(key=lambda root: (list(Severity).index(root.finding.severity), -len(root.objects)))
    unready = _unready(snapshot)
    explained = {key for finding in findings for key in finding.objects}
    unexplained = tuple(key for key in unready if key not in explained)
    return Report(
        tuple(answers),
        tuple(roots),
        len(unready),
        unexplained,
        snapshot.unreached,
        frozenset(snapshot.unread),
        snapshot.forbidden,
    )


def _concerns(check: Check, snapshot: Collected) -> bool:
    if check.of_client and not snapshot.client:
        return False
    if check.concerns is None or snapshot.unreached:
        return check.concerns is None
    try:
        return check.concerns(snapshot)
    except Exception:
        LOG.debug("%s does not know whether it is about this cluster", check.id, exc_info=True)
        return True  # an odd object: the check itself meets it, and says so


def _answer(check: Check, snapshot: Collected) -> Answered:
    if snapshot.unreached and not check.of_client:
        return Answered(check, Status.SKIPPED, _could_not(snapshot.unreached))
    missing = sorted(kind for kind in check.reads if not snapshot.knows(kind))
    if missing:
        return Answered(check, Status.SKIPPED, _missing(missing, snapshot))
    try:
        findings = _found(check, snapshot)
    except CouldNotLook as error:
        return Answered(check, Status.SKIPPED, _could_not(str(error)))
    except Exception as error:
        LOG.debug("%s broke", check.id, exc_info=True)
        return _without_odd(check, snapshot, error)
    return Answered(check, _status(findings), findings=findings)


def _found(check: Check, snapshot: Collected) -> tuple[Finding, ...]:
    findings = tuple(check.look(snapshot))
    hash(tuple((finding.objects, finding.needs) for finding in findings))  # an odd object has odd names
    return findings


def _without_odd(check: Check, snapshot: Collected, error: Exception) -> Answered:
    """The answer about all objects but those that the check breaks on; they are named, and it counts as broken."""
    odd: frozenset[ObjectKey] = frozenset()
    broke: Exception | None = error
    while broke and len(odd) < MOST_ODD:
        key = next(suspects(broke, replace(snapshot, odd=odd)), None)
        if key is None:
            break
        odd |= {key}
        broke = _breaks(check, replace(snapshot, odd=odd))
    if broke:
        return Answered(check, Status.ERROR, _("the check broke: {error}").format(error=_in_short(error)))
    odd -= {key for key in odd if not _breaks(check, replace(snapshot, odd=odd - {key}))}  # it only stood beside one
    reason = _("left out, as nobody can make sense of it: {objects} ({error})")
    names = ", ".join(map(str, sorted(odd)))
    findings = _found(check, replace(snapshot, odd=odd))
    return Answered(check, Status.ERROR, reason.format(objects=names, error=_in_short(error)), findings)


def _breaks(check: Check, snapshot: Collected) -> Exception | None:
    try:
        _found(check, snapshot)
    except Exception as error:
        return error
    return None


def _missing(kinds: Sequence[GroupKind], snapshot: Collected) -> str:
    reasons = [snapshot.unread.get(kind) or _("{kind} was not collected").format(kind=kind) for kind in kinds]
    return _could_not("; ".join(dict.fromkeys(reasons)))


def _could_not(reason: str) -> str:
    return _("could not check: {reason}").format(reason=reason)


def _in_short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _status(findings: Sequence[Finding]) -> Status:
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return Status.FAIL
    if Severity.WARNING in severities:
        return Status.WARN
    return Status.INFO if findings else Status.OK


def _waits_for(key: ObjectKey, snapshot: Collected) -> tuple[ObjectKey, ...]:
    """Nothing where an object is too odd to say."""
    try:
        found = tuple(dependencies(key, snapshot))
        hash(found)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()
    return found


def _unready(snapshot: Collected) -> list[ObjectKey]:
    return [key_of(POD, pod) for pod in snapshot.all(POD) if not _is_ready(pod)]


def _is_ready(pod: dict[str, object]) -> bool:
    try:
        return readiness({"apiVersion": "v1", "kind": "Pod", **pod}).ready
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
