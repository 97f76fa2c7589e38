"""What may stand at a field, asked of the platform or of the cluster that is chosen."""

from collections.abc import Callable, Sequence

from kfinstall.contracts.platform import Choice, Chooses
from kfinstall.engine.host import host_of
from kfinstall.guide.draft import Draft
from kfinstall.guide.offered import offered, offering
from kfinstall.guide.questions import Question
from kfinstall.registry import platforms

SECTION = "platform."


def lister(question: Question, draft: Draft) -> Callable[[], Sequence[Choice]]:
    """What gives the choices of a question, as far as the draft is answered now.

    It may take its time, and raise KfinstallError with why there is no list.
    """
    if wanted := offering(question, draft):
        return lambda: offered(wanted, draft)
    name, held = draft.get(("platform", "type")), draft.get(("platform",))
    if not question.listed or not isinstance(name, str) or not isinstance(held, dict):
        return lambda: question.choices
    platform, options = platforms().get(name), dict(held)
    if not isinstance(platform, Chooses):
        return lambda: question.choices
    return lambda: platform.choices(question.dotted.removeprefix(SECTION), options, host_of(name))
