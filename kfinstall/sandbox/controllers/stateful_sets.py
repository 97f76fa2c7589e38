"""StatefulSets: pods with ordinals, one after the other (pkg/controller/statefulset)."""

from collections.abc import Iterable, Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client, controller_of, name_of
from kfinstall.sandbox.controllers.events import Recorder
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import Availability, counted, is_ready, pod_of, pods_of
from kfinstall.sandbox.controllers.revisions import HASH, History
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

STATEFUL_SETS = GroupResource("apps", "statefulsets")
CLAIMS = GroupResource("", "persistentvolumeclaims")


class StatefulSets:
    """speed: of minReadySeconds."""

    def __init__(self, client: Client, speed: float) -> None:
        self._client = client.named("statefulset-controller")
        self._recorder = Recorder(self._client)
        self._history = History(self._client, "controller.kubernetes.io/hash")
        self._available = Availability(speed)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == STATEFUL_SETS:
            yield STATEFUL_SETS, change.name
        owner = controller_of(change.last) if change.resource == PODS else None
        if owner and owner["kind"] == "StatefulSet":
            yield STATEFUL_SETS, Name(change.name.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        update = self._history.current(body)
        by_name = {each["metadata"]["name"]: each for each in self._history.of(body)}
        standing = (body.get("status") or {}).get("currentRevision", "")
        current = by_name.get(standing, update)
        pods = {pod["metadata"]["name"]: pod for pod in pods_of(self._client, body)}
        again = self._advance(body, pods, current, update)
        self._count(body, pods, current, update)
        used = {current["metadata"]["name"], update["metadata"]["name"]}
        self._history.forget(body, used | {_revision(pod) for pod in pods.values()})
        return again

    def _advance(self, body: Body, pods: dict[str, Body], current: Body, update: Body) -> float | None:
        """Make, replace or delete pods as far as it may go now; pods is kept true."""
        spec = body["spec"]
        parallel = spec.get("podManagementPolicy") == "Parallel"
        minimum = spec.get("minReadySeconds", 0)
        for name in _ordinals(body):
            pod = pods.get(name)
            if pod is not None and (pod.get("status") or {}).get("phase") in {"Failed", "Succeeded"}:
                self._delete(body, pod)
                return None
            if pod is None:
                revision = update if _number(name) >= _partition(body) or current is update else current
                pods[name] = pod = self._create(body, name, revision)
            if parallel:
                continue
            if not is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
                return None
            if self._available.left(pod, minimum) > 0:
                return self._available.left(pod, minimum)
        surplus = sorted(pods.keys() - set(_ordinals(body)), key=_number, reverse=True)
        for name in surplus if parallel else surplus[:1]:
            if not pods[name]["metadata"].get("deletionTimestamp"):
                self._delete(body, pods[name])
        if not surplus:
            self._update(body, pods, update)
        return None

    def _update(self, body: Body, pods: dict[str, Body], update: Body) -> None:
        """Replace one pod of an old revision, the highest ordinal first, once all above it are healthy."""
        if body["spec"]["updateStrategy"]["type"] == "OnDelete":
            return
        for name in sorted(_ordinals(body), key=_number, reverse=True):
            pod = pods[name]
            if _number(name) < _partition(body):
                return
            if _revision(pod) != update["metadata"]["name"] and not pod["metadata"].get("deletionTimestamp"):
                self._delete(body, pod)
                return
            if not is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
                return

    def _delete(self, body: Body, pod: Body) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            return
        self._client.delete(PODS, name_of(pod))
        self._tell(body, "Delete", f"Delete Pod {pod['metadata']['name']} in StatefulSet {body['metadata']['name']}")

    def _tell(self, body: Body, verb: str, text: str) -> None:
        self._recorder.tell(body, "Normal", f"Successful{verb}", f"{text} successful")

    def _create(self, body: Body, name: str, revision: Body) -> Body:
        namespace, owner = body["metadata"]["namespace"], body["metadata"]["name"]
        template = {key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"}
        labels = {
            "apps.kubernetes.io/pod-index": str(_number(name)),
            "statefulset.kubernetes.io/pod-name": name,
            HASH: revision["metadata"]["name"],
        }
        pod = pod_of({**body, "spec": {**body["spec"], "template": template}}, name, labels)
        pod["spec"]["hostname"] = name
        if body["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = body["spec"]["serviceName"]
        for claim in self._claims(body, pod, name):
            text = f"Create Claim {claim} Pod {name} in StatefulSet {owner} success"
            self._recorder.tell(body, "Normal", "SuccessfulCreate", text)
        created = self._client.create(PODS, namespace, pod)
        self._tell(body, "Create", f"Create Pod {name} in StatefulSet {owner}")
        return created

    def _claims(self, body: Body, pod: Body, name: str) -> Iterator[str]:
        """Mount the claims of the templates; the names of those that had to be made."""
        namespace = body["metadata"]["namespace"]
        volumes = pod["spec"].setdefault("volumes", [])
        for template in body["spec"].get("volumeClaimTemplates") or ():
            volume = template["metadata"]["name"]
            claim = f"{volume}-{name}"
            volumes[:] = [each for each in volumes if each["name"] != volume]
            volumes.append({"name": volume, "persistentVolumeClaim": {"claimName": claim}})
            if self._client.get(CLAIMS, Name(namespace, claim)) is None:
                labels = {**(template["metadata"].get("labels") or {}), **_exact(body)}
                self._client.create(
                    CLAIMS,
                    namespace,
                    {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "metadata": {"name": claim, "labels": labels},
                        "spec": dict(template["spec"]),
                    },
                )
                yield claim

    def _count(self, body: Body, pods: dict[str, Body], current: Body, update: Body) -> None:
        counting = [pod for pod in pods.values() if not pod["metadata"].get("deletionTimestamp")]
        newest, standing = update["metadata"]["name"], current["metadata"]["name"]
        updated = [pod for pod in counting if _revision(pod) == newest]
        wanted = body["spec"].get("replicas", 1)
        if len(updated) == wanted == sum(map(is_ready, updated)) == len(pods):
            standing = newest  # the rollout is complete
        available, _again = self._available.count(counting, body["spec"].get("minReadySeconds", 0))
        self._client.set_status(
            STATEFUL_SETS,
            name_of(body),
            {
                "observedGeneration": body["metadata"]["generation"],
                "replicas": len(pods),
                "collisionCount": 0,
                **counted("readyReplicas", sum(map(is_ready, counting))),
                "availableReplicas": available,
                **counted("updatedReplicas", len(updated)),
                **counted("currentReplicas", sum(_revision(pod) == standing for pod in counting)),
                "currentRevision": standing,
                "updateRevision": newest,
            },
        )


def _ordinals(body: Body) -> list[str]:
    """The names of the pods that are wanted."""
    start = (body["spec"].get("ordinals") or {}).get("start", 0)
    wanted = body["spec"].get("replicas", 1)
    return [f"{body['metadata']['name']}-{number}" for number in range(start, start + wanted)]


def _number(pod_name: str) -> int:
    return int(pod_name.rpartition("-")[2])


def _partition(body: Body) -> int:
    return int((body["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("partition") or 0)


def _revision(pod: Body) -> str:
    return str((pod["metadata"].get("labels") or {}).get(HASH, ""))


def _exact(body: Body) -> Body:
    return dict(body["spec"]["selector"].get("matchLabels") or {})
