"""What the workload controllers share: making pods of a template, and counting them."""

import datetime
import hashlib
import json
from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.admission.admission import ALPHABET
from kfinstall.sandbox.controllers.client import PODS, Client, controller_of, owner_reference


def template_hash(template: Body) -> str:
    """A name for a template, in the letters that Kubernetes uses."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])


def pod_of(owner: Body, name: str, labels: Body | None = None) -> Body:
    """A pod of an owner's template; a name that ends with "-" is completed by the server."""
    template = owner["spec"]["template"]
    metadata = {
        key: value
        for key, value in template.get("metadata", {}).items()
        if key in {"labels", "annotations", "finalizers"}
    }
    metadata["labels"] = {**(metadata.get("labels") or {}), **(labels or {})}
    metadata["ownerReferences"] = [owner_reference(owner)]
    metadata |= {"generateName": name} if name.endswith("-") else {"name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": json.loads(json.dumps(template["spec"]))}


def pods_of(client: Client, owner: Body) -> list[Body]:
    """The pods that an owner controls."""
    uid = owner["metadata"]["uid"]
    return [
        pod for pod in client.all(PODS, owner["metadata"]["namespace"]) if (controller_of(pod) or {}).get("uid") == uid
    ]


def is_ready(pod: Body) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in (pod.get("status") or {}).get("conditions") or ()
    )


class Availability:
    """Which pods have been ready for long enough. speed: of that time."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def count(self, pods: Iterable[Body], minimum: int) -> tuple[int, float | None]:
        """How many pods are available, and in how many seconds one more will be. minimum: of minReadySeconds."""
        left = [self.left(pod, minimum) for pod in pods if is_ready(pod)]
        return sum(each <= 0 for each in left), min((each for each in left if each > 0), default=None)

    def left(self, pod: Body, minimum: int) -> float:
        """Seconds until a ready pod is available; 0 or less when it is."""
        if not minimum:
            return 0.0
        found = next(each for each in pod["status"]["conditions"] if each["type"] == "Ready")
        since = datetime.datetime.fromisoformat(found["lastTransitionTime"])
        return minimum / self._speed - (datetime.datetime.now(datetime.UTC) - since).total_seconds()


def is_active(pod: Body) -> bool:
    return (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"} and not pod["metadata"].get(
        "deletionTimestamp"
    )


def counted(name: str, count: int) -> Body:
    """A number of a status; 0 is left out, as Go's omitempty does: null takes it away."""
    return {name: count or None}


def ready(pods: Iterable[Body]) -> int:
    return sum(1 for pod in pods if is_ready(pod))
