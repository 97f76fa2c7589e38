"""No cluster is too odd to be examined: whatever is missing or of another type, every check answers."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.document import document
from kfinstall.doctor.examination import Status, examine
from kfinstall.doctor.lists import from_files
from kfinstall.doctor.snapshot import Collected, sound
from tests.unit.doctor.clusters import ALL_CHECKS, KINDS
from tests.unit.doctor.troubled import troubled_cluster

STATE = Path(__file__).parents[4] / "shared" / "real" / "clusters" / "kubeflow-1.10.2-no-registry.tar.gz"
WRONG: tuple[Any, ...] = (None, "", "text", 0, -1, 2.5, True, [], {}, [None], [7], {"": None}, [[]], {"name": []})
"""What stands in place of a field; MISSING stands for its absence."""

MISSING = object()
Path_ = tuple[str | int, ...]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The way to every field in JSON data."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from places(child, (*path, name))


def damaged(body: Body, path: Path_, wrong: Any) -> Body:
    body = copy.deepcopy(body)
    holder: Any = body
    for name in path[:-1]:
        holder = holder[name]
    if wrong is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = wrong
    return body


def with_damage(collected: Collected, kind: GroupKind, number: int, body: Body) -> Collected:
    bodies = list(collected.objects[kind])
    bodies[number] = body
    objects = {**collected.objects, kind: list(sound(bodies))}
    return Collected(objects, collected.version, collected.taken, collected.unread, collected.served, collected.outside)


def survives(collected: Collected) -> None:
    """Every check of the cluster answers, and the report can be printed."""
    report = examine(collected, ALL_CHECKS)
    anywhere = {check.id for check in ALL_CHECKS if not check.of_client and check.concerns is None}
    assert {answer.check.id for answer in report.checks} >= anywhere
    json.dumps(document(report))


def everything(collected: Collected) -> list[tuple[GroupKind, int, Body]]:
    return [(kind, number, body) for kind, bodies in collected.objects.items() for number, body in enumerate(bodies)]


SMALL = everything(troubled_cluster())
EVERY_PLACE = [(number, path) for number, (_kind, _number, body) in enumerate(SMALL) for path in places(body)]


@settings(max_examples=400, deadline=None)
@given(place=st.sampled_from(EVERY_PLACE), wrong=st.sampled_from((MISSING, *WRONG)))
def test_any_one_field_missing_or_of_a_wrong_type(place: tuple[int, Path_], wrong: Any) -> None:
    number, path = place
    kind, position, body = SMALL[number]
    survives(with_damage(troubled_cluster(), kind, position, damaged(body, path, wrong)))


def test_the_undamaged_small_cluster_has_findings_and_breaks_no_check() -> None:
    """Otherwise the test above would prove nothing."""
    report = examine(troubled_cluster(), ALL_CHECKS)
    of_platforms = {check.area for check in ALL_CHECKS if check.concerns}
    assert {answer.check.area for answer in report.checks if answer.check.concerns and answer.findings} == of_platforms
    assert Status.ERROR not in {answer.status for answer in report.checks}
    assert sum(bool(answer.findings) for answer in report.checks) >= len(ALL_CHECKS) // 2


@pytest.fixture(scope="module")
def real() -> Collected:
    if not STATE.exists():
        pytest.skip(f"the state of a real cluster is not here: {STATE}")
    return from_files(STATE, KINDS)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_real_cluster_with_random_damage(real: Collected, data: st.DataObject) -> None:
    kind, number, body = data.draw(st.sampled_from(everything(real)))
    path = data.draw(st.sampled_from(list(places(body))))
    survives(with_damage(real, kind, number, damaged(body, path, data.draw(st.sampled_from([MISSING, *WRONG])))))
