"""From objects and a cluster to a plan."""

from typing import Any

import pytest

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Apply, Verb
from kfinstall.contracts.resource import Applied, Live, Member
from kfinstall.engine.compatibility import Compatibility, parse_minor
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from tests.unit.engine.planning import body, needs, planned, state

OURS = applyset_id("test")
SETTINGS = ObjectKey("", "ConfigMap", "ns", "settings")
NAMESPACE = ObjectKey("", "Namespace", "", "ns")


def settings() -> dict[str, Any]:
    return body("ConfigMap", "settings", "ns", data={"a": "1"})


def action(**fields: Any) -> Apply:
    [found] = [apply for apply in planned(settings(), state=state(**fields)).applies if apply.manifest.key == SETTINGS]
    return found


WANTED = action().wanted


@pytest.mark.parametrize(
    ("live", "record", "verb", "force", "labelled"),
    [
        (None, None, Verb.CREATE, False, True),
        (Live("u", OURS, "o", False), Applied(WANTED, "o"), Verb.KEEP, True, True),
        (Live("u", OURS, "edited", False), Applied(WANTED, "o"), Verb.CHANGE, True, True),
        (Live("u", "", "o", False), Applied(WANTED, "o2"), Verb.CHANGE, True, True),
        (Live("u", OURS, "o", False), Applied("older", "o"), Verb.CHANGE, False, True),
        (Live("u", OURS, "o", False), None, Verb.CHANGE, False, True),
        (Live("u", "", "", False), None, Verb.CHANGE, False, False),
    ],
    ids=["new", "same", "edited", "label gone", "changed document", "record lost", "stood before"],
)
def test_what_applying_will_do(
    live: Live | None, record: Applied | None, verb: Verb, force: bool, labelled: bool
) -> None:
    found = action(live={SETTINGS: live} if live else {}, inventory={SETTINGS: record} if record else {})
    labels = found.manifest.body["metadata"].get("labels") or {}
    assert (found.verb, found.force, PART_OF in labels) == (verb, force, labelled)


def test_what_is_being_deleted_is_made_again_once_it_is_gone() -> None:
    plan = planned(settings(), state=state({SETTINGS: Live("u", OURS, "o", True)}))
    assert needs(plan, f"apply {SETTINGS}") == {f"await gone {SETTINGS}"}
    assert plan.applies[0].verb is Verb.CREATE


def test_what_is_in_a_namespace_that_is_being_deleted_is_made_again_too() -> None:
    live = {NAMESPACE: Live("n", OURS, "o", True), SETTINGS: Live("u", OURS, "o", False)}
    records = {SETTINGS: Applied(WANTED, "o")}
    plan = planned(settings(), body("Namespace", "ns"), state=state(live, inventory=records))
    assert {apply.verb for apply in plan.applies} == {Verb.CREATE}
    assert needs(plan, f"apply {SETTINGS}") == {f"apply {NAMESPACE}", f"await gone {NAMESPACE}"}


def test_objects_get_a_namespace_or_lose_it_as_their_kind_wants() -> None:
    plan = planned(
        body("ConfigMap", "a"), body("ClusterRole", "b", "ns", group="rbac.authorization.k8s.io"), state=state()
    )
    assert {(apply.manifest.name, apply.manifest.namespace) for apply in plan.applies} == {("a", "default"), ("b", "")}


def test_kinds_to_skip_are_left_out() -> None:
    plan = planned(settings(), body("Secret", "s", "ns"), state=state(), skip_kinds=frozenset({"Secret"}))
    assert [apply.manifest.kind for apply in plan.applies] == ["ConfigMap"]


def test_apis_that_are_not_served_are_listed_with_what_became_of_them() -> None:
    old = body("Deployment", "d", "ns") | {"apiVersion": "extensions/v1beta1"}
    security = body("PodSecurityPolicy", "p") | {"apiVersion": "policy/v1beta1"}
    unknown = body("Gizmo", "g", "ns") | {"apiVersion": "a.io/v1"}
    with pytest.raises(PlanRefused, match="4 objects cannot be installed") as caught:
        planned(
            old, body("Deployment", "e", "ns") | {"apiVersion": "extensions/v1beta1"}, security, unknown, state=state()
        )
    assert "   2 Deployment extensions/v1beta1 (removed in 1.16, now apps/v1)" in caught.value.why
    assert "   1 PodSecurityPolicy policy/v1beta1 (removed in 1.25, without a successor)" in caught.value.why
    assert "   1 Gizmo a.io/v1 (no such kind here; is its CustomResourceDefinition missing?)" in caught.value.why
    assert "kubeflow-26.03" in caught.value.fix


def test_a_namespace_that_nobody_makes_is_refused() -> None:
    with pytest.raises(PlanRefused, match="Namespace ns does not exist") as caught:
        planned(settings(), state=state(missing_namespaces=frozenset({"ns"})))
    assert "kubectl create namespace ns" in caught.value.fix


def test_an_object_of_another_install_is_refused() -> None:
    with pytest.raises(PlanRefused, match="1 object belongs to another install"):
        planned(settings(), state=state({SETTINGS: Live("u", applyset_id("other"), "o", False)}))
    theirs = state({SETTINGS: Live("u", applyset_id("other"), "", False)})  # applied by another tool
    assert planned(settings(), state=theirs).applies[0].verb is Verb.CHANGE


@pytest.mark.parametrize(
    ("owner", "kind", "prune", "kept"),
    [
        (OURS, "ConfigMap", True, ""),
        (OURS, "ConfigMap", False, "--prune deletes it"),
        (OURS, "PersistentVolumeClaim", True, "may hold data"),
        ("", "ConfigMap", True, "stood before"),
    ],
)
def test_what_is_no_longer_wanted(owner: str, kind: str, prune: bool, kept: str) -> None:
    key = ObjectKey("", kind, "ns", "old")
    leftover = Member(key, "/path", "uid", owner, False)
    plan = planned(settings(), state=state(leftovers=(leftover,)), prune=prune)
    assert kept in plan.kept.get(key, "")
    assert (f"delete {key}" in {step.id for step in plan.steps}) is (not kept)
    if not kept:
        assert needs(plan, f"delete {key}") == {f"apply {SETTINGS}"}


@pytest.mark.parametrize(
    ("server", "warns", "refuses"),
    [
        ("v1.33.1", False, False),
        ("v1.34.0-gke.1", True, False),
        ("v1.30.1", True, False),
        ("v1.29.9", False, True),
        ("v1.36.0", False, True),
        ("unknown", False, False),
    ],
)
def test_the_versions_that_a_release_goes_with(server: str, warns: bool, refuses: bool) -> None:
    bounds = Compatibility("Kubeflow 26.03", "1.30", "1.35", ("1.32", "1.33"))
    if refuses:
        with pytest.raises(PlanRefused, match="does not run on Kubernetes") as caught:
            bounds.check(server)
        assert "Kubernetes 1.30 to 1.35" in caught.value.why
    else:
        assert bool(bounds.check(server)) is warns


def test_bounds_can_be_set_aside() -> None:
    assert Compatibility("K", "1.30", anyway=True, validated=("1.32", "1.32")).check("v1.20.0")
    assert parse_minor("v1.34.1-eks") == (1, 34)
