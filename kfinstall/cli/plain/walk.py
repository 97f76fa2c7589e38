"""The way through the questions in lines, forth and back."""

from kfinstall.cli.plain import parts, question
from kfinstall.cli.plain.prompting import Back, confirmed, say
from kfinstall.guide.answering import answered
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Path
from kfinstall.guide.steps import Step, step_named, step_of, steps
from kfinstall.model.document import path_text
from kfinstall.words import _, counted


class Walk:
    """Asks every question of every step. history: the questions that were answered, each with its step."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.history: list[tuple[str, Path]] = []

    def to_the_end(self) -> None:
        """Until everything is answered and fits together. Raises Abort when the user leaves."""
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

    def _before(self, step: Step) -> tuple[Step, Path | None]:
        """The question that was answered before, in whatever step."""
        if self.history:
            name, place = self.history.pop()
            return step_named(name, self.draft), place
        applying = steps(self.draft)
        at = next(n for n, each in enumerate(applying) if each.name == step.name)
        return applying[max(at - 1, 0)], None

    def _step(self, step: Step, again: Path | None) -> None:
        """again: the question to go on from, None for the first one."""
        applying = steps(self.draft)
        number = next(n for n, each in enumerate(applying, start=1) if each.name == step.name)
        self.draft.step = step.name
        say("")
        say(_("Step {number} of {count}: {title}. {asks}").format(
            number=number, count=len(applying), title=step.title, asks=step.asks
        ))  # fmt: skip
        if step.components:
            parts.choose(self.draft)
            self.history.append((step.name, ()))
        self._questions(step, again)

    def _questions(self, step: Step, again: Path | None) -> None:
        done, everything = self._passed(step, again), again is not None
        while True:
            waiting = [each for each in step.ask(self.draft) if each.path not in done]
            following = next((each for each in waiting if not each.minor or answered(self.draft, each)), None)
            if following is None and waiting and not everything:
                everything = self._more(len(waiting))
                done |= set() if everything else {each.path for each in waiting}
            elif following or waiting:
                following = following or waiting[0]
                question.ask(self.draft, following)
                done.add(following.path)
                self.history.append((step.name, following.path))
            elif wrong := self._wrong(step):
                done -= wrong
            else:
                return

    def _passed(self, step: Step, again: Path | None) -> set[Path]:
        """The questions before the one to go on from."""
        places = [each.path for each in step.ask(self.draft)]
        return set(places[: places.index(again)]) if again in places else set()

    def _more(self, count: int) -> bool:
        """Whether the user wants to see what most people leave as it is."""
        text = counted("{count} more option", "{count} more options", count)
        return confirmed(_("{text}: go through them?").format(text=text), default=False)

    def _wrong(self, step: Step) -> set[Path]:
        """Say what does not fit in a step; the questions to be asked again."""
        faults = [each for each in checked(self.draft).faults if step_of(each.path, self.draft) == step.name]
        asked = {path_text(each.path): each.path for each in step.ask(self.draft)}
        for fault in faults:
            say(_("Wrong: {path}: {message}").format(path=fault.path, message=fault.message))
        named = {asked[fault.path] for fault in faults if fault.path in asked}
        return named or (set(asked.values()) if faults else set())
