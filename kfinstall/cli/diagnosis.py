"""A doctor's report as a person reads it."""

from collections import Counter
from collections.abc import Iterator

from kfinstall.contracts.finding import Finding
from kfinstall.doctor.consequences import Diagnosis
from kfinstall.doctor.examination import Answered, Report, Status
from kfinstall.doctor.telling import MARKS, SEVERITY_MARKS, SHOWN, named, seen, summary
from kfinstall.facts.objects.kinds import SECRET
from kfinstall.words import _, counted

MANY = 10
"""Checks that lack rights: more are told of in one sentence."""

ROLE = "kfinstall-doctor"


def check_line(answer: Answered) -> str:
    """One check and how it ended."""
    reason = f": {answer.reason}" if answer.reason else ""
    return f"{MARKS[answer.status]} {answer.check.id:26} {answer.check.title}{reason}"


def page(report: Report) -> str:
    """Every check in a line, then what has to be mended, then the count."""
    lines = list(_checks(report))
    for number, root in enumerate(report.roots, start=1):
        lines += ["", *_root(number, root)]
    if _barred(report):
        lines += ["", *_missing_rights(report)]
    return "\n".join([*lines, "", *_unexplained(report), summary(report)])


def _checks(report: Report) -> Iterator[str]:
    """A line for each check; one for all those that could not look for one reason, when there are many."""
    barred = {answer.check.id for answer in _barred(report)}
    answers = [answer for answer in report.checks if answer.check.id not in barred]
    skipped = Counter(answer.reason for answer in answers if answer.status is Status.SKIPPED)
    for answer in answers:
        if answer.status is not Status.SKIPPED or skipped[answer.reason] <= SHOWN:
            yield check_line(answer)
    for reason, count in skipped.items():
        if count > SHOWN:
            yield f"{MARKS[Status.SKIPPED]} {counted('{count} check', '{count} checks', count)}: {reason}"


def _barred(report: Report) -> list[Answered]:
    """Checks that may not look, where one sentence says of many what each of them would say."""
    found = [
        answer
        for answer in report.checks
        if answer.status is Status.SKIPPED and any(kind in report.forbidden for kind in answer.check.reads)
    ]
    return found if len(found) > MANY else []


def _missing_rights(report: Report) -> Iterator[str]:
    """What an administrator would have to give, for all those checks at once."""
    barred = _barred(report)
    if barred:
        kinds = {kind for answer in barred for kind in answer.check.reads if kind in report.forbidden}
        # whoever may list Secrets may read them, which is too much for the few checks that want their names
        names = sorted(report.forbidden[kind] for kind in kinds if kind != SECRET)
        text = _("{mark} {checks} may not look. An administrator can let you list what they read, in all namespaces:")
        checks = counted("{count} check", "{count} checks", len(barred))
        yield text.format(mark=MARKS[Status.SKIPPED], checks=checks)
        yield f"  $ kubectl create clusterrole {ROLE} --verb=list --resource={','.join(names)}"
        yield f"  $ kubectl create clusterrolebinding {ROLE} --clusterrole={ROLE} --user=USER"


def short(report: Report) -> str:
    """A line for each root, and the count."""
    lines = [f"{SEVERITY_MARKS[root.finding.severity]} {root.finding.title}" for root in report.roots]
    return "\n".join([*lines, *_missing_rights(report), summary(report)])


def _unexplained(report: Report) -> Iterator[str]:
    if report.unexplained:
        yield _("Not ready, for no reason that was found: {objects}").format(objects=named(report.unexplained))


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
        yield named(finding.objects)
    for evidence in finding.evidence[:SHOWN]:
        yield seen(evidence)
    if len(finding.evidence) > SHOWN:
        yield _("… and {count} more").format(count=len(finding.evidence) - SHOWN)
