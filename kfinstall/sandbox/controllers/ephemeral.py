"""Claims for the ephemeral volumes of pods (pkg/controller/volume/ephemeral)."""

from collections.abc import Iterable

from kfinstall.sandbox.controllers.client import PODS, Client, owner_reference
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change
from kfinstall.sandbox.types.kinds import GroupResource

CLAIMS = GroupResource("", "persistentvolumeclaims")


class Ephemeral:
    """Makes a claim for each ephemeral volume; it goes with its pod."""

    def __init__(self, client: Client) -> None:
        self._client = client.named("ephemeral-volume-controller")

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == PODS and change.before is None:
            yield PODS, change.name

    def reconcile(self, key: Key) -> float | None:
        pod = self._client.get(*key)
        for volume in (pod or {"spec": {}})["spec"].get("volumes") or ():
            if pod is None or not volume.get("ephemeral"):
                continue
            template = volume["ephemeral"]["volumeClaimTemplate"]
            metadata = template.get("metadata") or {}
            own = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
            name = f"{key[1].name}-{volume['name']}"
            self._client.ensure(
                CLAIMS,
                key[1].namespace,
                {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "metadata": {**own, "name": name, "ownerReferences": [owner_reference(pod)]},
                    "spec": template["spec"],
                },
            )
        return None
