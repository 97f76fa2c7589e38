"""The guided install as numbered questions, one line for everything: for screen readers, serial lines, TERM=dumb.

The questions, their order and the checks are those of the screens (kfinstall.guide); the install is the unattended one.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.contracts.platform import Choice
from kfinstall.engine.state_folder import state_home
from kfinstall.errors import KfinstallError
from kfinstall.guide import reviewing, saving
from kfinstall.guide.answering import answer, answered, in_force
from kfinstall.guide.checking import NAME, checked
from kfinstall.guide.components import Component, components, switch
from kfinstall.guide.draft import Draft, draft_path, forget, resumed, save
from kfinstall.guide.lists import lister
from kfinstall.guide.questions import Kind, Question, to_text
from kfinstall.guide.questions import Path as Place
from kfinstall.guide.steps import REVIEW, Step, step_named, step_of, steps
from kfinstall.model.document import path_text
from kfinstall.model.load import LoadedInstall
from kfinstall.words import _, counted

BACK, EXPLAIN, QUIT = "b", "?", "q"


class Back(Exception):
    """The user wants the question before."""


def asked_and_installed() -> ExitCode:
    """Ask, review, save, and install if the user says so. Raises Abort when the user leaves: the answers are kept."""
    _say(_("Answer with a number or a text. Enter takes what stands in brackets. b: back. ?: explain. q: leave."))
    draft = _begun()
    while True:
        _Walk(draft).to_the_end()
        loaded = checked(draft).loaded
        if loaded is None:
            continue
        try:
            return _reviewed(draft, loaded)
        except Back:
            draft.step = steps(draft)[-1].name


def _begun() -> Draft:
    kept = resumed(draft_path(state_home()))
    if kept is None:
        return Draft()
    title = step_named(kept.step, kept).title
    _say(_("An earlier walk ended at: {step}.").format(step=title))
    return kept if _yes(_("Go on there?"), default=True) else Draft()


class _Walk:
    """Asks every question of every step, forth and back."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.history: list[tuple[str, Place]] = []

    def to_the_end(self) -> None:
        """Until everything is answered and fits together."""
        step, again = step_named(self.draft.step, self.draft), None
        while True:
            try:
                self._step(step, again)
            except Back:
                step, again = self._before(step)
                continue
            following = self._after(step)
            if following is None:
                return
            step, again = following, None

    def _after(self, step: Step) -> Step | None:
        applying = steps(self.draft)
        at = next(n for n, each in enumerate(applying) if each.name == step.name)
        return applying[at + 1] if at + 1 < len(applying) else None

    def _before(self, step: Step) -> tuple[Step, Place | None]:
        """The question that was answered before, in whatever step."""
        if self.history:
            name, place = self.history.pop()
            return step_named(name, self.draft), place
        applying = steps(self.draft)
        at = next(n for n, each in enumerate(applying) if each.name == step.name)
        return applying[max(at - 1, 0)], None

    def _step(self, step: Step, again: Place | None) -> None:
        """again: the question to go on from, None for the first one."""
        applying = steps(self.draft)
        number = next(n for n, each in enumerate(applying, start=1) if each.name == step.name)
        self.draft.step = step.name
        _say("")
        _say(_("Step {number} of {count}: {title}. {asks}").format(
            number=number, count=len(applying), title=step.title, asks=step.asks
        ))  # fmt: skip
        if step.components:
            self._components()
            self.history.append((step.name, ()))
        self._questions(step, again)

    def _questions(self, step: Step, again: Place | None) -> None:
        done, everything = self._passed(step, again), again is not None
        while True:
            waiting = [each for each in step.ask(self.draft) if each.path not in done]
            question = next((each for each in waiting if not each.minor or answered(self.draft, each)), None)
            if question is None and waiting and not everything:
                everything = self._more(len(waiting))
                done |= set() if everything else {each.path for each in waiting}
            elif question or waiting:
                question = question or waiting[0]
                self._ask(question)
                done.add(question.path)
                self.history.append((step.name, question.path))
            elif wrong := self._wrong(step):
                done -= wrong
            else:
                return

    def _passed(self, step: Step, again: Place | None) -> set[Place]:
        """The questions before the one to go on from."""
        places = [each.path for each in step.ask(self.draft)]
        return set(places[: places.index(again)]) if again in places else set()

    def _more(self, count: int) -> bool:
        """Whether the user wants to see what most people leave as it is."""
        text = counted("{count} more option", "{count} more options", count)
        return _yes(_("{text}: go through them?").format(text=text), default=False)

    def _wrong(self, step: Step) -> set[Place]:
        """Say what does not fit in a step; the questions to be asked again."""
        faults = [each for each in checked(self.draft).faults if step_of(each.path, self.draft) == step.name]
        asked = {path_text(each.path): each.path for each in step.ask(self.draft)}
        for fault in faults:
            _say(_("Wrong: {path}: {message}").format(path=fault.path, message=fault.message))
        named = {asked[fault.path] for fault in faults if fault.path in asked}
        return named or (set(asked.values()) if faults else set())

    def _ask(self, question: Question) -> None:
        """One question, until its answer will do."""
        choices: Sequence[Choice] = question.choices
        if choices:
            _listed(choices)
        while True:
            text = _prompt(_titled(question), self._bracketed(question), hidden=question.kind is Kind.SECRET)
            if text == EXPLAIN:
                choices = self._explain(question) or choices
            elif question.kind is Kind.ENTRIES:
                if text.lower() not in ("y", _("y")):
                    return
                self.draft.add(question.path)
                return
            elif self._takes(question, _meant(question, text, choices)):
                return

    def _takes(self, question: Question, text: str | None) -> bool:
        """Put the answer into the draft; False, with the reason said, where it will not do."""
        if text is not None:
            answer(self.draft, question, text)
        reason = checked(self.draft).of(question.path)
        if reason:
            _say(_("Wrong: {message}").format(message=reason))
        save(self.draft, draft_path(state_home()))
        return not reason

    def _bracketed(self, question: Question) -> str:
        if question.kind in (Kind.YES_NO, Kind.SECTION):
            return _("yes") if in_force(self.draft, question) == "true" else _("no")
        if question.kind is Kind.ENTRIES:
            held = self.draft.get(question.path)
            return _("no, {count} so far").format(count=len(held) if isinstance(held, list) else 0)
        if question.kind is Kind.SECRET:
            return "****" if answered(self.draft, question) else ""
        return in_force(self.draft, question)

    def _explain(self, question: Question) -> Sequence[Choice]:
        _say(question.meaning)
        default = to_text(question.default) if question.kind is not Kind.SECRET else ""
        if default:
            _say(_("Default: {value}").format(value=default))
        _say(_("In the file: {key}").format(key=path_text(question.path)))
        if not question.listed:
            return ()
        try:
            found = lister(question, self.draft)()
        except KfinstallError as error:
            _say(" ".join(str(error).splitlines()))
            return ()
        _listed(found)
        return found

    def _components(self) -> None:
        """The parts of the release, switched by their numbers."""
        while True:
            found = components(self.draft)
            for number, each in enumerate(found, start=1):
                _say(f"{number}. {_('on ') if each.on else _('off')} {each.name} {each.needs.told}".rstrip())
            text = _prompt(_("Numbers to switch, Enter to go on"), "")
            if not text:
                return
            if text == EXPLAIN:
                _say(_("What a part needs is switched on with it, and what needs it is switched off with it."))
                continue
            for word in text.replace(",", " ").split():
                self._switch(found, word)

    def _switch(self, found: Sequence[Component], word: str) -> None:
        if not word.isdecimal() or not 0 < int(word) <= len(found):
            _say(_("Wrong: {text} is no number of a part.").format(text=word))
            return
        chosen = found[int(word) - 1]
        also = switch(self.draft, chosen.name, on=not chosen.on)
        if also:
            _say(_("With it: {names}").format(names=", ".join(also)))


def _reviewed(draft: Draft, loaded: LoadedInstall) -> ExitCode:
    """Say what will happen; save; install on the user's word. Raises Back."""
    from kfinstall.guide.outlook import kinds, outlook, total  # noqa: PLC0415 - imports the client library

    draft.step = REVIEW
    save(draft, draft_path(state_home()))
    _say("")
    _say(_("Review. Nothing has been changed yet."))
    for line in reviewing.lines(draft, reviewing.release_of(loaded)):
        _say(f"{line.title}: {line.text}")
    try:
        found = outlook(loaded, _say)
    except KfinstallError as error:
        _say(_("This cannot be installed like this: {error}").format(error=" ".join(str(error).splitlines())))
        _saved(loaded, draft)
        return ExitCode.FAILED
    for text in (found.where, *found.making.splitlines(), found.size, *found.warnings, *found.refused.splitlines()):
        _say(text)
    _say(counted("Will create {count} object", "Will create {count} objects", total(found.create)))
    for name, objects in found.create.items():
        _say(f"{name}: {kinds(objects)}")
    _say(counted("Will change {count} object", "Will change {count} objects", total(found.change)))
    _say(found.rights or _("You have the rights that it takes."))
    _saved(loaded, draft)
    name = reviewing.cluster_name(loaded)
    if found.refused or not _yes(_("Install on {cluster}?").format(cluster=name), default=False):
        _say(_("Nothing was installed; your answers are kept."))
        return ExitCode.OK
    from kfinstall.cli.install import installed  # noqa: PLC0415 - as above

    code = installed(loaded)
    if code is ExitCode.OK:
        forget(draft_path(state_home()))
    return code


def _saved(loaded: LoadedInstall, draft: Draft) -> None:
    """Write the file where the user wants it."""
    while True:
        name = _prompt(_("Save the file as (- for nowhere)"), NAME) or NAME
        if name == "-":
            return
        try:
            saving.write(saving.file_text(loaded), Path(name))
        except KfinstallError as error:
            _say(" ".join(str(error).splitlines()))
            continue
        _say(_("Wrote {path}. The same, unattended: {command}").format(path=name, command=saving.command(name)))
        for line in saving.exports(draft):
            _say(_("Before it: {command}").format(command=line))
        return


def _titled(question: Question) -> str:
    title = ": ".join([*question.group, question.title])
    if question.kind is Kind.ENTRIES:
        return _("{title}: add one (y)").format(title=title)
    if question.kind in (Kind.YES_NO, Kind.SECTION):
        return _("{title} (y or n)").format(title=title)
    return _("{title} (?: list)").format(title=title) if question.listed else title


def _listed(choices: Sequence[Choice]) -> None:
    for number, each in enumerate(choices, start=1):
        _say(f"{number}. {each.value}" + (f": {each.title}" if each.title not in ("", each.value) else ""))


def _meant(question: Question, text: str, choices: Sequence[Choice]) -> str | None:
    """The answer that a text means; None for what holds already."""
    if not text:
        return None
    if question.kind in (Kind.YES_NO, Kind.SECTION):
        return {"y": "true", "n": "false", _("yes"): "true", _("no"): "false"}.get(text.lower(), text)
    if text.isdecimal() and choices and 0 < int(text) <= len(choices):
        return choices[int(text) - 1].value
    return text


def _prompt(title: str, bracketed: str, *, hidden: bool = False) -> str:
    """What the user typed, "" for Enter alone. Raises Back, and Abort for leaving."""
    text = f"{title} [{bracketed}]" if bracketed else title
    typed = str(click.prompt(text, default="", show_default=False, hide_input=hidden, err=True)).strip()
    if typed == BACK:
        raise Back
    if typed == QUIT:
        raise click.Abort
    return typed


def _yes(question: str, *, default: bool) -> bool:
    typed = _prompt(_("{question} (y or n)").format(question=question), _("yes") if default else _("no"))
    return typed.lower() in ("y", _("yes")) if typed else default


def _say(text: str) -> None:
    click.echo(text, err=True)
