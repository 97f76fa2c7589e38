"""When an object counts as ready, and what is said when it does not."""

from typing import Any

import pytest

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.readiness import readiness


def live(api_version: str, kind: str, status: Any = None, spec: Any = None, **metadata: Any) -> Body:
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status}


def deployment(wanted: int = 2, generation: int = 1, **status: Any) -> Body:
    return live("apps/v1", "Deployment", status, {"replicas": wanted}, generation=generation)


COMPLETE: Any = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
UNDEADLINE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too long"}
QUOTA = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (deployment(**COMPLETE), None),
        (deployment(generation=2, **COMPLETE), "its controller has not seen the change yet"),
        (deployment(), "0/2 updated"),
        (deployment(**{**COMPLETE, "replicas": 3}), "old pods are being stopped"),
        (deployment(**{**COMPLETE, "availableReplicas": 1}), "1/2 ready"),
        (deployment(**{**COMPLETE, "conditions": [UNDEADLINE]}), "too long"),
        (deployment(**{**COMPLETE, "conditions": [QUOTA]}), "exceeded quota"),
        (deployment(wanted=0), None),
        (live("apps/v1", "StatefulSet", {"readyReplicas": 1}, {"replicas": 1}), None),
        (live("apps/v1", "StatefulSet", {"readyReplicas": 0}, {"replicas": 1}), "0/1 ready"),
        (
            live("apps/v1", "StatefulSet", {"readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"}, {}),
            "0/1 updated",
        ),
        (
            live(
                "apps/v1",
                "StatefulSet",
                {"readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
                {"updateStrategy": {"type": "OnDelete"}},
            ),
            None,
        ),
        (live("apps/v1", "DaemonSet", {}), "its controller has not seen it yet"),
        (live("apps/v1", "DaemonSet", {"desiredNumberScheduled": 0}), None),
        (
            live(
                "apps/v1",
                "DaemonSet",
                {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1},
            ),
            "1/2 ready",
        ),
        (live("batch/v1", "Job", {"succeeded": 1}, {"completions": 3}), "1/3 succeeded"),
        (live("batch/v1", "Job", {"conditions": [{"type": "Complete", "status": "True"}]}), None),
        (live("batch/v1", "Job", {}, {"suspend": True}), None),
        (live("v1", "Pod", {"phase": "Pending"}), "Pending"),
        (live("v1", "Pod", {"conditions": [{"type": "Ready", "status": "True"}]}), None),
        (live("v1", "Pod", {"phase": "Succeeded"}), None),
        (live("v1", "PersistentVolumeClaim", {"phase": "Pending"}), "no volume is bound to it yet"),
        (live("v1", "PersistentVolumeClaim", {"phase": "Bound"}), None),
        (live("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}), "is not established yet"),
        (live("v1", "ConfigMap"), None),
        (live("v1", "ConfigMap", deletionTimestamp="2026-01-01T00:00:00Z"), "is being deleted"),
        (live("a.io/v1", "Widget", {"conditions": [{"type": "Ready", "status": "False", "message": "m"}]}), "m"),
        (live("a.io/v1", "Widget", {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "r"}]}), "r"),
        (live("a.io/v1", "Widget", {"conditions": [{"type": "Ready", "status": "True"}]}), None),
    ],
)
def test_ready_or_why_not(body: Body, why: str | None) -> None:
    found = readiness(body)
    assert (found.ready, found.failed) == (why is None, False)
    assert found.ready or found.why == why


@pytest.mark.parametrize(
    "body",
    [
        live("batch/v1", "Job", {"conditions": [{"type": "Failed", "status": "True", "message": "lost"}]}),
        live("v1", "Pod", {"phase": "Failed", "message": "lost"}),
        live("a.io/v1", "Widget", {"conditions": [{"type": "Stalled", "status": "True", "message": "lost"}]}),
        live(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {"conditions": [{"type": "NamesAccepted", "status": "False", "message": "lost"}]},
        ),
    ],
)
def test_what_waiting_cannot_help(body: Body) -> None:
    found = readiness(body)
    assert (found.ready, found.failed, found.why) == (False, True, "lost")


@pytest.mark.parametrize(
    "status", ["fine", 3, [], {"conditions": "none"}, {"conditions": ["x", None]}, {"conditions": {}}]
)
def test_a_custom_resource_may_have_any_status(status: Any) -> None:
    assert readiness(live("a.io/v1", "Widget", status, spec="anything")).ready
