"""What pods take of nodes: the arithmetic of kube-scheduler."""

from decimal import Decimal
from typing import Any

import pytest

from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.capacity import requests, rooms
from tests.unit.doctor.clusters import body, pod, snapshot
from tests.unit.doctor.nodes import node, standing


def container(name: str = "main", *, always: bool = False, **wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "resources": {"requests": wanted}}
    return {**found, "restartPolicy": "Always"} if always else found


def cpu(**spec: Any) -> Decimal:
    return requests(pod("p", **spec)).get("cpu", Decimal(0))


def test_containers_add_up() -> None:
    assert requests(pod("p", containers=[container(cpu="250m", memory="1Gi"), container("b", cpu="1")])) == {
        "cpu": Decimal("1.25"),
        "memory": Decimal(1024**3),
        "pods": Decimal(1),
    }


@pytest.mark.parametrize(
    ("inits", "total"),
    [
        pytest.param([container("a", cpu="3"), container("b", cpu="2")], "3", id="the largest init container"),
        pytest.param([container("a", cpu="1", always=True)], "2", id="a sidecar runs beside the containers"),
        pytest.param(
            [container("a", cpu="1", always=True), container("b", cpu="4")], "5", id="an init container beside one"
        ),
        pytest.param(
            [container("b", cpu="4"), container("a", cpu="1", always=True)], "4", id="a sidecar that starts after it"
        ),
    ],
)
def test_init_containers(inits: list[dict[str, Any]], total: str) -> None:
    assert cpu(containers=[container(cpu="1")], initContainers=inits) == Decimal(total)


def test_overhead_of_the_runtime_class_is_added_and_a_pods_own_request_replaces_the_sum() -> None:
    assert cpu(containers=[container(cpu="1")], overhead={"cpu": "250m"}) == Decimal("1.25")
    assert cpu(containers=[container(cpu="1")], resources={"requests": {"cpu": "3"}}) == Decimal(3)


def test_a_pod_that_is_being_made_smaller_takes_what_it_still_has() -> None:
    shrinking = pod("p", containers=[container(cpu="1")])
    given = {"name": "main", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {"cpu": "1500m"}}
    shrinking["status"]["containerStatuses"] = [given]
    assert requests(shrinking)["cpu"] == Decimal(2)


def test_pods_that_ended_take_nothing_and_those_that_are_being_deleted_still_do() -> None:
    done, going = standing("done", "n", cpu="1"), standing("going", "n", cpu="500m")
    done["status"] = {"phase": "Succeeded"}
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    [room] = rooms(snapshot(node("n", cpu="2"), done, going, standing("other", "m", cpu="1")))
    assert (room.free("cpu"), room.free("pods"), room.free("nvidia.com/gpu")) == tuple(
        map(Decimal, ("1.5", "109", "0"))
    )
    assert room.lacks({"cpu": Decimal(2), "nvidia.com/gpu": Decimal(1)}) == {
        "cpu": Decimal("0.5"),
        "nvidia.com/gpu": Decimal(1),
    }


@pytest.mark.parametrize(
    ("resource", "value", "text"),
    [
        ("cpu", "0.25", "250m"),
        ("cpu", "0.0055", "5.5m"),
        ("cpu", "2", "2"),
        ("cpu", "2.29", "2.29"),
        ("memory", "536870912", "512Mi"),
        ("memory", "25276514304", "23.54Gi"),
        ("requests.memory", "1024", "1Ki"),
        ("ephemeral-storage", "12", "12"),
        ("nvidia.com/gpu", "3", "3"),
    ],
)
def test_amounts_are_written_as_people_write_them(resource: str, value: str, text: str) -> None:
    assert readable(resource, Decimal(value)) == text


def test_a_node_without_a_status_has_no_room() -> None:
    [room] = rooms(snapshot(body("Node", "new")))
    assert room.free("cpu") == 0
