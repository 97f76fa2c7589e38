"""Pods without a network, names that nobody resolves, Services that nobody reaches."""

from typing import Any

import pytest

from checks.networking import selecting_nothing, twice_the_port, without_address, without_names, without_sandbox
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from tests.unit.doctor.clusters import body, event, pod, snapshot, waiting

NO_ADDRESS = (
    'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "a": '
    'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container'
)
NO_PLUGIN = (
    "network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def creating(name: str, **status: Any) -> Body:
    return pod(name, status={**waiting("ContainerCreating"), **status}, nodeName="n1")


def service(name: str, namespace: str = "kubeflow", labels: dict[str, str] | None = None, **spec: Any) -> Body:
    return body("Service", name, namespace, labels=labels or {}, spec=spec, status={})


def node(provider: str = "") -> Body:
    return body("Node", "n1", spec={"providerID": provider}, status={})


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        ("FailedCreatePodSandBox", NO_ADDRESS, "net-pod-ip-exhausted"),
        ("NetworkNotReady", NO_PLUGIN, "net-cni-not-ready"),
        ("FailedCreatePodSandBox", "Failed to create pod sandbox: something new", "pod-sandbox"),
    ],
)
def test_pods_without_a_sandbox(reason: str, message: str, cause: str) -> None:
    pods = [creating("a"), creating("b")]
    [found] = without_sandbox(snapshot(*pods, *(event(each, reason, message) for each in pods)))
    assert (found.cause, found.severity) == (cause, Severity.ERROR)
    assert [key.name for key in found.objects] == ["a", "b"]
    assert found.title.endswith("2 pods on n1")
    assert [(each.text, each.count) for each in found.evidence] == [(message, 2)]
    assert found.remedy.commands


def test_the_node_is_named_in_the_command() -> None:
    mine = creating("a")
    [found] = without_sandbox(snapshot(mine, event(mine, "NetworkNotReady", NO_PLUGIN)))
    assert "kubectl describe node n1" in found.remedy.commands


def test_a_network_plugin_that_is_not_ready_holds_the_pods_back() -> None:
    mine, network = creating("a"), pod("calico-node-x", "kube-system", nodeName="n1")
    whole = (
        mine,
        network,
        pod("calico-node-y", "kube-system", nodeName="n2"),
        event(mine, "NetworkNotReady", NO_PLUGIN),
    )
    [found] = without_sandbox(snapshot(*whole))
    assert found.needs == {ObjectKey("", "Pod", "kube-system", "calico-node-x")}


def test_a_sandbox_that_came_later_is_no_finding() -> None:
    mine = creating("a")
    failed = event(mine, "FailedCreatePodSandBox", NO_ADDRESS)
    pulling = event(mine, "Pulling", 'Pulling image "a"', last="2026-01-01T00:01:00Z")
    assert not list(without_sandbox(snapshot(mine, failed, pulling)))
    addressed = creating("a", podIP="10.0.0.7")
    assert not list(without_sandbox(snapshot(addressed, failed)))
    runs = pod("a", status=READY)
    assert not list(without_sandbox(snapshot(runs, failed)))


DNS = {"k8s-app": "kube-dns"}


def resolver(status: Body) -> Body:
    found = pod("coredns-1", "kube-system", status=status)
    found["metadata"]["labels"] = DNS
    return found


def test_no_pod_of_the_clusters_dns_is_ready() -> None:
    kube_dns = service("kube-dns", "kube-system", DNS, selector=DNS)
    [found] = without_names(snapshot(kube_dns, resolver({"phase": "Pending"})))
    assert (found.cause, found.severity) == ("net-cluster-dns", Severity.ERROR)
    assert found.objects == (ObjectKey("", "Service", "kube-system", "kube-dns"),)
    assert found.needs == {ObjectKey("", "Pod", "kube-system", "coredns-1")}
    assert found.remedy.commands[0] == "kubectl -n kube-system get deployments,pods -l k8s-app=kube-dns"
    [found] = without_names(snapshot(kube_dns))
    assert [each.text for each in found.evidence] == ["has no pod"]
    assert not list(without_names(snapshot(kube_dns, resolver(READY))))


def test_a_cloud_that_runs_the_dns_itself() -> None:
    kube_dns = service("kube-dns", "kube-system", DNS, selector=DNS)
    assert not list(without_names(snapshot(kube_dns, node("gce://p/z/n"))))
    assert len(list(without_names(snapshot(kube_dns, node("gce://p/z/n"), resolver({"phase": "Pending"}))))) == 1
    assert not list(without_names(snapshot(service("kube-dns", "kube-system", DNS))))


GATEWAY = ObjectKey("", "Service", "istio-system", "istio-ingressgateway")


def gateway(**status: Any) -> Body:
    found = service(GATEWAY.name, GATEWAY.namespace, type="LoadBalancer", ports=[{"port": 443}])
    found["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return {**found, "status": status}


def test_nothing_gives_out_load_balancers() -> None:
    [found] = without_address(snapshot(gateway(), node()))
    assert (found.cause, found.severity, found.objects) == ("net-lb-pending", Severity.WARNING, (GATEWAY,))
    assert found.title == "1 Service waits for a load balancer"
    assert [each.text for each in found.evidence] == ["nothing in this cluster gives out load balancers"]
    assert found.remedy.commands[0] == "kubectl -n istio-system port-forward service/istio-ingressgateway 8080:443"


def test_minikube_has_a_command_for_it() -> None:
    mine = body("Node", "minikube", labels={"minikube.k8s.io/name": "minikube"}, status={})
    [found] = without_address(snapshot(gateway(), mine))
    assert found.remedy.commands[0] == "minikube tunnel"


def test_a_cloud_that_refuses_or_is_late() -> None:
    mine = gateway()
    said = "Error syncing load balancer: failed to ensure load balancer: quota exceeded"
    [found] = without_address(snapshot(mine, node("gce://p/z/n"), event(mine, "SyncLoadBalancerFailed", said)))
    assert [each.text for each in found.evidence] == [said]
    [found] = without_address(snapshot(mine, node("gce://p/z/n")))
    assert [each.text for each in found.evidence] == ["has had none for 10 minutes"]


def test_load_balancers_that_are_there_or_on_their_way() -> None:
    there = gateway(loadBalancer={"ingress": [{"ip": "203.0.113.7"}]})
    assert not list(without_address(snapshot(there, node())))
    young = gateway()
    young["metadata"]["creationTimestamp"] = "2026-01-01T00:09:00Z"
    assert not list(without_address(snapshot(young, node("aws:///a/i-1"))))
    metallb = pod("speaker", "metallb-system", containers=[{"name": "c", "image": "quay.io/metallb/speaker:v0.14"}])
    assert not list(without_address(snapshot(young, node(), metallb)))


def test_one_node_port_for_two() -> None:
    ports = [{"port": 80, "nodePort": 31380}]
    one, other = service("a", type="NodePort", ports=ports), service("b", type="NodePort", ports=ports)
    [found] = twice_the_port(snapshot(one, other))
    assert (found.cause, [key.name for key in found.objects]) == ("net-nodeport-allocated", ["a", "b"])
    assert found.title == "2 Services want the node port 31380"
    udp = service("c", type="NodePort", ports=[{"port": 80, "nodePort": 31380, "protocol": "UDP"}])
    assert not list(twice_the_port(snapshot(one, udp)))


def virtual(*hosts: str) -> Body:
    routes = [{"route": [{"destination": {"host": host}}]} for host in hosts]
    return body("VirtualService", "v", "kubeflow", group="networking.istio.io", spec={"http": routes})


def test_a_route_to_a_service_without_pods() -> None:
    hub = service("jupyter", selector={"app": "jupyter"})
    [found] = selecting_nothing(snapshot(hub, virtual("jupyter.kubeflow.svc.cluster.local", "jupyter")))
    assert (found.cause, found.severity) == ("net-no-endpoints", Severity.WARNING)
    assert found.title == "Service/kubeflow/jupyter has no pod, and requests are sent to it"
    assert [each.text for each in found.evidence] == ["selects app=jupyter", "sends requests there"]


def test_a_route_to_a_service_that_does_not_exist() -> None:
    backend = {"service": {"name": "gone", "port": {"number": 80}}}
    rule = {"http": {"paths": [{"backend": backend}]}}
    ingress = body("Ingress", "i", "kubeflow", group="networking.k8s.io", spec={"rules": [rule]})
    [found] = selecting_nothing(snapshot(ingress))
    assert found.title == "Service/kubeflow/gone does not exist, and requests are sent to it"


def test_routes_that_lead_somewhere() -> None:
    runs = pod("hub-1", status=READY)
    runs["metadata"]["labels"] = {"app": "jupyter"}
    hub = service("jupyter", selector={"app": "jupyter"})
    outside = service("external", externalName="example.com")
    routes = virtual("jupyter", "external", "www.example.com", "example.com")
    assert not list(selecting_nothing(snapshot(runs, hub, outside, routes)))
