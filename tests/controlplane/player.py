"""Plays nodes and what runs on them, by writing through the API what kubelets would write.

The scheduler and the controllers are real and cannot tell the difference; nothing runs.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3
from kubernetes.client.exceptions import ApiException

from tests.controlplane.api import STRATEGIC_MERGE, Api, Object, WatchThread
from tests.controlplane.pod_status import Rule, StatusWriter, Waiting, is_written

LEASE_SECONDS = 40
RENEWAL_SECONDS = 10.0
NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
UNTOUCHABLE = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}

# Endpoints may not be on loopback, and an API server that calls a webhook or fetches a log must not send anything to
# a machine that happens to have the address. The kernel refuses a connection to a multicast address at once, so what
# nobody serves fails as unreachable, without a packet and without a time-out.
NODE_NETWORK = "239.254"
POD_NETWORK = "239.255"


@dataclass(frozen=True)
class Node:
    """A node to play; the labels that every node has come by themselves."""

    name: str
    allocatable: Mapping[str, str] = field(
        default_factory=lambda: {"cpu": "32", "memory": "128Gi", "ephemeral-storage": "500Gi", "pods": "250"}
    )
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()


class Player:
    """Keeps its nodes Ready and the pods that are bound to them as they should be, between `with` and its end.

    `failing` says which containers wait and why: a mapping of image patterns (searched as regular expressions), or a
    function of the pod and the container. What it does not name runs and is ready; the pods of Jobs complete.
    """

    def __init__(
        self,
        kubeconfig: Path,
        nodes: Sequence[Node] = (Node("node-1"),),
        failing: Mapping[str, Waiting] | Rule | None = None,
    ) -> None:
        self._kubeconfig = kubeconfig
        self._nodes = {node.name: node for node in nodes}
        self._rule = _rule(failing or {})
        self._node_ips = dict(zip(self._nodes, _addresses(NODE_NETWORK), strict=False))
        self._pod_ips = _addresses(POD_NETWORK)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._api = stack.enter_context(Api(self._kubeconfig))
            for name in self._nodes:
                stack.callback(self._remove, name)
                self._register(name)
            self._start_threads(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start_threads(self, stack: contextlib.ExitStack) -> None:
        watch = WatchThread(self._api, PODS, self._play, fieldSelector="spec.nodeName!=")
        watch.start()
        stack.callback(watch.stop)
        renewal = _Every(RENEWAL_SECONDS, self._renew_leases)
        renewal.start()
        stack.callback(renewal.stop)

    def _register(self, name: str) -> None:
        """A node that is new is tainted as not ready by admission; the taints are set once its status is written."""
        node = self._nodes[name]
        own = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {**own, **node.labels}}}
        _create_or_patch(self._api, NODES, body)
        self._api.patch(f"{NODES}/{name}/status", {"status": self._node_status(node)}, STRATEGIC_MERGE)
        self._api.patch(f"{NODES}/{name}", {"spec": {"taints": [dict(taint) for taint in node.taints]}})
        _create_or_patch(self._api, LEASES, _lease(name))

    def _node_status(self, node: Node) -> Object:
        version = self._api.get("/version")["gitVersion"]
        return {
            "capacity": dict(node.allocatable),
            "allocatable": dict(node.allocatable),
            "addresses": [
                {"type": "InternalIP", "address": self._node_ips[node.name]},
                {"type": "Hostname", "address": node.name},
            ],
            "conditions": _node_conditions(),
            "nodeInfo": _node_info(node.name, version),
        }

    def _renew_leases(self) -> None:
        for name in self._nodes:
            self._api.patch(f"{LEASES}/{name}", {"spec": _lease(name)["spec"]})

    def _play(self, pod: Object) -> None:
        """Brings one pod to where its kubelet would bring it, in one step."""
        if pod["spec"].get("nodeName") not in self._nodes:
            return
        if "deletionTimestamp" in pod["metadata"]:
            if pod["metadata"].get("deletionGracePeriodSeconds") != 0:  # else only finalizers hold it
                self._delete(pod)
        elif pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}:
            self._write_status(pod)

    def _write_status(self, pod: Object) -> None:
        host_ip = self._node_ips[pod["spec"]["nodeName"]]
        status = StatusWriter(pod, self._rule, host_ip, self._pod_ip(pod, host_ip), _now()).status()
        if not is_written(pod, status):
            same_pod = {"uid": pod["metadata"]["uid"]}
            self._api.patch(f"{_path(pod)}/status", {"metadata": same_pod, "status": status}, STRATEGIC_MERGE)

    def _pod_ip(self, pod: Object, host_ip: str) -> str:
        if pod["spec"].get("hostNetwork"):
            return host_ip
        return str(pod.get("status", {}).get("podIP") or next(self._pod_ips))

    def _delete(self, pod: Object) -> None:
        self._api.delete(_path(pod), gracePeriodSeconds=0, preconditions={"uid": pod["metadata"]["uid"]})

    def _remove(self, name: str) -> None:
        """Takes a node away with all that is on it: without its kubelet its pods could not be deleted in order."""
        for path in (f"{NODES}/{name}", f"{LEASES}/{name}"):
            with _ignoring_what_is_gone():
                self._api.delete(path)
        on_node = {"fieldSelector": f"spec.nodeName={name}"}
        for namespace in {pod["metadata"]["namespace"] for pod in self._api.get(PODS, **on_node)["items"]}:
            self._api.delete(f"/api/v1/namespaces/{namespace}/pods", on_node, gracePeriodSeconds=0)


class _Every(threading.Thread):
    """Does something now and then again and again; a server that does not answer may answer next time."""

    def __init__(self, seconds: float, action: Callable[[], None]) -> None:
        super().__init__(name=action.__name__, daemon=True)
        self._seconds, self._action = seconds, action
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(self._seconds):
            with contextlib.suppress(ApiException, urllib3.exceptions.HTTPError, OSError):
                self._action()

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def _rule(failing: Mapping[str, Waiting] | Rule) -> Rule:
    if callable(failing):
        return failing
    patterns = [(re.compile(pattern), waiting) for pattern, waiting in failing.items()]

    def by_image(_pod: Object, container: Object) -> Waiting | None:
        return next((waiting for pattern, waiting in patterns if pattern.search(container["image"])), None)

    return by_image


def _addresses(network: str) -> Iterator[str]:
    return (f"{network}.{third}.{fourth}" for third, fourth in itertools.product(range(256), range(1, 255)))


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _create_or_patch(api: Api, collection: str, body: Object) -> None:
    """A node of an earlier run that was killed is taken over."""
    try:
        api.create(collection, body)
    except ApiException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise
        api.patch(f"{collection}/{body['metadata']['name']}", body)


@contextlib.contextmanager
def _ignoring_what_is_gone() -> Iterator[None]:
    try:
        yield
    except ApiException as error:
        if error.status not in UNTOUCHABLE:
            raise


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lease(name: str) -> Object:
    renewed = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": renewed},
    }


def _node_conditions() -> list[Object]:
    now = _now()
    verdicts = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID"),
        ("Ready", "True", "KubeletReady"),
    ]
    times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
    return [{"type": kind, "status": status, "reason": reason, **times} for kind, status, reason in verdicts]


def _node_info(name: str, version: str) -> Object:
    return {
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
        "kernelVersion": "6.1.0",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kubeletVersion": version,
        "kubeProxyVersion": version,
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
