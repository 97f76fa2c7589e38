"""DaemonSets: a pod on each node that will have it (pkg/controller/daemon)."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.facts.scheduling.placing import fits_node
from kfinstall.sandbox.controllers.client import PODS, Client, controller_of, name_of
from kfinstall.sandbox.controllers.deployments import portion
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import Availability, counted, is_ready, pod_of, pods_of
from kfinstall.sandbox.controllers.revisions import HASH, History
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

DAEMON_SETS = GroupResource("apps", "daemonsets")
NODES = GroupResource("", "nodes")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
"""What every daemon's pod tolerates (pkg/controller/daemon/util/daemonset_util.go)."""


class DaemonSets:
    """speed: of minReadySeconds."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("daemonset-controller")
        self._recorder = Recorder(self._client)
        self._history = History(self._client, HASH)
        self._available = Availability(speed)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == DAEMON_SETS:
            yield DAEMON_SETS, change.name
        owner = controller_of(change.last) if change.resource == PODS else None
        if owner and owner["kind"] == "DaemonSet":
            yield DAEMON_SETS, Name(change.name.namespace, owner["name"])
        elif change.resource == NODES and (change.before is None or _place(change.before) != _place(change.after)):
            yield from ((DAEMON_SETS, name_of(body)) for body in self._client.all(DAEMON_SETS))

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        revision = self._history.current(body)
        mark = revision["metadata"]["labels"][HASH]
        spec = body["spec"]["template"]["spec"]
        wanted = {node["metadata"]["name"] for node in self._client.all(NODES) if fits_node(spec, node, daemon=True)}
        pods: dict[str, list[Body]] = {}
        for pod in pods_of(self._client, body):
            pods.setdefault(_aimed_at(pod), []).append(pod)
        self._manage(body, wanted, pods, mark)
        self._update(body, wanted, pods, mark)
        again = self._count(body, wanted, pods, mark)
        self._history.forget(body, {revision["metadata"]["name"]})
        return again

    def _manage(self, body: Body, wanted: set[str], pods: dict[str, list[Body]], mark: str) -> None:
        """A pod for each node that lacks one; none where it should not be, and no failed one."""
        for node in sorted(wanted - pods.keys()):
            template = pod_of(body, f"{body['metadata']['name']}-", {HASH: mark})
            pod = self._client.create(PODS, body["metadata"]["namespace"], _aimed(template, node))
            pods[node] = [pod]
            self._recorder.tell(body, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        for node, standing in pods.items():
            for pod in standing:
                phase = (pod.get("status") or {}).get("phase")
                if phase == "Failed":
                    text = f"Found failed daemon pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
                    self._recorder.tell(
                        body, "Warning", "FailedDaemonPod", f"{text} on node {node}, will try to kill it"
                    )
                if phase == "Failed" or node not in wanted:
                    self._delete(body, pod)

    def _update(self, body: Body, wanted: set[str], pods: dict[str, list[Body]], mark: str) -> None:
        """Replace as many pods of an old revision as may be missing (pkg/controller/daemon/update.go)."""
        strategy = body["spec"]["updateStrategy"]
        if strategy["type"] == "OnDelete":
            return
        most = portion((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), len(wanted), up=True)
        serving = [pod for node in wanted for pod in pods.get(node, ()) if _is_serving(pod)]
        room = most - (len(wanted) - len(serving))
        for node in sorted(wanted):
            for pod in pods.get(node, ()):
                if (pod["metadata"].get("labels") or {}).get(HASH) == mark or pod["metadata"].get("deletionTimestamp"):
                    continue
                if not _is_serving(pod) or room > 0:
                    room -= int(_is_serving(pod))
                    self._delete(body, pod)

    def _delete(self, body: Body, pod: Body) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        self._client.delete(PODS, name_of(pod))
        self._recorder.tell(body, "Normal", "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _count(self, body: Body, wanted: set[str], pods: dict[str, list[Body]], mark: str) -> float | None:
        standing = [pods[node][0] for node in wanted if pods.get(node)]
        available, again = self._available.count(standing, body["spec"].get("minReadySeconds", 0))
        updated = sum((pod["metadata"].get("labels") or {}).get(HASH) == mark for pod in standing)
        self._client.set_status(
            DAEMON_SETS,
            name_of(body),
            {
                "observedGeneration": body["metadata"]["generation"],
                "desiredNumberScheduled": len(wanted),
                "currentNumberScheduled": len(standing),
                "numberMisscheduled": len(pods.keys() - wanted),
                "numberReady": sum(map(is_ready, standing)),
                **counted("numberAvailable", available),
                **counted("numberUnavailable", len(wanted) - available),
                **counted("updatedNumberScheduled", updated),
            },
        )
        return again


def _is_serving(pod: Body) -> bool:
    return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")


def _place(node: Body | None) -> object:
    """What decides whether daemons are on a node."""
    return node and (node["metadata"].get("labels"), node["spec"])


def _aimed(pod: Body, node: str) -> Body:
    """A daemon's pod is bound by the scheduler, by an affinity to its node's name."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    spec = pod["spec"]
    spec["affinity"] = {**(spec.get("affinity") or {}), "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}
    spec["tolerations"] = [
        *(spec.get("tolerations") or ()),
        *({"key": key, "operator": "Exists", "effect": effect} for key, effect in TOLERATED),
    ]
    return pod


def _aimed_at(pod: Body) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    terms = pod["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return str(terms[0]["matchFields"][0]["values"][0])
