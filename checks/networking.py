"""Pods without a network, names that nobody resolves, Services that nobody reaches."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from kfinstall.contracts.check import Check, Phase
from kfinstall.contracts.explanation import Explanation, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Occurrence, Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.cluster.distributions import fitting, provider
from kfinstall.facts.network.routes import INGRESS, VIRTUAL_SERVICE, routed
from kfinstall.facts.objects.conditions import holds
from kfinstall.facts.objects.kinds import EVENT, NODE, POD, SERVICE
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_start import failures, not_begun
from kfinstall.words import _, counted, joined

SANDBOX = frozenset({"FailedCreatePodSandBox", "NetworkNotReady"})
CLOUDS = frozenset({"aws", "azure", "gce", "alicloud", "openstack", "ibm", "digitalocean"})
"""Makers of nodes that give out load balancers, too."""

PATIENCE = timedelta(minutes=5)
"""How long a cloud may take to make a load balancer."""

BALANCERS = ("metallb", "kube-vip", "klipper-lb", "cloud-provider-kind", "purelb", "openelb")
"""Parts of the images of programs that give out addresses where no cloud does."""

NETWORKS = (
    "antrea",
    "aws-node",
    "azure-cni",
    "calico-node",
    "canal",
    "cilium",
    "flannel",
    "kindnet",
    "kube-router",
    "multus",
    "ovnkube",
    "terway",
    "weave",
)
"""Parts of the names of the pods that network plugins run on every node."""

NAME_SERVICE = {"k8s-app": "kube-dns"}
"""The label of the cluster's DNS, whoever runs it (kubernetes/cluster/addons/dns)."""


def without_sandbox(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods whose sandbox still cannot be made, by cause. Failures that passed are no finding."""
    groups: dict[str, list[tuple[ObjectKey, Body, str, Explanation | None]]] = defaultdict(list)
    for key, pod in not_begun(snapshot):
        said = [] if _has_address(pod) else failures(key, SANDBOX, snapshot)
        if said:
            message, explained = _telling(said)
            groups[explained.cause if explained else "pod-sandbox"].append((key, pod, message, explained))
    for cause, found in groups.items():
        nodes = {str((pod.get("spec") or {}).get("nodeName")) for _key, pod, _message, _said in found}
        finding = _no_sandbox(cause, found, sorted(nodes))
        yield replace(finding, needs=_networks(nodes, snapshot)) if cause.startswith("net-cni") else finding


def _networks(nodes: set[str], snapshot: Snapshot) -> frozenset[ObjectKey]:
    """The pods of the network plugin on these nodes that are not ready."""
    return frozenset(
        key_of(POD, pod)
        for pod in snapshot.all(POD)
        if (pod.get("spec") or {}).get("nodeName") in nodes
        and any(name in pod["metadata"]["name"] for name in NETWORKS)
        and not holds(pod, "Ready")
    )


def _has_address(pod: Body) -> bool:
    """A pod that is not in the host's network gets its address with its sandbox."""
    return bool((pod.get("status") or {}).get("podIP")) and not (pod.get("spec") or {}).get("hostNetwork")


def _telling(said: list[Occurrence]) -> tuple[str, Explanation | None]:
    """The newest message that is known, else the newest."""
    known = ((each.message, found) for each in said if (found := classify(each.message)))
    return next(known, (said[0].message, None))


def _no_sandbox(cause: str, found: list[tuple[ObjectKey, Body, str, Explanation | None]], nodes: list[str]) -> Finding:
    key, _pod, message, said = found[0]
    title = _("The runtime cannot make the pod's sandbox")
    remedy = Remedy(
        _("Read what the container runtime says on the node."),
        (f"kubectl -n {key.namespace} describe pod {key.name}", f"kubectl describe node {nodes[0]}"),
    )
    if said:
        explained = explanation(
            cause, {"node": nodes[0], "namespace": key.namespace, "pod": key.name, **said.parameters}
        )
        title, remedy = explained.title, explained.remedy
    return Finding(
        cause=cause,
        severity=Severity.ERROR,
        title=_("{cause}: {pods} on {nodes}").format(
            cause=title, pods=counted("{count} pod", "{count} pods", len(found)), nodes=joined(nodes)
        ),
        objects=tuple(each for each, _pod, _message, _said in found),
        remedy=remedy,
        evidence=(Evidence(" ".join(message.split()), key, len(found)),),
        docs=said.docs if said else "",
    )


def without_names(snapshot: Snapshot) -> Iterator[Finding]:
    """The cluster's DNS, where none of its pods is ready. Clouds may run it elsewhere, and then there is no pod."""
    for service in snapshot.all(SERVICE):
        if not matches({"matchLabels": NAME_SERVICE}, service["metadata"].get("labels") or {}):
            continue
        pods = _selected(service, snapshot.all(POD))
        runs_elsewhere = not pods and (not (service.get("spec") or {}).get("selector") or _is_in_cloud(snapshot))
        if runs_elsewhere or any(holds(pod, "Ready") for pod in pods):
            continue
        key = key_of(SERVICE, service)
        yield Finding(
            cause="net-cluster-dns",
            severity=Severity.ERROR,
            title=_("The cluster's DNS does not run: no Service is found by its name"),
            objects=(key,),
            remedy=Remedy(
                _("Mend the pods of the cluster's DNS; without a pod, start its Deployment again."),
                (
                    f"kubectl -n {key.namespace} get deployments,pods -l k8s-app=kube-dns",
                    f"kubectl -n {key.namespace} logs -l k8s-app=kube-dns --tail=20",
                ),
            ),
            evidence=tuple(Evidence(_("is not ready"), key_of(POD, pod)) for pod in pods)
            or (Evidence(_("has no pod"), key),),
            needs=frozenset(key_of(POD, pod) for pod in pods),
            docs="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/",
        )


def without_address(snapshot: Snapshot) -> Iterator[Finding]:
    """Services that wait for a load balancer which fails, is late, or which nobody here gives out; by the reason."""
    reasons: dict[str, list[Body]] = defaultdict(list)
    for service in snapshot.all(SERVICE):
        spec, status = service.get("spec") or {}, service.get("status") or {}
        if spec.get("type") == "LoadBalancer" and not (status.get("loadBalancer") or {}).get("ingress"):
            reasons[_why_no_address(service, snapshot)].append(service)
    for why, services in reasons.items():
        if why:
            yield _no_address(services, why, snapshot)


def _why_no_address(service: Body, snapshot: Snapshot) -> str:
    for each in reversed(snapshot.occurrences(key_of(SERVICE, service))):
        found = classify(each.message) if each.warning else None
        if found and found.cause == "net-lb-pending":
            return " ".join(each.message.split())
    if not snapshot.all(NODE):
        return ""
    if not (service.get("spec") or {}).get("loadBalancerClass") and not _gives_addresses(snapshot):
        return _("nothing in this cluster gives out load balancers")
    waited = between(service["metadata"].get("creationTimestamp"), snapshot.taken)
    if waited is None or waited < PATIENCE:
        return ""
    return _("has had none for {minutes} minutes").format(minutes=int(waited.total_seconds() // 60))


def _gives_addresses(snapshot: Snapshot) -> bool:
    if _is_in_cloud(snapshot):
        return True
    images = (
        str(container.get("image"))
        for pod in snapshot.all(POD)
        for container in (pod.get("spec") or {}).get("containers") or ()
    )
    return any(part in image for image in images for part in BALANCERS)


def _is_in_cloud(snapshot: Snapshot) -> bool:
    return any(provider(node) in CLOUDS for node in snapshot.all(NODE))


def _no_address(services: list[Body], why: str, snapshot: Snapshot) -> Finding:
    keys = tuple(key_of(SERVICE, service) for service in services)
    explained = explanation("net-lb-pending", {"namespace": keys[0].namespace})
    port = ((services[0].get("spec") or {}).get("ports") or [{}])[0].get("port", 80)
    commands = (
        *fitting(("minikube tunnel",), snapshot),
        f"kubectl -n {keys[0].namespace} port-forward service/{keys[0].name} 8080:{port}",
        f"kubectl -n {keys[0].namespace} describe service {keys[0].name}",
    )
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=counted(
            "{count} Service waits for a load balancer", "{count} Services wait for a load balancer", len(keys)
        ),
        objects=keys,
        remedy=Remedy(explained.remedy.text, commands),
        evidence=(Evidence(why, keys[0], len(keys)),),
        docs=explained.docs,
    )


def twice_the_port(snapshot: Snapshot) -> Iterator[Finding]:
    """Services that want the same port of the nodes: the second one is refused when it is applied."""
    takers: dict[tuple[str, int], list[ObjectKey]] = defaultdict(list)
    for service in snapshot.all(SERVICE):
        for port in (service.get("spec") or {}).get("ports") or ():
            if port.get("nodePort"):
                takers[str(port.get("protocol") or "TCP"), port["nodePort"]].append(key_of(SERVICE, service))
    for (protocol, number), services in takers.items():
        if len(set(services)) < 2:
            continue
        explained = explanation("net-nodeport-allocated", {"port": str(number)})
        yield Finding(
            cause=explained.cause,
            severity=Severity.ERROR,
            title=_("{count} Services want the node port {port}").format(count=len(set(services)), port=number),
            objects=tuple(dict.fromkeys(services)),
            remedy=explained.remedy,
            evidence=tuple(Evidence(f"{protocol} {number}", each) for each in dict.fromkeys(services)),
            docs=explained.docs,
        )


def selecting_nothing(snapshot: Snapshot) -> Iterator[Finding]:
    """Services that something routes to and whose selector matches no pod, or that do not exist."""
    wanted: dict[ObjectKey, list[ObjectKey]] = defaultdict(list)
    for route, service in routed(snapshot):
        wanted[service].append(route)
    pods: dict[str, list[Body]] = defaultdict(list)
    for pod in snapshot.all(POD) if wanted else ():
        pods[str(pod["metadata"].get("namespace") or "")].append(pod)
    for key, routes in wanted.items():
        found = snapshot.get(key)
        selector = ((found or {}).get("spec") or {}).get("selector")
        if found is None or (selector and not _selected(found, pods[key.namespace])):
            yield _behind_nothing(key, selector, routes)


def _behind_nothing(key: ObjectKey, selector: dict[str, str] | None, routes: list[ObjectKey]) -> Finding:
    title = _("{service} has no pod, and requests are sent to it")
    evidence = [Evidence(_("sends requests there"), route) for route in dict.fromkeys(routes)]
    if selector:
        labels = ",".join(f"{name}={value}" for name, value in selector.items())
        evidence.insert(0, Evidence(_("selects {labels}").format(labels=labels), key))
    else:
        title = _("{service} does not exist, and requests are sent to it")
    return Finding(
        cause="net-no-endpoints",
        severity=Severity.WARNING,
        title=title.format(service=key),
        objects=(key,),
        remedy=Remedy(
            _(
                "See whether the component that belongs to it is installed and not scaled to zero, and whether its "
                "pods have the labels that the Service selects."
            ),
            (
                f"kubectl -n {key.namespace} get pods --show-labels",
                f"kubectl -n {key.namespace} get service {key.name} -o wide",
            ),
        ),
        evidence=tuple(evidence),
        docs="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/",
    )


def _selected(service: Body, pods: Iterable[Body]) -> list[Body]:
    selector = (service.get("spec") or {}).get("selector")
    namespace = service["metadata"].get("namespace")
    return [
        pod
        for pod in (pods if selector else ())
        if pod["metadata"].get("namespace") == namespace
        and matches({"matchLabels": selector}, pod["metadata"].get("labels") or {})
    ]


CHECKS = (
    Check(
        "networking.sandbox",
        _("Does every pod get its sandbox and its address?"),
        frozenset({POD, EVENT}),
        without_sandbox,
        docs="https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/",
    ),
    Check(
        "networking.dns",
        _("Does the cluster's DNS run?"),
        frozenset({SERVICE, POD}),
        without_names,
        also=frozenset({NODE}),
        docs="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/",
    ),
    Check(
        "networking.load-balancers",
        _("Does every Service get the load balancer that it asks for?"),
        frozenset({SERVICE, NODE}),
        without_address,
        also=frozenset({EVENT, POD}),
    ),
    Check(
        "networking.node-ports",
        _("Does no node port have two Services?"),
        frozenset({SERVICE}),
        twice_the_port,
        phases=frozenset({Phase.PRE, Phase.POST}),
    ),
    Check(
        "networking.routes",
        _("Is there a pod behind every Service that requests are routed to?"),
        frozenset({SERVICE, POD}),
        selecting_nothing,
        also=frozenset({VIRTUAL_SERVICE, INGRESS}),
    ),
)
