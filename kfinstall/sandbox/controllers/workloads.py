"""Deployments, ReplicaSets, StatefulSets and DaemonSets."""

from collections.abc import Callable, Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.facts.placing import fits_node
from kfinstall.sandbox.controllers.client import PODS, Client, condition, controller_of, name_of, owner_reference
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import counted, is_active, is_ready, pod_of, pods_of, ready, template_hash
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.status import StatusError
from kfinstall.sandbox.store import Change, Name

DEPLOYMENTS = GroupResource("apps", "deployments")
REPLICA_SETS = GroupResource("apps", "replicasets")
STATEFUL_SETS = GroupResource("apps", "statefulsets")
DAEMON_SETS = GroupResource("apps", "daemonsets")
CLAIMS = GroupResource("", "persistentvolumeclaims")
NODES = GroupResource("", "nodes")
OWNERS = {"ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS, "DaemonSet": DAEMON_SETS}
HASH, REVISION = "pod-template-hash", "controller-revision-hash"
DEPLOYMENT_REVISION = "deployment.kubernetes.io/revision"


class Workloads:
    """Makes pods of the workloads of apps/v1, and counts them in their status."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recorder = Recorder(client)
        self._rules: dict[GroupResource, Callable[[Body], None]] = {
            DEPLOYMENTS: self._deployment,
            REPLICA_SETS: self._replica_set,
            STATEFUL_SETS: self._stateful_set,
            DAEMON_SETS: self._daemon_set,
        }

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource in self._rules:
            yield change.resource, change.name
        owner = controller_of(change.last) if change.resource in {PODS, REPLICA_SETS} else None
        if owner and owner["kind"] == "Deployment":
            yield DEPLOYMENTS, Name(change.name.namespace, owner["name"])
        elif owner and owner["kind"] in OWNERS:
            yield OWNERS[owner["kind"]], Name(change.name.namespace, owner["name"])
        elif change.resource == NODES:
            yield from ((DAEMON_SETS, name_of(body)) for body in self._client.all(DAEMON_SETS))

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is not None and not body["metadata"].get("deletionTimestamp"):
            self._rules[key[0]](body)
        return None

    def _deployment(self, body: Body) -> None:
        spec, name = body["spec"], name_of(body)
        owned = [
            each
            for each in self._client.all(REPLICA_SETS, name.namespace)
            if (controller_of(each) or {}).get("uid") == body["metadata"]["uid"]
        ]
        mark = template_hash(spec["template"])
        current = next((each for each in owned if each["metadata"]["labels"].get(HASH) == mark), None)
        if current is None:
            current = self._new_replica_set(body, mark, len(owned) + 1)
            owned.append(current)
        wanted = spec.get("replicas", 1)
        old = [each for each in owned if each is not current]
        self._roll(current, old, wanted, recreate=spec["strategy"]["type"] == "Recreate")
        self._count_deployment(body, name, current, old)

    def _new_replica_set(self, body: Body, mark: str, revision: int) -> Body:
        spec, metadata = body["spec"], body["metadata"]
        template = {**spec["template"], "metadata": {**spec["template"]["metadata"]}}
        template["metadata"]["labels"] = {**template["metadata"].get("labels", {}), HASH: mark}
        selector = {**spec["selector"], "matchLabels": {**spec["selector"].get("matchLabels", {}), HASH: mark}}
        new = self._client.create(
            REPLICA_SETS,
            metadata["namespace"],
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{metadata['name']}-{mark}",
                    "labels": template["metadata"]["labels"],
                    "annotations": {DEPLOYMENT_REVISION: str(revision)},
                    "ownerReferences": [owner_reference(body)],
                },
                "spec": {"replicas": 0, "selector": selector, "template": template},
            },
        )
        self._client.patch(
            DEPLOYMENTS, name_of(body), {"metadata": {"annotations": {DEPLOYMENT_REVISION: str(revision)}}}
        )
        return new

    def _roll(self, current: Body, old: list[Body], wanted: int, *, recreate: bool) -> None:
        """New pods first, then the old ones go; the other way round for Recreate."""
        standing = sum((each.get("status") or {}).get("replicas", 0) for each in old)
        new_ready = (current.get("status") or {}).get("readyReplicas", 0) >= wanted
        for each in old:
            if each["spec"]["replicas"] and (recreate or new_ready):
                self._scale(each, 0)
        if current["spec"]["replicas"] != wanted and not (recreate and standing):
            self._scale(current, wanted)

    def _scale(self, replica_set: Body, replicas: int) -> None:
        self._client.patch(REPLICA_SETS, name_of(replica_set), {"spec": {"replicas": replicas}})
        verb = "up" if replicas else "down"
        self._recorder.tell(
            replica_set,
            "Normal",
            "ScalingReplicaSet",
            f"Scaled {verb} replica set {replica_set['metadata']['name']} to {replicas}",
        )

    def _count_deployment(self, body: Body, name: Name, current: Body, old: list[Body]) -> None:
        current = self._client.get(REPLICA_SETS, name_of(current)) or current
        every = [current, *old]

        def total(field: str, sets: list[Body]) -> int:
            return sum((each.get("status") or {}).get(field, 0) for each in sets)

        wanted = body["spec"].get("replicas", 1)
        available = total("availableReplicas", every)
        before = body.get("status") or {}
        minimum = wanted - (wanted // 4 if wanted else 0)
        ok = available >= minimum
        done = total("replicas", [current]) == wanted == available and not total("replicas", old)
        subject = f'ReplicaSet "{current["metadata"]["name"]}"'
        progress = (
            ("NewReplicaSetAvailable", f"{subject} has successfully progressed.")
            if done
            else ("ReplicaSetUpdated", f"{subject} is progressing.")
        )
        words = (
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            if ok
            else ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        )
        conditions = [
            condition("Available", str(ok), *words, before),
            condition("Progressing", "True", *progress, before),
        ]
        for each in conditions:
            each["lastUpdateTime"] = each["lastTransitionTime"]
        self._client.set_status(
            DEPLOYMENTS,
            name,
            {
                "observedGeneration": body["metadata"]["generation"],
                **counted("replicas", total("replicas", every)),
                **counted("updatedReplicas", total("replicas", [current])),
                **counted("readyReplicas", total("readyReplicas", every)),
                **counted("availableReplicas", available),
                **counted("unavailableReplicas", max(0, wanted - available)),
                "conditions": conditions,
            },
        )

    def _replica_set(self, body: Body) -> None:
        pods = [pod for pod in pods_of(self._client, body) if is_active(pod)]
        wanted, name = body["spec"].get("replicas", 1), name_of(body)
        failure = ""
        for _pod in range(wanted - len(pods)):
            try:
                created = self._client.create(PODS, name.namespace, pod_of(body, f"{name.name}-"))
            except StatusError as error:
                failure = error.message
                self._recorder.tell(body, "Warning", "FailedCreate", f"Error creating: {failure}")
                break
            pods.append(created)
        for pod in sorted(pods, key=is_ready)[: max(0, len(pods) - wanted)]:
            self._client.delete(PODS, name_of(pod))
        before = body.get("status") or {}
        conditions = [condition("ReplicaFailure", "True", "FailedCreate", failure, before)] if failure else None
        number = ready(pods)
        self._client.set_status(
            REPLICA_SETS,
            name,
            {
                "observedGeneration": body["metadata"]["generation"],
                "replicas": min(len(pods), wanted) if pods else 0,
                **counted("fullyLabeledReplicas", len(pods)),
                **counted("readyReplicas", number),
                **counted("availableReplicas", number),
                "conditions": conditions,
            },
        )
        if failure:
            raise StatusError(403, "Forbidden", failure)

    def _stateful_set(self, body: Body) -> None:
        spec, name = body["spec"], name_of(body)
        mark = f"{name.name}-{template_hash(spec['template'])}"
        pods = {pod["metadata"]["name"]: pod for pod in pods_of(self._client, body)}
        wanted = spec.get("replicas", 1)
        parallel = spec.get("podManagementPolicy") == "Parallel"
        names = [f"{name.name}-{n}" for n in range(wanted)]
        for pod_name in names:
            pod = pods.get(pod_name)
            if pod is None:
                pods[pod_name] = pod = self._ordinal(body, pod_name, mark)
            elif (
                pod["metadata"]["labels"].get(REVISION) != mark
                and is_active(pod)
                and spec["updateStrategy"]["type"] != "OnDelete"
            ):
                self._client.delete(PODS, name_of(pod))
                break
            if not is_ready(pod) and not parallel:
                break
        for pod_name in sorted(pods.keys() - set(names), reverse=True)[:1]:
            self._client.delete(PODS, Name(name.namespace, pod_name))
        self._count_stateful_set(body, [pods[each] for each in names if each in pods], mark)

    def _ordinal(self, body: Body, name: str, mark: str) -> Body:
        namespace = body["metadata"]["namespace"]
        ordinal = name.rpartition("-")[2]
        labels = {REVISION: mark, "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": ordinal}
        pod = pod_of(body, name, labels)
        pod["spec"] |= {
            "hostname": name,
            **({"subdomain": body["spec"]["serviceName"]} if body["spec"].get("serviceName") else {}),
        }
        volumes = pod["spec"].setdefault("volumes", [])
        for template in body["spec"].get("volumeClaimTemplates") or ():
            claim = f"{template['metadata']['name']}-{name}"
            volumes[:] = [each for each in volumes if each["name"] != template["metadata"]["name"]]
            volumes.append({"name": template["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim}})
            if not self._client.get(CLAIMS, Name(namespace, claim)):
                metadata = {"name": claim, "labels": body["spec"]["selector"].get("matchLabels") or {}}
                self._client.create(
                    CLAIMS,
                    namespace,
                    {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "metadata": metadata,
                        "spec": dict(template["spec"]),
                    },
                )
        return self._client.create(PODS, namespace, pod)

    def _count_stateful_set(self, body: Body, pods: list[Body], mark: str) -> None:
        active = [pod for pod in pods if is_active(pod)]
        updated = [pod for pod in active if pod["metadata"]["labels"].get(REVISION) == mark]
        wanted, number = body["spec"].get("replicas", 1), ready(active)
        settled = len(updated) == wanted and ready(updated) == wanted
        before = (body.get("status") or {}).get("currentRevision") or mark
        current = mark if settled else before
        self._client.set_status(
            STATEFUL_SETS,
            name_of(body),
            {
                "observedGeneration": body["metadata"]["generation"],
                "replicas": len(active),
                "collisionCount": 0,
                **counted("readyReplicas", number),
                "availableReplicas": number,
                **counted("updatedReplicas", len(updated)),
                **counted("currentReplicas", len(updated) if current == mark else len(active) - len(updated)),
                "currentRevision": current,
                "updateRevision": mark,
            },
        )

    def _daemon_set(self, body: Body) -> None:
        spec, name = body["spec"], name_of(body)
        mark = template_hash(spec["template"])
        nodes = [node for node in self._client.all(NODES) if fits_node(spec["template"]["spec"], node, daemon=True)]
        pods = {_aimed_at(pod): pod for pod in pods_of(self._client, body) if is_active(pod)}
        for node in nodes:
            node_name = node["metadata"]["name"]
            pod = pods.get(node_name)
            if pod is None:
                pods[node_name] = self._client.create(
                    PODS, name.namespace, _aimed(pod_of(body, f"{name.name}-", {REVISION: mark}), node_name)
                )
            elif pod["metadata"]["labels"].get(REVISION) != mark and spec["updateStrategy"]["type"] != "OnDelete":
                self._client.delete(PODS, name_of(pod))
        found = list(pods.values())
        number = ready(found)
        self._client.set_status(
            DAEMON_SETS,
            name,
            {
                "observedGeneration": body["metadata"]["generation"],
                "desiredNumberScheduled": len(nodes),
                "currentNumberScheduled": len(found),
                "numberMisscheduled": 0,
                "numberReady": number,
                **counted("numberAvailable", number),
                **counted("numberUnavailable", len(nodes) - number),
                **counted(
                    "updatedNumberScheduled", sum(pod["metadata"]["labels"].get(REVISION) == mark for pod in found)
                ),
            },
        )


TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
"""What every daemon's pod tolerates (pkg/controller/daemon/util/daemonset_util.go)."""


def _aimed(pod: Body, node: str) -> Body:
    """A daemon's pod is bound by the scheduler, by an affinity to its node's name."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    spec = pod["spec"]
    spec["affinity"] = {**(spec.get("affinity") or {}), "nodeAffinity": required}
    spec["tolerations"] = [
        *(spec.get("tolerations") or ()),
        *({"key": key, "operator": "Exists", "effect": effect} for key, effect in TOLERATED),
    ]
    return pod


def _aimed_at(pod: Body) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])
