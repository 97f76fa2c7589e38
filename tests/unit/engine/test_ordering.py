"""Which object must stand before which other one."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import Applied, GroupKind, Live, Resource
from kfinstall.engine.graph import Graph
from kfinstall.facts.objects.applyset import applyset_id
from tests.unit.engine.planning import RESOURCES, body, needs, planned, state

RBAC = "rbac.authorization.k8s.io"


def definition(group: str = "a.io", **spec: Any) -> Body:
    names = {"kind": "Widget", "plural": "widgets"}
    versions = [{"name": "v1", "served": True}]
    spec = {"group": group, "names": names, "versions": versions, **spec}
    return body("CustomResourceDefinition", f"widgets.{group}", group="apiextensions.k8s.io", spec=spec)


def test_a_namespace_before_what_is_in_it() -> None:
    plan = planned(body("ConfigMap", "c", "ns"), body("Namespace", "ns"), state=state())
    assert needs(plan, "apply ConfigMap/ns/c") == {"apply Namespace/ns"}
    assert [step.id for step in plan.steps] == ["apply Namespace/ns", "apply ConfigMap/ns/c"]


def test_a_definition_is_served_before_what_it_defines() -> None:
    plan = planned(body("Widget", "w", "ns", group="a.io"), definition(), state=state(), wait=False)
    definition_key = "CustomResourceDefinition.apiextensions.k8s.io/widgets.a.io"
    assert needs(plan, "apply Widget.a.io/ns/w") == {f"await served {definition_key}", f"apply {definition_key}"}
    [served] = [step.action for step in plan.steps if step.id == f"await served {definition_key}"]
    assert getattr(served, "path", "") == "/apis/a.io/v1/widgets"


def test_nothing_waits_for_a_definition_that_is_kept_and_served() -> None:
    key = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.a.io")
    [first] = planned(definition(), state=state()).applies
    standing = replace(
        state({key: Live("u", applyset_id("test"), "o", False)}), inventory={key: Applied(first.wanted, "o")}
    )
    widget = GroupKind("a.io", "Widget")
    awaited = f"await served {key}"

    def steps(versions: tuple[str, ...]) -> set[str]:
        served = {**RESOURCES, widget: Resource(*widget, "widgets", True, versions)}
        cluster = replace(standing, resources=served)
        plan = planned(definition(), body("Widget", "w", "ns", group="a.io"), state=cluster)
        return {step.id for step in plan.steps}

    assert awaited not in steps(("v1",))
    assert awaited in steps(("v1alpha1",)), "the version that the definition serves has not come into force"


def test_a_definition_that_is_malformed_is_left_for_the_server_to_refuse() -> None:
    broken = body("CustomResourceDefinition", "b", group="apiextensions.k8s.io", spec={"group": "a.io", "names": None})
    assert len(planned(broken, state=state()).applies) == 1


def test_roles_before_their_bindings() -> None:
    plan = planned(
        body("RoleBinding", "b", "ns", group=RBAC, roleRef={"kind": "Role", "name": "r"}),
        body("ClusterRoleBinding", "c", group=RBAC, roleRef={"kind": "ClusterRole", "name": "r"}),
        body("Role", "r", "ns", group=RBAC),
        body("Role", "r", "other", group=RBAC),
        body("ClusterRole", "r", group=RBAC),
        state=state(),
    )
    assert needs(plan, f"apply RoleBinding.{RBAC}/ns/b") == {f"apply Role.{RBAC}/ns/r"}
    assert needs(plan, f"apply ClusterRoleBinding.{RBAC}/c") == {f"apply ClusterRole.{RBAC}/r"}


def test_storage_before_claims() -> None:
    claim = body("PersistentVolumeClaim", "c", "ns")
    plan = planned(claim, body("StorageClass", "s", group="storage.k8s.io"), state=state())
    assert needs(plan, "apply PersistentVolumeClaim/ns/c") == {"apply StorageClass.storage.k8s.io/s"}


def server(labels: dict[str, str] | None = None) -> list[Body]:
    """A webhook on pods and ConfigMaps, and all that its own pods need."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "configmaps"], "operations": ["*"]}]
    client = {"service": {"name": "hook", "namespace": "hooks"}}
    webhook = {
        "name": "hook.a.io",
        "clientConfig": client,
        "rules": rules,
        "objectSelector": {"matchLabels": labels or {}},
    }
    spec = {
        "serviceAccountName": "hook",
        "containers": [{"envFrom": [{"configMapRef": {"name": "hook"}}]}],
        "volumes": [{"secret": {"secretName": "serving"}}, {"configMap": {"name": "extra", "optional": True}}],
    }
    template = {"metadata": {"labels": {"app": "hook"}}, "spec": spec}
    issuer = {"secretName": "serving", "issuerRef": {"name": "self-signed"}}
    return [
        body("MutatingWebhookConfiguration", "hook", group="admissionregistration.k8s.io", webhooks=[webhook]),
        body("Service", "hook", "hooks", spec={"selector": {"app": "hook"}}),
        body("Deployment", "hook", "hooks", group="apps", spec={"template": template}),
        body("ServiceAccount", "hook", "hooks"),
        body("ConfigMap", "hook", "hooks"),
        body("Certificate", "serving", "hooks", group="cert-manager.io", spec=issuer),
        body("Issuer", "self-signed", "hooks", group="cert-manager.io"),
    ]


SERVING = "await serving Service/hooks/hook"


def test_what_a_webhook_checks_waits_for_its_pods_and_for_what_they_need() -> None:
    template: Body = {"metadata": {"labels": {}}, "spec": {}}
    workload = body("Deployment", "web", "ns", group="apps", spec={"template": template})
    plan = planned(*server(), body("ConfigMap", "c", "ns"), body("Secret", "s", "ns"), workload, state=state())
    assert SERVING in needs(plan, "apply ConfigMap/ns/c")
    assert SERVING in needs(plan, "apply Deployment.apps/ns/web")  # its pods are checked
    assert SERVING not in needs(plan, "apply Secret/ns/s")
    assert needs(plan, SERVING) >= {
        "apply Service/hooks/hook",
        "apply Deployment.apps/hooks/hook",
        "apply ServiceAccount/hooks/hook",
        "apply ConfigMap/hooks/hook",
        "apply Certificate.cert-manager.io/hooks/serving",
        "apply Issuer.cert-manager.io/hooks/self-signed",
    }


def test_what_a_webhooks_own_pods_need_comes_before_the_webhook_and_is_reported() -> None:
    plan = planned(*server(), state=state())
    webhook = "apply MutatingWebhookConfiguration.admissionregistration.k8s.io/hook"
    for own in ("apply ConfigMap/hooks/hook", "apply Deployment.apps/hooks/hook"):
        assert SERVING not in needs(plan, own)
        assert own in needs(plan, webhook)
    assert any("ConfigMap/hooks/hook is needed by webhook hook" in warning for warning in plan.warnings)


def test_selectors_and_policies_of_a_webhook_count() -> None:
    selective = planned(*server(labels={"checked": "yes"}), body("ConfigMap", "c", "ns"), state=state())
    assert SERVING not in needs(selective, "apply ConfigMap/ns/c")
    lenient = server()
    lenient[0]["webhooks"][0]["failurePolicy"] = "Ignore"
    assert SERVING not in needs(planned(*lenient, body("ConfigMap", "c", "ns"), state=state()), "apply ConfigMap/ns/c")


def test_without_waiting_nothing_waits_for_a_pod() -> None:
    plan = planned(*server(), body("ConfigMap", "c", "ns"), state=state(), wait=False)
    assert not any(step.id.startswith("await") for step in plan.steps)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_a_graph_never_has_a_cycle(edges: list[tuple[int, int]]) -> None:
    graph = Graph(map(str, range(8)))
    for node, first in edges:
        taken = graph.need(str(node), str(first))
        assert taken is (str(first) in graph.needs(str(node)))
    order = graph.sorted()
    assert sorted(order) == [str(node) for node in range(8)]
    for name in order:
        assert all(order.index(first) < order.index(name) for first in graph.needs(name))
        assert not any(graph.depends(first, name) for first in graph.needs(name))
