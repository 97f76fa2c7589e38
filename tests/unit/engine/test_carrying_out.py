"""The parts of a run: what may begin, what is waited for, how wide, what is tried again, in which words."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.contracts.event import ApplicationFinished
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.plan import Apply, Await, Condition, Delete, Step, Verb
from kfinstall.contracts.resource import Member
from kfinstall.engine.control import Control
from kfinstall.engine.late import late
from kfinstall.engine.progress import FAILED, Progress
from kfinstall.engine.removal import Holdings, plan_removal
from kfinstall.engine.retrying import again, conflicts, explained
from kfinstall.engine.schedule import Schedule
from kfinstall.engine.waiting import Waits, sighting
from kfinstall.engine.width import LEAST, MOST, Width
from kfinstall.errors import ApiError, KfinstallError, Unreachable
from tests.unit.engine.planning import RESOURCES, needs

SETTINGS = ObjectKey("", "ConfigMap", "ns", "settings")
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "ns"}}
APPLY = Apply(Manifest(BODY, "app"), "/path", Verb.CREATE, "digest")


def steps(*edges: tuple[str, str]) -> list[Step]:
    """Steps a to e; an edge says which needs which."""
    return [Step(name, "app", APPLY, frozenset(first for node, first in edges if node == name)) for name in "abcde"]


def begun(schedule: Schedule) -> str:
    found = ""
    while step := schedule.next():
        found += step.id
    return found


def test_what_others_wait_for_begins_first() -> None:
    schedule = Schedule(steps(("a", "e"), ("b", "e"), ("c", "b")))
    assert begun(schedule) == "ed"
    schedule.succeeded(schedule["e"])
    assert begun(schedule) == "ba"
    schedule.succeeded(schedule["b"])
    assert begun(schedule) == "c"
    assert schedule.left == 3


def test_what_needs_a_step_that_failed_is_closed_with_it() -> None:
    schedule = Schedule(steps(("b", "a"), ("c", "b"), ("c", "d")))
    assert begun(schedule) == "ade"
    assert [step.id for step in schedule.failed(schedule["a"])] == ["b", "c"]
    schedule.succeeded(schedule["d"])  # c is closed already, and does not begin
    assert (begun(schedule), schedule.left) == ("", 1)


def test_what_is_put_off_is_due_later_and_not_before() -> None:
    schedule = Schedule(steps())
    schedule.put_off(schedule["a"], 20.0)
    schedule.put_off(schedule["b"], 10.0)
    assert schedule.next_due == 10.0
    assert [step.id for step in schedule.due(15.0)] == ["b"]
    assert [step.id for step in schedule.give_up_waiting()] == ["a"]
    assert schedule.next_due == float("inf")


@given(st.lists(st.booleans(), max_size=200))
def test_the_width_stays_within_its_bounds(refused: list[bool]) -> None:
    width, refusals = Width(5), 5
    for refusal in refused:
        before = int(width)
        refusals += refusal
        width.answered(refusals)
        assert LEAST <= int(width) <= MOST
        assert int(width) <= before if refusal else int(width) >= before


def test_an_application_is_finished_when_all_of_it_went_well() -> None:
    first, second = Step("1", "app", APPLY), Step("2", "app", APPLY)
    for how, finished in (("created", True), (FAILED, False)):
        progress = Progress([first, second])
        progress.started(first)
        progress.started(second)
        assert progress.ended(first, how) is None
        assert isinstance(progress.ended(second, "created"), ApplicationFinished) is finished


def test_a_second_stop_abandons() -> None:
    control = Control()
    control.stop()
    assert (control.stopping, control.abandoned) == (True, False)
    control.stop()
    assert control.abandoned


DEPLOYMENTS = "/apis/apps/v1/namespaces/ns/deployments"
PODS = "/api/v1/namespaces/ns/pods"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices"
READY = Await(ObjectKey("apps", "Deployment", "ns", "web"), Condition.READY, f"{DEPLOYMENTS}/web")
SERVING = Await(ObjectKey("", "Service", "ns", "web"), Condition.SERVING, "/api/v1/namespaces/ns/services/web")


def deployment(available: int, generation: int = 1) -> Body:
    status = {"observedGeneration": generation, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    metadata = {"name": "web", "generation": generation}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec, "status": status}


def test_a_workload_is_explained_by_its_own_pods() -> None:
    waits = Waits()
    assert waits.begin("s", READY) == [DEPLOYMENTS, PODS]
    assert waits.why("s") == "has not been seen yet"
    assert waits.seen(sighting(DEPLOYMENTS, "seen", deployment(0))) == ["s"]
    for name, app in (("web-1", "web"), ("other-1", "other")):
        waiting = {"name": app, "state": {"waiting": {"reason": "ErrImagePull"}}}
        metadata = {"name": name, "labels": {"app": app}}
        waits.seen(sighting(PODS, "seen", {"metadata": metadata, "status": {"containerStatuses": [waiting]}}))
    assert waits.why("s") == "0/1 ready; web: ErrImagePull"
    waits.seen(sighting(PODS, "gone", {"metadata": {"name": "web-1"}}))
    assert waits.why("s") == "0/1 ready"
    waits.seen(sighting(DEPLOYMENTS, "seen", deployment(1)))
    assert waits.state("s").ready
    waits.seen(sighting(DEPLOYMENTS, "gone", {"metadata": {"name": "web"}}))
    assert not waits.state("s").ready


def test_a_sighting_from_before_the_change_does_not_count() -> None:
    waits = Waits()
    waits.seen(sighting(DEPLOYMENTS, "seen", deployment(1)))
    waits.written(READY.path, 2)
    waits.begin("s", READY)
    assert not waits.state("s").ready
    waits.seen(sighting(DEPLOYMENTS, "seen", deployment(1, generation=2)))
    assert waits.state("s").ready


def test_a_service_serves_while_one_of_its_endpoints_is_ready() -> None:
    waits = Waits()
    assert waits.begin("s", SERVING) == [SLICES]
    labels = {"kubernetes.io/service-name": "web"}
    for name, ready, expected in (("a", False, False), ("b", True, True), ("b", False, False)):
        body = {"metadata": {"name": name, "labels": labels}, "endpoints": [{"conditions": {"ready": ready}}]}
        assert waits.seen(sighting(SLICES, "seen", body)) == ["s"]
        assert waits.state("s").ready is expected


def test_a_custom_resource_with_a_selector_of_its_own_kind_is_no_workload() -> None:
    body = {"metadata": {"name": "w"}, "spec": {"selector": "any text"}, "status": "fine"}
    assert sighting("/apis/a.io/v1/namespaces/ns/widgets", "seen", body).selector is None


def error(status: int, message: str, reason: str = "", **fields: Any) -> ApiError:
    return ApiError(status, reason, message, **fields)


def conflict(*managers: str) -> ApiError:
    causes = [("FieldManagerConflict", ".data.a", f'conflict with "{name}" using v1') for name in managers]
    return error(409, "Apply failed", "Conflict", causes=causes)


DOWN = 'Internal error occurred: failed calling webhook "w.a.io": failed to call webhook: Post "https://w": refused'


@pytest.mark.parametrize(
    ("failure", "made_here", "tried"),
    [
        (error(500, DOWN), False, True),
        (error(500, "conversion webhook for a.io/v1, Kind=W failed: Post: refused"), False, True),
        (error(409, "try again", "Conflict"), False, True),
        (error(404, 'namespaces "ns" not found'), True, True),
        (error(404, 'namespaces "ns" not found'), False, False),
        (error(403, "status unknown for quota: q"), False, True),
        (error(403, "forbidden"), True, False),
        (error(422, "invalid"), True, False),
        (error(400, 'admission webhook "w" denied the request'), True, False),
        (conflict("kubectl"), True, False),
        (conflict("kfctl", "kubectl"), True, False),
        (conflict("kfctl"), False, True),
        (Unreachable("gone"), True, False),
        (ValueError("bug"), True, False),
    ],
)
def test_which_refusals_are_worth_another_try(failure: Exception, made_here: bool, tried: bool) -> None:
    assert (again(failure, APPLY, made_here) is not None) is tried


def test_a_webhook_that_does_not_answer_is_named() -> None:
    found = again(error(500, DOWN), APPLY, made_here=False)
    assert found
    assert "webhook w.a.io has to check it and does not answer" in found.why
    assert found.why.endswith("(refused)")


def test_taking_over_is_tried_once() -> None:
    found = again(conflict("kfctl"), APPLY, made_here=False)
    assert found
    assert found.force
    forced = Apply(APPLY.manifest, APPLY.path, APPLY.verb, APPLY.wanted, force=True)
    assert again(conflict("kfctl"), forced, made_here=False) is None


def test_conflicts_name_field_and_manager() -> None:
    assert [(found.field, found.manager) for found in conflicts(conflict("kubectl", "helm"))] == [
        (".data.a", "kubectl"),
        (".data.a", "helm"),
    ]
    assert conflicts(error(409, "try again", "Conflict")) == []


@pytest.mark.parametrize(
    ("failure", "fix"),
    [
        (conflict("helm"), "--force-conflicts"),
        (error(422, "spec.selector: field is immutable"), "kubectl delete configmap settings -n ns"),
        (error(422, "spec.x: Required value"), "--skip-kinds ConfigMap"),
        (error(403, "because it is being terminated"), "kubectl get namespace ns"),
        (error(403, "attempting to grant RBAC permissions not currently held"), "escalate"),
        (error(400, 'admission webhook "w" denied the request: no'), "policy of this cluster"),
    ],
)
def test_a_refusal_names_the_way_out(failure: ApiError, fix: str) -> None:
    found = explained(failure, APPLY)
    assert found.what == "ConfigMap/ns/settings was refused."
    assert found.why == failure.message
    assert fix in found.fix


def test_what_was_not_deleted_says_so() -> None:
    assert explained(error(403, "no"), Delete(SETTINGS, "/p", "u")).what == f"{SETTINGS} could not be deleted."


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition.READY, "was not ready within 60 s"),
        (Condition.SERVING, "No pod of ConfigMap/ns/settings was ready within 60 s"),
        (Condition.SERVED, "did not begin to serve what ConfigMap/ns/settings defines"),
        (Condition.GONE, "was not gone within 60 s"),
    ],
)
def test_what_is_late_is_said_in_words(condition: Condition, words: str) -> None:
    found = late(Await(SETTINGS, condition, "/p"), 60.0, "because")
    assert words in found.what
    assert found.why == "because"


def member(kind: str, name: str, namespace: str = "", group: str = "", **fields: Any) -> Member:
    key = ObjectKey(group, kind, namespace, name)
    return Member(key, f"/{key}", f"uid of {key}", "ours", **{"dependent": False, **fields})


def test_a_removal_takes_away_in_the_order_that_lets_controllers_do_their_work() -> None:
    found = [
        member("Namespace", "ns"),
        member("CustomResourceDefinition", "widgets.a.io", group="apiextensions.k8s.io"),
        member("Deployment", "web", "ns", "apps"),
        member("Widget", "w", "ns", "a.io"),
        member("MutatingWebhookConfiguration", "hook", group="admissionregistration.k8s.io"),
        member("ReplicaSet", "web-1", "ns", "apps", dependent=True),
    ]
    plan = plan_removal(Holdings("test", found, []), RESOURCES, delete_data=False)
    chain = [
        "delete MutatingWebhookConfiguration.admissionregistration.k8s.io/hook",
        "delete Widget.a.io/ns/w",
        "await gone Widget.a.io/ns/w",
        "delete Deployment.apps/ns/web",
        "delete CustomResourceDefinition.apiextensions.k8s.io/widgets.a.io",
        "await gone CustomResourceDefinition.apiextensions.k8s.io/widgets.a.io",
        "delete Namespace/ns",
        "await gone Namespace/ns",
    ]
    assert [step.id for step in plan.steps] == chain
    for before, after in itertools.pairwise(chain):
        assert before in needs(plan, after)


def test_a_namespace_with_kept_data_stays() -> None:
    claim = member("PersistentVolumeClaim", "data", "ns")
    holdings = Holdings("test", [member("Namespace", "ns"), claim], [], contents={"ns": [claim]})
    kept = plan_removal(holdings, RESOURCES, delete_data=False).kept
    assert {str(key) for key in kept} == {"Namespace/ns", "PersistentVolumeClaim/ns/data"}
    assert plan_removal(holdings, RESOURCES, delete_data=True).kept == {}


def test_an_unknown_failure_is_no_traceback() -> None:
    found = explained(RuntimeError(), APPLY)
    assert isinstance(found, KfinstallError)
    assert found.why == "RuntimeError"
