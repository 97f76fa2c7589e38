"""The scheduler's refusal: how many nodes refuse a pod, and for which reasons.

    0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint {k: v}. preemption: 0/5 nodes are …
    No nodes are available that match all of the predicates: Insufficient cpu (3), MatchNodeSelector (1).

The format is that of FitError in kubernetes/pkg/scheduler/framework/types.go, the second line that of Kubernetes before
1.12. What follows "preemption:" counts the same nodes once more and is only read for what preemption says of them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_REFUSAL = re.compile(r"(\d+)/(\d+) nodes (?:are )?(?:un)?available:?", re.IGNORECASE)
_OLD_REFUSAL = re.compile(r"no nodes are available that match all of the (?:following )?predicates:+", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"\b\d+ (?:Insufficient [a-z][\w./-]*|node\(s\) (?:had|didn|were|did) |Too many pods)", re.IGNORECASE
)
_SHORT_OF = re.compile(
    r"insufficient (?:cpu|memory|pods|ephemeral-storage|[a-z][\w.-]*/[\w.-]*\w)\b(?! available)(?: \(\d+\))?",
    re.IGNORECASE,
)
_RESOURCE = re.compile(r"insufficient ([a-z][\w.-]*(?:/[\w.-]*\w)?)", re.IGNORECASE)
_PREEMPTION = re.compile(r"\.?\s*preemption:", re.IGNORECASE)
_END = re.compile(r"\.(?=\s|[\"']|$)|\.\.+|\"?\s+(?:pod|err|logger)=|(?<=[\w.)}])[\"'](?=\s*[,}\n]|$)")
_COUNT_FIRST = re.compile(r"(\d+)\s+(.+)")
_COUNT_LAST = re.compile(r"(.+?)\s*\((\d+)\)")
_NOT_HELPFUL = re.compile(r"(\d+) Preemption is not helpful", re.IGNORECASE)
_NO_VICTIMS = re.compile(r"(\d+) No preemption victims", re.IGNORECASE)
_TAINT = re.compile(r"taints?(?: that the pod didn't tolerate:)? \{([^}]*)\}|taint\(s\) \{([^}]*)\}", re.IGNORECASE)
_LONGEST_BODY = 4_000
_OPENING, _CLOSING = "{[", "}]"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason and the nodes that give it; count is None where the message has none, because it is about the pod."""

    text: str
    count: int | None

    @property
    def resource(self) -> str:
        """The resource that is short, "" where the reason is another."""
        found = _RESOURCE.match(self.text)
        return found[1].rstrip(".") if found else ""

    @property
    def taint(self) -> str:
        """`key: value` of the taint that the reason names, `key` without a value, "" where it names none."""
        found = _TAINT.search(self.text)
        return (found[1] or found[2] or "").strip(": ") if found else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """nodes: how many the cluster has, None where the message does not say.

    not_helpful, no_victims: nodes for which preemption cannot help at all, or finds nobody to evict; None: not said.
    """

    nodes: int | None
    reasons: tuple[Reason, ...]
    not_helpful: int | None = None
    no_victims: int | None = None


def refusal(text: str) -> Refusal | None:
    """The first refusal in a text of single-spaced words, None where there is none."""
    found = _REFUSAL.search(text)
    if found:
        return _modern(int(found[2]), text[found.end() : found.end() + _LONGEST_BODY])
    old = _OLD_REFUSAL.search(text)
    if old:
        return _ancient(text[old.end() : old.end() + _LONGEST_BODY])
    part = _FRAGMENT.search(text)
    if part:
        return _modern(None, text[part.start() : part.start() + _LONGEST_BODY])
    shortages = [found[0] for found in _SHORT_OF.finditer(text[:_LONGEST_BODY])]
    return _ancient(", ".join(shortages)) if shortages else None


def _modern(nodes: int | None, body: str) -> Refusal:
    cut = _PREEMPTION.search(body)
    preemption = body[cut.end() :] if cut else ""
    reasons = []
    for part in _parts(_sentence(body[: cut.start()] if cut else body)):
        counted = _COUNT_FIRST.fullmatch(part)
        reasons.append(Reason(counted[2], int(counted[1])) if counted else Reason(part, None))
    return Refusal(nodes, tuple(reasons), _number(_NOT_HELPFUL, preemption), _number(_NO_VICTIMS, preemption))


def _ancient(body: str) -> Refusal:
    reasons = []
    for part in _parts(_sentence(body)):
        counted = _COUNT_LAST.fullmatch(part)
        reasons.append(Reason(counted[1], int(counted[2])) if counted else Reason(part, None))
    return Refusal(None, tuple(reasons))


def _sentence(body: str) -> str:
    """Up to the full stop that ends the list; the dots within names have no space behind them."""
    end = _END.search(_masked(body))
    return body[: end.start()] if end else body


def _masked(body: str) -> str:
    """The body with what stands in brackets blanked out, so that its dots and commas are not taken for the list's."""
    depth = 0
    characters = []
    for character in body:
        depth += (character in _OPENING) - (character in _CLOSING and depth > 0)
        characters.append("x" if depth and character not in _OPENING else character)
    return "".join(characters)


def _parts(body: str) -> Iterator[str]:
    """The list's items. `had taint {k: v}, that the pod didn't tolerate` is one, in spite of its comma."""
    masked, start = _masked(body), 0
    item = ""
    for position in [*(index for index, character in enumerate(masked) if character == ","), len(body)]:
        piece = body[start:position].strip()
        start = position + 1
        if item and not piece[:1].isdigit() and piece.lower().startswith(("that ", "and ")):
            item = f"{item}, {piece}"
            continue
        if item:
            yield item
        item = piece
    if item:
        yield item


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found[1]) if found else None


def gpu_kind(refused: Refusal, reasons: Mapping[str, Reason]) -> str:
    """Whether GPUs are missing ("none") or taken ("busy"), as far as counts tell; only the nodes' allocatable knows.

    Nodes that lack a GPU altogether refuse beside nodes that refuse for something else: those have one. That preemption
    could help, if only it found a victim, means as well that a node has enough GPUs; with a single node, older
    schedulers say the same of a node without any, and there no GPU at all is by far the likelier.
    """
    others = any(reason.resource and "/" not in reason.resource for reason in reasons.values())
    if others:
        return "busy"
    if refused.nodes and refused.nodes > 1 and refused.no_victims and not refused.not_helpful:
        return "busy"
    return "none"
