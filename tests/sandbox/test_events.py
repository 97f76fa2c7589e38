"""Events of the core group and of events.k8s.io are the same objects, as on a real API server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from tests.controlplane.api import Api, Object
from tests.controlplane.cluster import Cluster
from tests.sandbox.both import Side, namespace_on

CORE, OWN = "events", "events.k8s.io/v1/events"
OLD_FORM: Object = {
    "metadata": {"name": "old"},
    "involvedObject": {"kind": "Pod", "name": "p", "apiVersion": "v1"},
    "reason": "Pulled",
    "message": "it came",
    "type": "Normal",
    "count": 3,
    "firstTimestamp": "2026-01-01T00:00:00Z",
    "lastTimestamp": "2026-01-01T00:01:00Z",
    "source": {"component": "kubelet", "host": "n"},
}
NEW_FORM: Object = {
    "metadata": {"name": "new"},
    "regarding": {"kind": "Pod", "name": "q", "apiVersion": "v1"},
    "reason": "Scheduled",
    "action": "Binding",
    "note": "it fits",
    "type": "Normal",
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "default-scheduler",
    "reportingInstance": "s-1",
}


@pytest.fixture
def sides(healthy: Path, control_plane: Cluster) -> Iterator[list[Side]]:
    """A namespace in the practice cluster, and one in a real one."""
    with Api(healthy) as sandbox, Api(control_plane.kubeconfig()) as real, namespace_on((sandbox, real)) as found:
        yield [found.sandbox, found.real]


REFERENCES = {"involvedObject", "regarding"}


def seen(body: Object, namespace: str) -> Object:
    """Without what differs from one cluster to the next, and without what is empty: Go writes null times of Events."""
    text = {name: value for name, value in body.items() if name != "metadata" and value not in (None, "", {})}
    for reference in REFERENCES:
        if text.get(reference, {}).get("namespace") == namespace:
            text[reference] = {**text[reference], "namespace": "ns"}
    return text


@pytest.mark.parametrize(("collection", "body"), [(CORE, OLD_FORM), (OWN, NEW_FORM)], ids=["core", "own"])
def test_each_form_shows_what_was_made_in_the_other(sides: list[Side], collection: str, body: Object) -> None:
    shown = []
    for side in sides:
        made = {**body, **{each: {**body[each], "namespace": side.namespace} for each in REFERENCES & body.keys()}}
        side.api.create(side.path(collection), made)
        name = body["metadata"]["name"]
        shown.append([seen(side.get(each, name), side.namespace) for each in (CORE, OWN)])
    assert shown[0] == shown[1]


def test_lists_selectors_deletion_and_refusals(sides: list[Side]) -> None:
    answers: list[Any] = []
    for side in sides:
        reference = {**OLD_FORM["involvedObject"], "namespace": side.namespace}
        side.api.create(side.path(CORE), {**OLD_FORM, "involvedObject": reference})
        selected = side.api.get(f"{side.path(OWN)}?fieldSelector=regarding.name%3Dp")
        unselected = side.api.get(f"{side.path(OWN)}?fieldSelector=reason%3DOther")
        side.api.delete(side.path(OWN, "old"))
        with pytest.raises(ApiException) as gone:
            side.api.get(side.path(OWN, "old"))
        names = [each["note"] for each in selected["items"]]
        answers.append((selected["kind"], selected["apiVersion"], names, unselected["items"], gone.value.status))
        assert side.get(CORE, "old") == {}
    assert answers[0] == answers[1]
