"""The board of a run: what its events make of the objects."""

from kfinstall.contracts.event import Outcome, StepFailed, StepFinished, StepStarted
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.plan import Apply, Await, Condition, Plan, Step, Verb
from kfinstall.guide.board import Board, State

MANIFEST = Manifest({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"}}, "app")
APPLY = Step("apply a", "app", Apply(MANIFEST, "", Verb.KEEP, ""))
READY = Step("await a", "app", Await(MANIFEST.key, Condition.READY, ""))


def board(*steps: Step) -> Board:
    made = Board()
    made.lay_out(Plan("kubeflow", steps))
    return made


def state(made: Board) -> State:
    item = made.item(MANIFEST.key)
    assert item
    return item.state


def test_what_stands_already_is_done_though_nothing_was_begun() -> None:
    made = board(APPLY)
    made.take(StepFinished("apply a", "app", Outcome.UNCHANGED, 0.0))
    assert state(made) is State.DONE
    assert made.counts()[State.DONE] == 1


def test_what_stands_already_and_is_waited_for_is_under_way() -> None:
    made = board(APPLY, READY)
    made.take(StepFinished("apply a", "app", Outcome.UNCHANGED, 0.0))
    assert state(made) is State.UNDER_WAY
    made.take(StepStarted("await a", "app"))
    assert state(made) is State.WAITING
    made.take(StepFinished("await a", "app", Outcome.MET, 0.1))
    assert state(made) is State.DONE


def test_what_failed_stays_so() -> None:
    made = board(APPLY, READY)
    made.take(StepFailed("apply a", "app", "a was refused", "", ""))
    made.take(StepFinished("await a", "app", Outcome.MET, 0.1))
    assert state(made) is State.FAILED
