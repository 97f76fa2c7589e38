"""The scheduler's refusals, in all their formats."""

import pytest

from kfinstall.facts.classify import classify
from kfinstall.facts.classify.scheduling import Reason, refusal


def reasons(text: str) -> list[tuple[str, int | None]]:
    found = refusal(text)
    assert found is not None
    return [(reason.text, reason.count) for reason in found.reasons]


def test_the_part_about_preemption_is_not_counted() -> None:
    text = (
        "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims."
    )
    assert reasons(text) == [("Insufficient memory", 3)]


def test_what_resource_claims_add_before_preemption() -> None:
    text = (
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint "
        "{app: web, v1.2}. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not useful"
    )
    assert reasons(text) == [
        ("node(s) didn't match Pod's node affinity/selector", 1),
        ("node(s) had untolerated taint {app: web, v1.2}", 1),
    ]


def test_a_reason_about_the_pod_has_no_count() -> None:
    assert reasons('0/3 nodes are available: persistentvolumeclaim "data.v1" not found. preemption: 0/3') == [
        ('persistentvolumeclaim "data.v1" not found', None)
    ]


def test_predicates_of_old_schedulers() -> None:
    text = (
        "No nodes are available that match all of the following predicates:: Insufficient cpu (4), "
        "MatchNodeSelector (1)."
    )
    found = refusal(text)
    assert found is not None
    assert found.nodes is None
    assert found.reasons == (Reason("Insufficient cpu", 4), Reason("MatchNodeSelector", 1))


def test_a_list_of_reasons_alone() -> None:
    assert reasons("1 Insufficient cpu, 2 Insufficient nvidia.com/gpu") == [
        ("Insufficient cpu", 1),
        ("Insufficient nvidia.com/gpu", 2),
    ]


def test_other_text_is_no_refusal() -> None:
    assert refusal("3 nodes are well") is None


@pytest.mark.parametrize(
    ("list_", "cause"),
    [
        ("1 Insufficient cpu, 4 node(s) had untolerated taint {a: b}", "sched-insufficient-cpu"),
        ("4 Insufficient cpu, 1 Insufficient memory", "sched-insufficient-cpu"),
        ("2 Insufficient cpu, 3 Insufficient memory", "sched-insufficient-memory"),
        ("1 Insufficient memory, 4 node(s) had volume node affinity conflict", "sched-insufficient-memory"),
        ("1 node(s) were unschedulable, 4 Insufficient cpu", "sched-node-cordoned"),
        ("1 node(s) had untolerated taint {nvidia.com/gpu: present}, 4 Insufficient nvidia.com/gpu", "gpu-taint"),
        ("1 Insufficient cpu, 4 pod has unbound immediate PersistentVolumeClaims", "st-no-default-storageclass"),
        (
            "3 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's "
            "node affinity/selector",
            "sched-node-affinity-selector",
        ),
        ("5 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }", "sched-untolerated-taint"),
    ],
)
def test_what_is_to_be_mended_first_decides(list_: str, cause: str) -> None:
    found = classify(f"0/5 nodes are available: {list_}.")
    assert found is not None
    assert found.cause == cause
