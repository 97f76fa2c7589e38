"""Services that lead nowhere."""

from typing import Any

import pytest

from checks.services import selecting_nothing, shut_in, without_port
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, pod, snapshot

APP = {"app": "mysql"}


def labelled(name: str = "mysql-1", **fields: Any) -> Body:
    made = pod(name, **fields)
    made["metadata"]["labels"] = APP
    return made


def service(**fields: Any) -> Body:
    return body("Service", "mysql", "kubeflow", spec={"selector": APP}, **fields)


def deployment(labels: dict[str, str]) -> Body:
    spec = {"replicas": 0, "template": {"metadata": {"labels": labels}}}
    return body("Deployment", "mysql", "kubeflow", group="apps", spec=spec)


def policy(name: str, *, selector: dict[str, str] | None = None, **spec: Any) -> Body:
    spec = {"podSelector": {"matchLabels": selector} if selector else {}, **spec}
    return body("NetworkPolicy", name, "kubeflow", group="networking.k8s.io", spec=spec)


def test_a_service_that_selects_no_pod() -> None:
    [found] = selecting_nothing(snapshot(service(), deployment({"app": "mysql-kf"})))
    assert (found.cause, found.severity) == ("net-no-endpoints", Severity.WARNING)
    assert found.title == "Service/kubeflow/mysql selects no pod"
    assert [each.text for each in found.evidence] == ["selects app=mysql"]


@pytest.mark.parametrize("beside", [labelled(), deployment(APP)], ids=["its pod", "a workload that is scaled to zero"])
def test_a_service_that_selects_something(beside: Body) -> None:
    assert not list(selecting_nothing(snapshot(service(), beside)))


def test_a_service_for_one_pod_of_a_set_that_is_scaled_to_zero() -> None:
    spec = {"replicas": 0, "template": {"metadata": {"labels": APP}}}
    stateful = body("StatefulSet", "mysql", "kubeflow", group="apps", spec=spec)
    first = service()
    first["spec"]["selector"] = {**APP, "statefulset.kubernetes.io/pod-name": "mysql-0"}
    assert not list(selecting_nothing(snapshot(first, stateful)))


def test_the_service_of_a_webhook_has_a_check_of_its_own() -> None:
    hooks = [{"clientConfig": {"service": {"namespace": "kubeflow", "name": "mysql"}}}]
    configuration = body("MutatingWebhookConfiguration", "w", group="admissionregistration.k8s.io", webhooks=hooks)
    assert not list(selecting_nothing(snapshot(service(), configuration)))


def test_services_of_controllers_and_of_hidden_control_planes_are_nobodys_business() -> None:
    owner = {"kind": "TFJob", "name": "t", "uid": "1", "controller": True}
    hidden = body("Service", "kube-scheduler", "kube-system", spec={"selector": {"component": "kube-scheduler"}})
    assert not list(selecting_nothing(snapshot(service(ownerReferences=[owner]), hidden)))


@pytest.mark.parametrize(("target", "fits"), [("mysql", True), ("sql", False), (3306, True), ("3306", True)])
def test_a_port_by_name(target: str | int, fits: bool) -> None:
    ports = [{"name": "mysql", "containerPort": 3306}]
    made = labelled(containers=[{"name": "main", "image": "mysql:8", "ports": ports}])
    named = body("Service", "mysql", "kubeflow", spec={"selector": APP, "ports": [{"port": 1, "targetPort": target}]})
    found = list(without_port(snapshot(named, made)))
    assert [each.evidence[0].text for each in found] == (
        [] if fits else ['sends to the port "sql"; its pods have: mysql']
    )


def test_policies_that_let_nobody_in() -> None:
    [found] = shut_in(
        snapshot(service(), labelled(), policy("deny"), policy("other", selector={"app": "x"}, ingress=[{}]))
    )
    assert found.cause == "net-policy-closed"
    assert found.title == "Network policies let nobody reach Service/kubeflow/mysql"
    assert [each.object and each.object.name for each in found.evidence] == ["deny"]


@pytest.mark.parametrize(
    "policies",
    [
        [policy("deny"), policy("allow", selector=APP, ingress=[{"from": [{"podSelector": {}}]}])],
        [policy("out", policyTypes=["Egress"])],
        [policy("other", selector={"app": "x"})],
    ],
    ids=["what one allows no other takes away", "about what goes out", "about other pods"],
)
def test_policies_that_let_somebody_in(policies: list[Body]) -> None:
    assert not list(shut_in(snapshot(service(), labelled(), *policies)))


def test_pods_in_trouble_that_may_reach_nobody() -> None:
    unready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    [found] = shut_in(snapshot(labelled(status=unready), policy("deny", policyTypes=["Egress"])))
    assert found.title == "Network policies let 1 pod reach nobody, not even the DNS"
