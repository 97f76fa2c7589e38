"""Whether the volumes of a pod can be attached to its node, or are held by another one."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client
from kfinstall.sandbox.storage.store import Name
from kfinstall.sandbox.types.kinds import GroupResource

NODES = GroupResource("", "nodes")
CLAIMS = GroupResource("", "persistentvolumeclaims")


def claims_of(pod: Body) -> Iterator[str]:
    """The names of the claims that a pod mounts, those that are made for it included."""
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("ephemeral"):
            yield f"{pod['metadata']['name']}-{volume['name']}"
        elif volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"]["claimName"]


def multi_attach(client: Client, pod: Body) -> str:
    """Why a volume for one node cannot be attached to a second one (pkg/controller/volume/attachdetach/reconciler)."""
    namespace = pod["metadata"]["namespace"]
    for name in claims_of(pod):
        claim = client.get(CLAIMS, Name(namespace, name))
        modes = (claim or {"spec": {}})["spec"].get("accessModes") or []
        if claim is None or "ReadWriteOnce" not in modes or len(modes) > 1:
            continue
        others = [
            other["metadata"]["name"]
            for other in client.all(PODS, namespace)
            if other["spec"].get("nodeName") not in {None, "", pod["spec"]["nodeName"]}
            and (other.get("status") or {}).get("podIP")
            and other["status"].get("phase") not in {"Succeeded", "Failed"}
            and name in claims_of(other)
        ]
        if others:
            volume = claim["spec"].get("volumeName", "")
            return f'Multi-Attach error for volume "{volume}" Volume is already used by pod(s) {", ".join(others)}'
    return ""
