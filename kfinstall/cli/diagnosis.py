"""A doctor's report as a person reads it."""

from collections.abc import Iterator

from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.consequences import Diagnosis
from kfinstall.doctor.examination import Answered, Report, Status
from kfinstall.words import _, counted

MARKS = {
    Status.OK: "✓",
    Status.INFO: "i",
    Status.WARN: "!",
    Status.FAIL: "✗",
    Status.SKIPPED: "-",
    Status.ERROR: "?",
}
SEVERITY_MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "i"}
SHOWN = 4
"""Objects or messages of one finding that are named; the others are counted (-o json has all)."""

LONGEST = 300
"""Characters of a message; its end tells more than its middle."""


def check_line(answer: Answered) -> str:
    """One check and how it ended."""
    reason = f": {answer.reason}" if answer.reason else ""
    return f"{MARKS[answer.status]} {answer.check.id:26} {answer.check.title}{reason}"


def page(report: Report) -> str:
    """Every check in a line, then what has to be mended, then the count."""
    lines = [check_line(answer) for answer in report.checks]
    for number, root in enumerate(report.roots, start=1):
        lines += ["", *_root(number, root)]
    return "\n".join([*lines, "", *_unexplained(report), summary(report)])


def short(report: Report) -> str:
    """A line for each root, and the count."""
    lines = [f"{SEVERITY_MARKS[root.finding.severity]} {root.finding.title}" for root in report.roots]
    return "\n".join([*lines, summary(report)])


def summary(report: Report) -> str:
    """How many things are to be mended, and how much they explain."""
    broken = sum(answer.status is Status.ERROR for answer in report.checks)
    skipped = sum(answer.status is Status.SKIPPED for answer in report.checks)
    parts = [_roots(report)]
    if report.unready:
        explained = report.unready - len(report.unexplained)
        parts.append(
            _("pods that are not ready: {pods}, explained: {explained}").format(
                pods=report.unready, explained=explained
            )
        )
    if skipped:
        parts.append(counted("{count} check could not look", "{count} checks could not look", skipped))
    if broken:
        parts.append(counted("{count} check broke", "{count} checks broke", broken))
    return "; ".join(parts) + "."


def _roots(report: Report) -> str:
    if not report.to_mend:
        return _("Nothing is wrong that these checks know of") if not report.unexplained else _("No cause was found")
    return counted("{count} thing to mend", "{count} things to mend", report.to_mend)


def _unexplained(report: Report) -> Iterator[str]:
    if report.unexplained:
        yield _("Not ready, for no reason that was found: {objects}").format(objects=_named(report.unexplained))


def _root(number: int, root: Diagnosis) -> Iterator[str]:
    finding = root.finding
    yield f"{SEVERITY_MARKS[finding.severity]} {number}. {finding.title}  ({finding.cause})"
    yield from (f"     {line}" for line in _details(finding))
    if root.children:
        yield f"     {_('From this follows:')}"
        yield from (f"       {line}" for child in root.children for line in _child(child))
    yield f"   → {finding.remedy.text}"
    yield from (f"     $ {command}" for command in finding.remedy.commands)
    if finding.docs:
        yield f"     {finding.docs}"


def _child(child: Diagnosis) -> Iterator[str]:
    yield f"{SEVERITY_MARKS[child.finding.severity]} {child.finding.title}"
    for grandchild in child.children:
        yield from (f"  {line}" for line in _child(grandchild))


def _details(finding: Finding) -> Iterator[str]:
    if finding.objects:
        yield _named(finding.objects)
    for evidence in finding.evidence[:SHOWN]:
        yield _seen(evidence)
    if len(finding.evidence) > SHOWN:
        yield _("… and {count} more").format(count=len(finding.evidence) - SHOWN)


def _seen(evidence: Evidence) -> str:
    text = evidence.text
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 3]} … {text[-LONGEST * 2 // 3 :]}"
    where = f"{evidence.object}: " if evidence.object else ""
    return where + text + (_(" ({count} times)").format(count=evidence.count) if evidence.count > 1 else "")


def _named(objects: tuple[ObjectKey, ...]) -> str:
    names = ", ".join(str(key) for key in objects[:SHOWN])
    more = len(objects) - SHOWN
    return _("{names} and {count} more").format(names=names, count=more) if more > 0 else names
