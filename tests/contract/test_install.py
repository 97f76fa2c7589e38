"""Installing on a real API server: what is written, what is left alone, what is waited for."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kfinstall.contracts.event import (
    ConflictFound,
    Event,
    Result,
    StepFailed,
    StepRetried,
    StepSkipped,
    StepStarted,
    Waiting,
)
from kfinstall.engine import install as installs
from kfinstall.engine.diff import LAST_APPLIED, differences
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from tests.contract import manifests as m
from tests.contract.conftest import NEVER
from tests.contract.installer import Installer
from tests.contract.manifests import Object
from tests.contract.proxy import Proxy
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.patience import PATIENCE, eventually

APPLY = "application/apply-patch+yaml"


def small(name: str) -> list[Object]:
    """One of everything that orders something, in an order that is wrong throughout."""
    group = f"{name}.example.com"
    return [
        m.widget(group, "first", name, size=1),
        m.role_binding("reader", name, "reader", "runner"),
        m.role("reader", name),
        m.deployment("web", name, replicas=2),
        m.config_map("settings", name, colour="blue", shape="round"),
        m.secret("password", name, word="xyzzy"),
        m.account("runner", name),
        m.service("web", name, "web"),
        m.definition(group),
        m.namespace(name, team="ml"),
    ]


def owner(admin: Api, path: str) -> str | None:
    labels: dict[str, str] = admin.get(path)["metadata"].get("labels") or {}
    return labels.get(PART_OF)


def test_everything_is_installed_in_the_order_that_it_needs(installer: Installer, admin: Api, unique: str) -> None:
    ran = installer.install(small(unique)).succeeded()
    assert ran.counts["created"] == 10
    assert admin.get(f"/apis/{unique}.example.com/v1/namespaces/{unique}/widgets/first")["spec"] == {"size": 1}
    assert admin.get(f"/api/v1/namespaces/{unique}")["metadata"]["labels"]["team"] == "ml"
    for path in ("secrets/password", "services/web", "configmaps/settings"):
        assert owner(admin, f"/api/v1/namespaces/{unique}/{path}") == applyset_id(unique)
    group = f"{unique}.example.com"
    chain = [
        f"apply CustomResourceDefinition.apiextensions.k8s.io/widgets.{group}",
        f"await served CustomResourceDefinition.apiextensions.k8s.io/widgets.{group}",
        f"apply Widget.{group}/{unique}/first",
    ]
    assert ran.order(*chain) == chain
    namespace, settings = f"apply Namespace/{unique}", f"apply ConfigMap/{unique}/settings"
    assert ran.order(settings, namespace) == [namespace, settings]


def test_a_second_run_sends_no_write(counted: Installer, proxy: Proxy, unique: str) -> None:
    first = counted.install(small(unique)).succeeded()
    assert len(proxy.writes) == first.finished.writes >= 10
    proxy.requests.clear()
    second = counted.install(small(unique)).succeeded()
    assert proxy.writes == []
    assert second.counts == {"unchanged": 10}
    assert second.finished.writes == 0
    assert not second.plan.changes


def edit_field(admin: Api, path: str) -> None:
    admin.patch(path, {"data": {"colour": "red"}})


def remove_field(admin: Api, path: str) -> None:
    admin.patch(path, {"data": {"colour": None}})


def replace_whole_object(admin: Api, path: str) -> None:
    """As `kubectl edit` does it, but with everything that is needed to tell who did it."""
    admin.patch(path, {"metadata": {"labels": None}, "data": {"colour": "green", "shape": None, "own": "kept"}})


def forget_who_manages_what(admin: Api, path: str) -> None:
    admin.patch(path, {"metadata": {"managedFields": [{}]}, "data": {"colour": "grey"}})


def take_the_label_off(admin: Api, path: str) -> None:
    admin.patch(path, {"metadata": {"labels": {PART_OF: None}}})


@pytest.mark.parametrize(
    "edit", [edit_field, remove_field, replace_whole_object, forget_who_manages_what, take_the_label_off]
)
def test_what_was_edited_by_hand_is_repaired_by_one_write(
    counted: Installer, proxy: Proxy, admin: Api, unique: str, edit: Any
) -> None:
    objects = [m.namespace(unique), *(m.config_map(f"map-{n}", unique, colour="blue", shape="round") for n in range(3))]
    path = f"/api/v1/namespaces/{unique}/configmaps/map-1"
    counted.install(objects).succeeded()
    edit(admin, path)
    proxy.requests.clear()
    repaired = counted.install(objects).succeeded()
    objects_written = [request for request in proxy.writes if "/kfinstall-system/" not in request.target]
    assert [request.target.partition("?")[0] for request in objects_written] == [path]
    assert repaired.counts == {"unchanged": 3, "changed": 1}
    assert admin.get(path)["data"].items() >= {"colour": "blue", "shape": "round"}.items()
    assert owner(admin, path) == applyset_id(unique)
    proxy.requests.clear()
    assert not counted.install(objects).succeeded().plan.changes
    assert proxy.writes == []


def test_a_workload_that_was_scaled_by_hand_is_scaled_back(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.deployment("web", unique, replicas=2)]
    path = f"/apis/apps/v1/namespaces/{unique}/deployments/web"
    installer.install(objects).succeeded()
    admin.patch(f"{path}/scale", {"spec": {"replicas": 5}})
    assert installer.install(objects).succeeded().counts == {"unchanged": 1, "changed": 1}
    assert admin.get(path)["spec"]["replicas"] == 2


def test_what_somebody_added_is_left_alone(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.config_map("settings", unique, colour="blue")]
    installer.install(objects).succeeded()
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    admin.patch(path, {"metadata": {"labels": {"mine": "yes"}}, "data": {"mine": "too"}})
    assert not installer.install(objects).succeeded().plan.changes
    assert admin.get(path)["data"] == {"colour": "blue", "mine": "too"}


def test_a_changed_document_writes_what_changed(counted: Installer, proxy: Proxy, admin: Api, unique: str) -> None:
    objects = small(unique)
    counted.install(objects).succeeded()
    proxy.requests.clear()
    objects[4]["data"] = {"colour": "red", "size": "large"}  # changed, removed and added
    assert counted.install(objects).succeeded().counts == {"unchanged": 9, "changed": 1}
    written = {request.target.partition("?")[0] for request in proxy.writes}
    settings = f"/api/v1/namespaces/{unique}/configmaps/settings"
    assert written == {settings, f"/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-{unique}"}
    assert admin.get(settings)["data"] == {"colour": "red", "size": "large"}


def test_an_object_that_was_deleted_comes_back(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.config_map("settings", unique, colour="blue")]
    installer.install(objects).succeeded()
    admin.delete(f"/api/v1/namespaces/{unique}/configmaps/settings")
    assert installer.install(objects).succeeded().counts == {"unchanged": 1, "created": 1}


def test_a_conflict_is_shown_and_nothing_is_forced(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.config_map("settings", unique, colour="blue")]
    path = f"/api/v1/namespaces/{unique}/configmaps/settings"
    admin.create("/api/v1/namespaces", m.namespace(unique))
    theirs = m.config_map("settings", unique, colour="red")
    admin.patch(f"{path}?fieldManager=gitops", theirs, APPLY)

    refused = installer.install(objects)
    assert refused.result is Result.FAILED
    [conflict] = refused.all(ConflictFound)
    assert (conflict.object, conflict.field, conflict.manager) == (
        f"ConfigMap/{unique}/settings",
        ".data.colour",
        "gitops",
    )
    [failure] = refused.all(StepFailed)
    assert "--force-conflicts" in failure.fix
    assert admin.get(path)["data"] == {"colour": "red"}

    installer.install(objects, force_conflicts=True).succeeded()
    assert admin.get(path)["data"] == {"colour": "blue"}
    assert owner(admin, path) is None  # it stood before
    assert not installer.install(objects).succeeded().plan.changes


def test_what_kfctl_applied_is_taken_over(installer: Installer, admin: Api, unique: str) -> None:
    admin.create("/api/v1/namespaces", m.namespace(unique))
    body = m.config_map("settings", unique, colour="red", shape="round")
    admin.create(f"/api/v1/namespaces/{unique}/configmaps?fieldManager=kfctl", body)
    ran = installer.install([m.config_map("settings", unique, colour="blue")]).succeeded()
    assert [event.why for event in ran.all(StepRetried)] == ["takes over from kfctl"]
    assert ran.all(ConflictFound) == []
    data = admin.get(f"/api/v1/namespaces/{unique}/configmaps/settings")["data"]
    assert data == {"colour": "blue", "shape": "round"}


def test_two_installs_do_not_share_an_object(installer: Installer, unique: str, control_plane: Cluster) -> None:
    objects = [m.namespace(unique), m.config_map("settings", unique, colour="blue")]
    installer.install(objects).succeeded()
    other = Installer(control_plane.kubeconfig(), installer.folder, f"{unique}-2")
    with pytest.raises(PlanRefused, match="belong to another install") as refused:
        other.install(objects)
    assert f"ConfigMap/{unique}/settings" in refused.value.why


def test_what_the_cluster_fills_is_left_to_it(installer: Installer, admin: Api, unique: str) -> None:
    rule = {"clusterRoleSelectors": [{"matchLabels": {"aggregate": unique}}]}
    part = m.cluster_role(f"{unique}-part", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
    part["metadata"]["labels"] = {"aggregate": unique}
    annotated = m.webhook(unique, "checker", unique, failurePolicy="Ignore")
    annotated["metadata"]["annotations"] = {"cert-manager.io/inject-ca-from": f"{unique}/serving"}
    annotated["webhooks"][0]["clientConfig"]["caBundle"] = "Cg=="
    objects = [
        m.namespace(unique),
        m.cluster_role(unique, aggregationRule=rule, rules=[]),
        part,
        annotated,
        m.deployment("web", unique, replicas=1),
        m.autoscaler("web", unique),
    ]
    installer.install(objects).succeeded()
    deployment = f"/apis/apps/v1/namespaces/{unique}/deployments/web"
    hook = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{unique}"
    role = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{unique}"
    admin.patch(f"{deployment}/scale", {"spec": {"replicas": 3}})
    ca = [{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "QUJD"}]
    admin.patch(hook, ca, "application/json-patch+json")  # type: ignore[arg-type]  # a JSON patch is a list
    eventually(lambda: admin.get(role).get("rules"))

    assert not installer.install(objects).succeeded().plan.changes
    assert admin.get(deployment)["spec"]["replicas"] == 3
    assert admin.get(hook)["webhooks"][0]["clientConfig"]["caBundle"] == "QUJD"
    admin.delete(f"{role}-part")


def test_what_is_no_longer_wanted_goes_when_asked_for(installer: Installer, admin: Api, unique: str) -> None:
    objects = [m.namespace(unique), m.config_map("old", unique), m.config_map("new", unique), m.claim("data", unique)]
    installer.install(objects).succeeded()
    kept = installer.install([objects[0], objects[2]]).succeeded().plan.kept
    assert {str(key) for key in kept} == {
        f"ConfigMap/{unique}/old",
        f"PersistentVolumeClaim/{unique}/data",
    }
    pruned = installer.install([objects[0], objects[2]], prune=True).succeeded()
    assert pruned.counts == {"unchanged": 2, "deleted": 1}
    assert {str(key) for key in pruned.plan.kept} == {f"PersistentVolumeClaim/{unique}/data"}
    names = {item["metadata"]["name"] for item in admin.get(f"/api/v1/namespaces/{unique}/configmaps")["items"]}
    assert names == {"kube-root-ca.crt", "new"}
    assert installer.install([objects[0], objects[2]], prune=True).succeeded().finished.writes == 0


def test_pods_are_waited_for(nodes: None, installer: Installer, admin: Api, unique: str) -> None:
    installer.wait = True
    objects = [m.namespace(unique), m.deployment("web", unique, replicas=2), m.job("seed", unique)]
    ran = installer.install(objects).succeeded()
    assert ran.counts == {"created": 3, "met": 2}
    assert admin.get(f"/apis/apps/v1/namespaces/{unique}/deployments/web")["status"]["availableReplicas"] == 2


def test_a_change_is_not_ready_because_its_predecessor_was(
    nodes: None, installer: Installer, admin: Api, unique: str
) -> None:
    """The watch shows the old Deployment, which is ready, before it shows the new one, which never will be."""
    installer.wait = True
    installer.install([m.namespace(unique), m.deployment("web", unique)]).succeeded()
    ran = installer.install([m.namespace(unique), m.deployment("web", unique, image=NEVER)], timeout=4.0)
    assert ran.result is Result.TIMED_OUT


def test_a_pod_that_never_gets_ready_is_explained(nodes: None, installer: Installer, unique: str) -> None:
    installer.wait = True
    objects = [m.namespace(unique), m.deployment("web", unique, image=NEVER), m.deployment("good", unique)]
    ran = installer.install(objects, timeout=8.0)
    assert ran.result is Result.TIMED_OUT
    assert ran.counts == {"created": 3, "met": 1, "failed": 1}
    [failure] = ran.all(StepFailed)
    assert failure.what == f"Deployment.apps/{unique}/web was not ready within 8 s."
    assert f"{NEVER}: not found" in failure.why
    assert f"kubectl describe deployment.apps web -n {unique}" in failure.fix
    assert any("ImagePull" in event.why and event.step == failure.step for event in ran.all(Waiting))


def test_a_job_that_fails_is_not_waited_for_to_the_end(
    nodes: None, installer: Installer, admin: Api, unique: str
) -> None:
    installer.wait = True
    objects = [m.namespace(unique), m.job("seed", unique, image=NEVER, activeDeadlineSeconds=1)]
    ran = installer.install(objects, timeout=PATIENCE)
    assert ran.result is Result.FAILED
    [failure] = ran.all(StepFailed)
    assert failure.what == f"Job.batch/{unique}/seed failed."
    assert "longer than specified deadline" in failure.why


def test_a_definition_whose_names_are_taken_fails_at_once(installer: Installer, unique: str) -> None:
    group = f"{unique}.example.com"
    objects = [m.namespace(unique), m.definition(group), m.widget(group, "first", unique)]
    twin = m.definition(group, plural="gadgets", kind="Gadget", shortNames=["widget"])
    gadget = m.named(f"{group}/v1", "Gadget", "first", unique)
    installer.install(objects).succeeded()
    ran = installer.install([*objects, twin, gadget], timeout=PATIENCE)
    assert ran.result is Result.FAILED
    [failure] = ran.all(StepFailed)
    assert failure.what.endswith(f"gadgets.{group} is not accepted: its names are taken.")
    assert "already in use" in failure.why
    assert [event.step for event in ran.all(StepSkipped)] == [f"apply Gadget.{group}/{unique}/first"]


def test_objects_that_a_webhook_checks_wait_for_its_pod(
    nodes: None, installer: Installer, admin: Api, unique: str
) -> None:
    """Nobody serves the webhook, so the object is refused in the end: that it was tried after the pod is the point."""
    installer.wait = True
    checked = m.config_map("checked", unique)
    checked["metadata"]["labels"] = {"checked": unique}
    free = m.config_map("free", unique)
    objects = [
        checked,
        free,
        m.webhook(unique, "checker", unique),
        m.service("checker", unique, "checker"),
        m.deployment("checker", unique),
        m.namespace(unique),
    ]
    ran = installer.install(objects, timeout=8.0)
    served = f"await serving Service/{unique}/checker"
    begun = [event.step for event in ran.all(StepStarted)]
    assert begun.index(f"apply ConfigMap/{unique}/checked") > begun.index(served)
    assert served in ran.order(served)
    assert ran.order(f"apply ConfigMap/{unique}/free", served)[-1] == served
    assert ran.result is Result.TIMED_OUT
    [failure] = ran.all(StepFailed)
    assert failure.step == f"apply ConfigMap/{unique}/checked"
    assert f"webhook {unique}.example.com has to check it and does not answer" in failure.why


def test_a_webhook_whose_pod_does_not_start_holds_back_what_it_checks(
    nodes: None, installer: Installer, unique: str
) -> None:
    installer.wait = True
    checked = m.config_map("checked", unique)
    checked["metadata"]["labels"] = {"checked": unique}
    objects = [
        checked,
        m.webhook(unique, "checker", unique),
        m.service("checker", unique, "checker"),
        m.deployment("checker", unique, image=NEVER),
        m.namespace(unique),
    ]
    ran = installer.install(objects, timeout=3.0)
    assert ran.result is Result.TIMED_OUT
    assert (
        f"No pod of Service/{unique}/checker was ready" in ran.failures[f"await serving Service/{unique}/checker"].what
    )
    assert [event.step for event in ran.all(StepSkipped)] == [f"apply ConfigMap/{unique}/checked"]


def test_what_is_being_deleted_is_awaited_gone_before_it_is_made_again(
    installer: Installer, admin: Api, unique: str
) -> None:
    held = m.config_map("held", unique, colour="blue")
    installer.install([m.namespace(unique), held]).succeeded()
    path = f"/api/v1/namespaces/{unique}/configmaps/held"
    before = admin.patch(path, {"metadata": {"finalizers": ["example.com/hold"]}})["metadata"]["uid"]
    admin.delete(path)

    def let_go(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == f"await gone ConfigMap/{unique}/held":
            admin.patch(path, {"metadata": {"finalizers": None}})

    ran = installer.install([m.namespace(unique), held], let_go).succeeded()
    assert ran.counts == {"unchanged": 1, "met": 1, "created": 1}
    after = admin.get(path)
    assert after["metadata"]["uid"] != before
    assert after["data"] == {"colour": "blue"}


def test_a_namespace_that_is_being_deleted_is_awaited_with_all_that_is_in_it(
    installer: Installer, admin: Api, unique: str, control_plane: Cluster
) -> None:
    if not control_plane.has_controller_manager:
        pytest.skip("nobody ends a namespace here")
    objects = [m.namespace(unique), m.config_map("settings", unique, colour="blue")]
    installer.install(objects).succeeded()
    admin.delete(f"/api/v1/namespaces/{unique}")
    ran = installer.install(objects).succeeded()
    assert ran.counts == {"met": 1, "created": 2}
    assert admin.get(f"/api/v1/namespaces/{unique}/configmaps/settings")["data"] == {"colour": "blue"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"spec": {"ports": [{"port": 99999}]}}, "Invalid value: 99999"),
        ({"spec": {"ports": [{"port": 80}], "prots": []}}, "field not declared in schema"),
    ],
)
def test_a_manifest_that_the_server_refuses_fails_at_once_and_says_what_to_do(
    counted: Installer, proxy: Proxy, unique: str, change: Object, why: str
) -> None:
    bad = {**m.service("bad", unique, "web"), **change}
    ran = counted.install([m.namespace(unique), bad, m.config_map("good", unique)])
    assert ran.result is Result.FAILED
    assert ran.counts == {"created": 2, "failed": 1}
    [failure] = ran.all(StepFailed)
    assert failure.what == f"Service/{unique}/bad was refused."
    assert why in failure.why
    assert "kubeflow.patches" in failure.fix
    assert sum("/services/bad" in request.target for request in proxy.writes) == 1


def test_the_differences_of_a_secret_are_masked(installer: Installer, admin: Api, namespace: str) -> None:
    """Also in the copy that `kubectl apply` keeps of it."""
    theirs = m.secret("login", namespace, key="planted-secret-1")
    theirs["metadata"]["annotations"] = {LAST_APPLIED: json.dumps({"stringData": {"key": "planted-secret-1"}})}
    admin.create(f"/api/v1/namespaces/{namespace}/secrets", theirs)
    cluster = installer.open()
    wanted = installer.manifests([m.secret("login", namespace, key="planted-secret-2", more="x")])
    prepared = installs.prepare(cluster, wanted, installer.wishes(), installer.folder)
    [found] = differences(prepared.plan, cluster)
    assert found.before is not None
    assert (found.before["data"], found.after["data"]) == (
        {"key": "*** (before)"}, {"key": "*** (after)", "more": "*** (after)"},
    )  # fmt: skip
    text = str(found)
    for value in ("planted-secret-1", "planted-secret-2"):
        assert value not in text
        assert base64.b64encode(value.encode()).decode() not in text
