"""The parts of the release in lines, switched by their numbers."""

from collections.abc import Sequence

from kfinstall.cli.plain.prompting import EXPLAIN, prompted, say
from kfinstall.guide.components import Component, components, switch
from kfinstall.guide.draft import Draft
from kfinstall.words import _, joined


def choose(draft: Draft) -> None:
    """Switch parts until the user goes on. Raises Back, and Abort when the user leaves."""
    while True:
        found = components(draft)
        for number, each in enumerate(found, start=1):
            say(f"{number}. {_('on ') if each.on else _('off')} {each.name} {each.needs.told}".rstrip())
        text = prompted(_("Numbers to switch, Enter to go on"), "")
        if not text:
            return
        if text == EXPLAIN:
            say(_("What a part needs is switched on with it, and what needs it is switched off with it."))
            continue
        for word in text.replace(",", " ").split():
            _switch(draft, found, word)


def _switch(draft: Draft, found: Sequence[Component], word: str) -> None:
    if not word.isdecimal() or not 0 < int(word) <= len(found):
        say(_("Wrong: {text} is no number of a part.").format(text=word))
        return
    chosen = found[int(word) - 1]
    also = switch(draft, chosen.name, on=not chosen.on)
    if also:
        say(_("With it: {names}").format(names=joined(also)))
