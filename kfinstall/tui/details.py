"""What there is to read about a finding, and about an object: texts for the doctor's screen."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import yaml
from rich.text import Text

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Occurrence, Snapshot
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.doctor.consequences import Diagnosis

NAMED = 12
"""Objects, or pieces of evidence, that are shown; the tree has all."""

EVENTS = 10
"""The last ones of an object."""

LINES = 600
"""Of an object's YAML."""


def of_finding(root: "Diagnosis") -> Text:
    """What is wrong, what shows it, what to do."""
    return Text("\n").join(_finding(root))


def of_object(key: ObjectKey, snapshot: Snapshot, log: Sequence[tuple[str, Sequence[str]]] | None) -> Text:
    """Its events, what its containers said last, itself. log: container, lines; None while it is being read."""
    lines = [Text(str(key), style="bold"), *_events(snapshot.occurrences(key)), *_logs(log)]
    body = snapshot.get(key)
    if body is None:
        lines += [Text(), Text(_("It does not exist, or was not read."), style="dim")]
    else:
        lines += [_heading(_("The object")), *map(Text, _yaml(key, body))]
    return Text("\n").join(lines)


def _finding(root: "Diagnosis") -> Iterator[Text]:
    finding = root.finding
    yield Text(finding.title, style="bold")
    yield Text(finding.cause, style="dim")
    yield _heading(_("What to do"))
    yield Text(f"→ {finding.remedy.text}")
    yield from (Text(f"$ {command}", style="bold") for command in finding.remedy.commands)
    if finding.fix:
        yield Text(_("F4 mends it: {fix}").format(fix=finding.fix.title), style="green")
    if finding.docs:
        yield Text(finding.docs, style="dim")
    yield from _evidence(finding)
    yield from _objects(finding)
    if root.children:
        yield _heading(_("From this follows"))
        yield from (Text(f"{each.finding.title}") for each in root.children[:NAMED])


def _evidence(finding: Finding) -> Iterator[Text]:
    if finding.evidence:
        yield _heading(_("What was seen"))
    for each in finding.evidence[:NAMED]:
        where = f"{each.object}: " if each.object else ""
        times = _(" ({count} times)").format(count=each.count) if each.count > 1 else ""
        yield Text.assemble((where, "dim"), each.text, times)
    yield from _more(len(finding.evidence))


def _objects(finding: Finding) -> Iterator[Text]:
    if finding.objects:
        yield _heading(_("What does not work because of it"))
    yield from (Text(str(key)) for key in finding.objects[:NAMED])
    yield from _more(len(finding.objects))


def _more(count: int) -> Iterator[Text]:
    if count > NAMED:
        yield Text(_("… and {count} more").format(count=count - NAMED), style="dim")


def _events(occurrences: Sequence[Occurrence]) -> Iterator[Text]:
    yield _heading(_("Events"))
    if not occurrences:
        yield Text(_("None are kept."), style="dim")
    for each in occurrences[-EVENTS:]:
        times = _(" ({count} times)").format(count=each.count) if each.count > 1 else ""
        yield Text.assemble("! " if each.warning else "  ", (each.reason, "bold"), f" {each.message}", (times, "dim"))


def _logs(log: Sequence[tuple[str, Sequence[str]]] | None) -> Iterator[Text]:
    if log is None:
        yield _heading(_("Log"))
        yield Text(_("Reading …"), style="dim")
        return
    for container, lines in log:
        yield _heading(_("Last lines of {container}").format(container=container))
        yield from (Text(f"  {line}") for line in lines)


def _yaml(key: ObjectKey, body: Body) -> list[str]:
    """Without anything that is secret."""
    from kfinstall.doctor.redaction import HIDDEN, Redaction  # noqa: PLC0415 - only for those who look

    shown = Redaction().clean(body)
    if key.kind == "Secret":
        for field in ("data", "stringData"):
            shown[field] = dict.fromkeys(shown.get(field) or {}, HIDDEN)
        shown = {name: value for name, value in shown.items() if value}
    lines: list[str] = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True).splitlines()
    return lines[:LINES] + (
        [_("… and {count} more lines").format(count=len(lines) - LINES)] if len(lines) > LINES else []
    )


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")
