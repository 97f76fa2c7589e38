"""What the nodes offer and who has it, as bars; and who waits for what. Requests count, not use."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.text import Text

from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.usage import Share, Usage, usage, waiting
from kfinstall.tui.marks import bar
from kfinstall.words import _, joined

MOST = 200
"""Nodes that are drawn, the fullest first."""

NAMED = 4
"""Pods that are named in a line."""

FULL, TIGHT = Decimal("0.98"), Decimal("0.85")
WIDEST_BAR = 40


def drawn(snapshot: Snapshot, width: int, *, accelerators: bool) -> Text:
    """A picture of a cluster that is so many columns wide."""
    rows = usage(snapshot, accelerators=accelerators)
    bars = max(8, min(WIDEST_BAR, width - 56))
    lines = list(_queue(snapshot, accelerators=accelerators))
    if not rows:
        lines.append(Text(_("No node offers any.") if accelerators else _("There are no nodes.")))
    else:
        lines += [Text(), *_together(rows, bars), *_nodes(rows, bars, accelerators=accelerators)]
    return Text("\n").join(lines)


def _queue(snapshot: Snapshot, *, accelerators: bool) -> Iterator[Text]:
    queue = waiting(snapshot, accelerators=accelerators)
    if not queue:
        yield Text(_("✓ No pod waits for a node."))
    for resource, shares in sorted(queue.items()):
        words = _("… waits for {resource}: {pods}").format(resource=resource, pods=_named(resource, shares))
        yield Text(words, style="yellow")


def _together(rows: Sequence[Usage], width: int) -> Iterator[Text]:
    nodes = {row.node for row in rows}
    if len(nodes) < 2:
        return
    yield Text(_("All {count} nodes").format(count=len(nodes)), style="bold")
    for resource in dict.fromkeys(row.resource for row in rows):
        same = [row for row in rows if row.resource == resource]
        yield _row(resource, sum(row.used for row in same), sum(row.allocatable for row in same), width)
    yield Text()


def _nodes(rows: Sequence[Usage], width: int, *, accelerators: bool) -> Iterator[Text]:
    groups: dict[str, list[Usage]] = {}
    for row in rows:
        groups.setdefault(row.node, []).append(row)
    fullest = sorted(groups, key=lambda node: -max(map(_fullness, groups[node])))
    for number, node in enumerate(fullest[:MOST]):
        if number:
            yield Text()
        yield Text(node, style="bold")
        for row in groups[node]:
            yield _row(row.resource, row.used, row.allocatable, width)
            if accelerators and row.users:
                yield Text("    " + _("used by {pods}").format(pods=_named(row.resource, row.users)), style="dim")
    if len(fullest) > MOST:
        yield Text(_("… and {count} more nodes").format(count=len(fullest) - MOST), style="dim")


def _row(resource: str, used: Decimal | int, allocatable: Decimal | int, width: int) -> Text:
    share = Decimal(used) / allocatable if allocatable else Decimal(0)
    style = "red" if share >= FULL else "yellow" if share >= TIGHT else "green"
    amounts = f"{readable(resource, Decimal(used))} / {readable(resource, Decimal(allocatable))}"
    full = " " + _("full") if share >= FULL else ""
    return Text.assemble(f"  {resource:20.20} ", (bar(float(share), width), style), f" {share:4.0%} {amounts}{full}")


def _fullness(row: Usage) -> Decimal:
    return row.used / row.allocatable if row.allocatable else Decimal(0)


def _named(resource: str, shares: Sequence[Share]) -> str:
    named = [f"{each.pod.namespace}/{each.pod.name} ({readable(resource, each.amount)})" for each in shares[:NAMED]]
    more = [_("{count} more").format(count=len(shares) - NAMED)] if len(shares) > NAMED else []
    return joined([*named, *more])
