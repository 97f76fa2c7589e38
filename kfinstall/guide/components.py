"""The parts of the release that is chosen: which are on, what they take, what goes with what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from kfinstall.guide import needs
from kfinstall.guide.draft import Draft
from kfinstall.guide.needs import Needs
from kfinstall.guide.steps import PRESET, applications
from kfinstall.kfdef import presets
from kfinstall.kfdef.document import load
from kfinstall.kfdef.types import USAGE_REPORTING, KfDef
from kfinstall.model.install import DEFAULT_PRESET

PLACE = ("kubeflow", "components")


@dataclass(frozen=True, slots=True)
class Component:
    """needs: None where nobody worked it out. requires: the parts that it cannot do without."""

    name: str
    on: bool
    needs: Needs
    requires: Sequence[str] = ()


def components(draft: Draft) -> list[Component]:
    """The parts in the order of the release; none of a KfDef of one's own."""
    names = applications(draft)
    if names is None:
        return []
    preset, held = _preset(draft), draft.get(PLACE)
    switched = held if isinstance(held, dict) else {}
    known, kfdef = needs.known(preset), _kfdef(preset)
    return [
        Component(
            name, bool(switched.get(name, name != USAGE_REPORTING)), known.get(name, Needs()), kfdef.requires(name)
        )
        for name in names
    ]


def switch(draft: Draft, name: str, *, on: bool) -> list[str]:
    """Switch a part, and with it what it needs, or what needs it; the names of those that went along."""
    found = {each.name: each for each in components(draft)}
    along = _needed(name, found.values()) if on else _needing(name, found.values())
    changed = [each for each in along if found[each].on is not on]
    for each in (name, *changed):
        standard = each != USAGE_REPORTING
        draft.put((*PLACE, each), None if on is standard else on)
    if draft.get(PLACE) == {}:
        draft.put(PLACE, None)
    return changed


def total(draft: Draft) -> Needs:
    """What everything that is on needs together."""
    return needs.together(each.needs for each in components(draft) if each.on)


def _needed(name: str, among: Iterable[Component]) -> list[str]:
    requires = {each.name: each.requires for each in among}
    return _reached(name, requires)


def _needing(name: str, among: Iterable[Component]) -> list[str]:
    found = list(among)
    needing = {each.name: [other.name for other in found if each.name in other.requires] for each in found}
    return _reached(name, needing)


def _reached(name: str, edges: "dict[str, Sequence[str]] | dict[str, list[str]]") -> list[str]:
    """Everything that can be reached from a part, itself excepted, in the order of the release."""
    seen, waiting = {name}, [name]
    while waiting:
        for each in edges.get(waiting.pop(), ()):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return [each for each in edges if each in seen and each != name]


def _preset(draft: Draft) -> str:
    named = draft.get(PRESET)
    return named if isinstance(named, str) else DEFAULT_PRESET


@cache
def _kfdef(preset: str) -> KfDef:
    return load(presets.read(preset), default_name=preset)
