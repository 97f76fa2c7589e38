"""Uninstalling on a real API server: what goes, what stays, and why."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException

from kfinstall.contracts.event import Event, Result, StepFailed, StepFinished, Waiting
from kfinstall.engine.control import Control
from kfinstall.errors import Interrupted, UsageError
from tests.contract import manifests as m
from tests.contract.installer import Installer, Ran
from tests.contract.manifests import Object
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

APPLY = "application/apply-patch+yaml"
EPHEMERAL = {"events", "leases", "endpoints", "endpointslices"}


@pytest.fixture(autouse=True)
def controllers(control_plane: Cluster) -> None:
    """Namespaces end, and owned objects go, only where controllers run."""
    if not control_plane.has_controller_manager:
        pytest.skip("this control plane has no controller manager")


def standing(admin: Api) -> set[str]:
    """The path and the uid of everything in the cluster that is not written by the control plane for itself."""
    found = set()
    for path, resources in collections(admin):
        for resource in resources:
            if "/" not in resource["name"] and "list" in resource["verbs"] and resource["name"] not in EPHEMERAL:
                for item in listed(admin, f"{path}/{resource['name']}"):
                    metadata = item["metadata"]
                    where = metadata.get("namespace", "")
                    found.add(f"{path} {resource['name']} {where}/{metadata['name']} {metadata.get('uid')}")
    return found


def listed(admin: Api, path: str) -> list[Object]:
    """What is in a collection; that of a kind whose definition is new, or has just gone, may not answer yet."""

    def items() -> list[list[Object]]:
        try:
            return [admin.get(path)["items"]]
        except ApiException as error:
            if error.status not in {404, 429}:
                raise
            return [[]] if error.status == 404 else []

    found: list[Object] = eventually(items)[0]
    return found


def collections(admin: Api) -> Iterator[tuple[str, list[Object]]]:
    paths = ["/api/v1", *(f"/apis/{g['preferredVersion']['groupVersion']}" for g in admin.get("/apis")["groups"])]
    for path in paths:
        try:
            yield path, admin.get(path)["resources"]
        except ApiException as error:  # a group that has just gone
            if error.status != 404:
                raise


def exists(admin: Api, path: str) -> bool:
    try:
        admin.get(path)
    except ApiException as error:
        if error.status != 404:
            raise
        return False
    return True


def maps(admin: Api, namespace: str) -> set[str]:
    """The names of the ConfigMaps that the tests make."""
    items = admin.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    return {name for item in items if (name := item["metadata"]["name"]).startswith("map-")}


def deleted(ran: Ran) -> set[str]:
    return {event.step for event in ran.all(StepFinished) if event.outcome == "deleted"}


def kept(ran: Ran) -> dict[str, str]:
    return {str(key): why for key, why in ran.plan.kept.items()}


def everything(name: str, inside: str) -> list[Object]:
    """An install with a definition and a namespace of its own, and objects in another namespace."""
    group = f"{name}.example.com"
    return [
        m.namespace(name),
        m.definition(group),
        m.widget(group, "first", name),
        m.cluster_role(name, rules=[]),
        m.deployment("web", name),
        m.service("web", name, "web"),
        m.config_map("settings", name, colour="blue"),
        m.secret("password", inside, word="xyzzy"),
        m.account("runner", inside),
    ]


def test_what_is_left_is_exactly_what_stood_before(fresh_control_plane: ControlPlane, tmp_path: Path) -> None:
    """And what is installed right afterwards waits for the end of the record's namespace."""
    installer = Installer(fresh_control_plane.kubeconfig(), tmp_path / "state", "first")
    with Api(fresh_control_plane.kubeconfig()) as admin:
        admin.create("/api/v1/namespaces", m.namespace("theirs"))
        admin.create("/api/v1/namespaces/theirs/configmaps", m.config_map("theirs", "theirs"))
        eventually(lambda: exists(admin, "/api/v1/namespaces/theirs/configmaps/kube-root-ca.crt"))
        before = standing(admin)
        installer.install(everything("ours", "theirs")).succeeded()
        assert len(standing(admin) - before) >= 11  # with the record and its namespace
        assert kept(installer.uninstall().succeeded()) == {}
        with pytest.raises(UsageError, match="no install named first"):
            installer.uninstall()
        again = [m.config_map("again", "theirs")]
        assert installer.install(again).succeeded().counts == {"created": 1}
        assert exists(admin, "/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-first")
        installer.uninstall().succeeded()
        eventually(lambda: standing(admin) == before)


def test_data_is_kept_and_listed_with_its_namespace(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.claim("data", unique), m.config_map("settings", unique)]
    installer.install(objects).succeeded()
    ran = installer.uninstall().succeeded()
    assert kept(ran) == {
        f"PersistentVolumeClaim/{unique}/data": "data; --delete-data deletes it",
        f"Namespace/{unique}": f"holds PersistentVolumeClaim/{unique}/data",
    }
    assert exists(admin, f"/api/v1/namespaces/{unique}/persistentvolumeclaims/data")
    assert not exists(admin, f"/api/v1/namespaces/{unique}/configmaps/settings")


def test_data_goes_when_asked_for(installer: Installer, admin: Api, unique: str) -> None:
    installer.install([m.namespace(unique), m.claim("data", unique)]).succeeded()
    # A claim that a StatefulSet made carries no mark of whose it is.
    admin.create(f"/api/v1/namespaces/{unique}/persistentvolumeclaims", m.claim("data-of-a-statefulset-0", unique))
    ran = installer.uninstall(delete_data=True).succeeded()
    assert kept(ran) == {}
    assert not exists(admin, f"/api/v1/namespaces/{unique}")


def test_a_strangers_objects_keep_the_namespace(installer: Installer, admin: Api, unique: str) -> None:
    installer.install([m.namespace(unique), m.config_map("ours", unique), m.deployment("web", unique)]).succeeded()
    admin.create(f"/api/v1/namespaces/{unique}/configmaps", m.config_map("theirs", unique))
    admin.create(f"/apis/apps/v1/namespaces/{unique}/deployments", m.deployment("theirs", unique))
    eventually(lambda: len(admin.get(f"/api/v1/namespaces/{unique}/pods")["items"]) == 2)
    ran = installer.uninstall(delete_data=True).succeeded()
    [why] = kept(ran).values()
    assert set(kept(ran)) == {f"Namespace/{unique}"}
    assert why in {
        f"holds ConfigMap/{unique}/theirs and 1 more",
        f"holds Deployment.apps/{unique}/theirs and 1 more",
    }
    assert exists(admin, f"/api/v1/namespaces/{unique}/configmaps/theirs")
    assert exists(admin, f"/apis/apps/v1/namespaces/{unique}/deployments/theirs")
    assert not exists(admin, f"/apis/apps/v1/namespaces/{unique}/deployments/web")


def test_what_a_controller_made_for_us_keeps_nothing(installer: Installer, admin: Api, unique: str) -> None:
    """ReplicaSets, pods, and the Secret of a Certificate, on which cert-manager sets no owner."""
    installer.install([m.namespace(unique), m.deployment("web", unique)]).succeeded()
    eventually(lambda: admin.get(f"/api/v1/namespaces/{unique}/pods")["items"])
    issued = m.secret("serving", unique)
    issued["metadata"]["annotations"] = {"cert-manager.io/certificate-name": "serving"}
    admin.create(f"/api/v1/namespaces/{unique}/secrets", issued)
    assert kept(installer.uninstall().succeeded()) == {}
    assert not exists(admin, f"/api/v1/namespaces/{unique}")


def test_what_stood_before_keeps_its_own_fields_and_loses_ours(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    admin.create(maps, m.config_map("shared", namespace, theirs="1"))
    labelled = m.namespace(namespace, ours="yes")
    installer.install([labelled, m.config_map("shared", namespace, ours="2")]).succeeded()
    assert admin.get(f"{maps}/shared")["data"] == {"theirs": "1", "ours": "2"}
    ran = installer.uninstall().succeeded()
    assert ran.counts == {"released": 2}
    assert admin.get(f"{maps}/shared")["data"] == {"theirs": "1"}
    left = admin.get(f"/api/v1/namespaces/{namespace}")["metadata"]
    assert "ours" not in left["labels"]
    managers = {entry["manager"] for entry in admin.get(f"{maps}/shared")["metadata"]["managedFields"]}
    assert "kfinstall" not in managers


def test_what_an_abandoned_install_changed_is_given_back(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    """Only its journal knows: nothing more is written after the second Ctrl-C."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    admin.create(maps, m.config_map("shared", namespace, theirs="1"))
    control = Control()
    objects = [m.config_map("shared", namespace, ours="2"), *(m.config_map(f"own-{n}", namespace) for n in range(20))]
    _plan, stream = installer.stream(objects, control)
    with contextlib.suppress(Interrupted):
        for event in stream:
            if isinstance(event, StepFinished) and event.step.endswith("/shared"):
                control.stop()
                control.stop()
    assert admin.get(f"{maps}/shared")["data"] == {"theirs": "1", "ours": "2"}
    installer.uninstall().succeeded()
    assert admin.get(f"{maps}/shared")["data"] == {"theirs": "1"}


def test_a_required_field_that_was_taken_stays_without_a_manager(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    """Giving up the image of a Deployment would leave it without one."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    admin.create(path, m.deployment("web", namespace, image="example.com/theirs:1"))
    wanted = m.deployment("web", namespace, image="example.com/ours:2")
    installer.install([wanted], force_conflicts=True).succeeded()
    installer.uninstall().succeeded()
    left = admin.get(f"{path}/web")
    assert left["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/ours:2"
    assert "kfinstall" not in {entry["manager"] for entry in left["metadata"]["managedFields"]}


def test_what_stood_before_and_went_since_is_not_made_by_its_release(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    admin.create(maps, m.config_map("shared", namespace))
    installer.install([m.config_map("shared", namespace, ours="2"), m.config_map("own", namespace)]).succeeded()

    def take_away(event: Event) -> None:
        if type(event).__name__ == "RunStarted":
            admin.delete(f"{maps}/shared")

    installer.uninstall(watch=take_away).succeeded()
    assert not exists(admin, f"{maps}/shared")


@pytest.mark.parametrize("delete_data", [False, True])
def test_a_definition_that_a_stranger_uses(
    installer: Installer, admin: Api, namespace: str, unique: str, delete_data: bool
) -> None:
    group = f"{unique}.example.com"
    installer.install([m.definition(group), m.widget(group, "ours", namespace)]).succeeded()
    theirs = f"/apis/{group}/v1/namespaces/{namespace}/widgets"
    admin.create(theirs, m.widget(group, "theirs", namespace))
    ran = installer.uninstall(delete_data=delete_data).succeeded()
    definition = f"CustomResourceDefinition.apiextensions.k8s.io/widgets.{group}"
    if delete_data:
        assert kept(ran) == {}
        assert not exists(admin, f"{theirs}/theirs")
    else:
        why = f"Widget.{group}/{namespace}/theirs uses it; --delete-data deletes both"
        assert kept(ran) == {definition: why}
        assert exists(admin, f"{theirs}/theirs")
    assert not exists(admin, f"/apis/{group}/v1/namespaces/{namespace}/widgets/ours")


def test_a_finalizer_that_nobody_serves_is_named_and_the_next_run_goes_on(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    group = f"{unique}.example.com"
    objects = [m.definition(group), m.widget(group, "stuck", namespace), m.config_map("a", namespace)]
    installer.install(objects).succeeded()
    path = f"/apis/{group}/v1/namespaces/{namespace}/widgets/stuck"
    admin.patch(path, {"metadata": {"finalizers": ["example.com/cleanup"]}})

    ran = installer.uninstall(timeout=3.0)
    assert ran.result is Result.TIMED_OUT
    [failure] = ran.all(StepFailed)
    assert failure.what == f"Widget.{group}/{namespace}/stuck was not gone within 3 s."
    assert "example.com/cleanup" in failure.why
    command = f"kubectl patch widget.{group} stuck -n {namespace} --type=merge"
    assert command in failure.fix
    assert any("example.com/cleanup" in event.why for event in ran.all(Waiting))
    assert exists(admin, f"/api/v1/namespaces/{namespace}/configmaps/a")  # what comes after was not begun

    admin.patch(path, {"metadata": {"finalizers": None}})
    installer.uninstall().succeeded()
    assert not exists(admin, f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}")


def test_a_namespace_that_does_not_end_says_what_is_left_in_it(installer: Installer, admin: Api, unique: str) -> None:
    installer.install([m.namespace(unique)]).succeeded()
    path = f"/api/v1/namespaces/{unique}/secrets/late"

    def put_something_into_it(event: Event) -> None:
        """After the look at what is in it, so that the plan knows nothing of it."""
        if type(event).__name__ == "RunStarted":
            body = m.secret("late", unique)
            body["metadata"]["finalizers"] = ["example.com/cleanup"]
            admin.create(f"/api/v1/namespaces/{unique}/secrets", body)

    ran = installer.uninstall(timeout=8.0, watch=put_something_into_it)
    assert ran.result is Result.TIMED_OUT
    [failure] = ran.all(StepFailed)
    assert f"Namespace/{unique} was not gone" in failure.what
    assert "example.com/cleanup in 1 resource instances" in failure.why
    admin.patch(path, {"metadata": {"finalizers": None}})


def test_a_removal_that_was_dropped_half_way_is_finished_by_the_next(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    objects = [*(m.config_map(f"map-{n}", namespace) for n in range(20))]
    installer.install(objects).succeeded()
    seen = 0

    class Enough(Exception):
        """The user's terminal is gone."""

    def drop(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, StepFinished)
        if seen == 5:
            raise Enough

    with pytest.raises(Enough):
        installer.uninstall(watch=drop)
    assert maps(admin, namespace)
    rest = installer.uninstall().succeeded()
    assert 0 < len(deleted(rest)) < len(objects)
    assert maps(admin, namespace) == set()


def test_an_install_that_was_stopped_is_taken_away_whole(
    installer: Installer, admin: Api, namespace: str, unique: str
) -> None:
    control = Control()
    objects = [*(m.config_map(f"map-{n}", namespace) for n in range(40))]
    _plan, events = installer.stream(objects, control)
    for event in events:
        if isinstance(event, StepFinished) and not control.stopping:
            control.stop()
    assert 0 < len(maps(admin, namespace)) < len(objects)
    installer.uninstall().succeeded()
    assert maps(admin, namespace) == set()
