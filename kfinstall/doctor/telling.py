"""What the doctor found in words and marks, for every front door."""

from collections.abc import Sequence

from kfinstall.contracts.finding import Evidence, Severity
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.examination import Report, Status
from kfinstall.words import _, counted, joined

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
    return _("{sentence}.").format(sentence=_("; ").join(parts))


def _roots(report: Report) -> str:
    if not report.to_mend and report.unreached:
        return _("Nothing is known of the cluster: {why}").format(why=report.unreached.rstrip(".。"))
    skipped = sum(answer.status is Status.SKIPPED for answer in report.checks)
    if not report.to_mend and not report.unexplained and 2 * skipped > len(report.checks):
        return _("Nothing is wrong as far as the checks could look, which is not far")
    if not report.to_mend:
        return _("Nothing is wrong that these checks know of") if not report.unexplained else _("No cause was found")
    return counted("{count} thing to mend", "{count} things to mend", report.to_mend)


def seen(evidence: Evidence) -> str:
    """What was seen, where, and how often; shortened."""
    text = evidence.text
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 3]} … {text[-LONGEST * 2 // 3 :]}"
    where = f"{evidence.object}: " if evidence.object else ""
    return where + text + (_(" ({count} times)").format(count=evidence.count) if evidence.count > 1 else "")


def named(objects: Sequence[ObjectKey]) -> str:
    """Some objects by name; the rest as a count."""
    names = joined(str(key) for key in objects[:SHOWN])
    more = len(objects) - SHOWN
    return _("{names} and {count} more").format(names=names, count=more) if more > 0 else names
