"""Volumes that are folders of one node, each made beforehand for the claim that it is bound to."""

from kfinstall.contracts.manifest import Body
from kfinstall.facts.storage.volumes import claim_key, wanted_size

HOST_NAME = "kubernetes.io/hostname"
NO_CLASS = ""
"""Of claims that are to have a volume of no class, whatever the default class is."""

FOLDER = "/var/lib/kubeflow"
"""Under which the folders are, unless somebody says otherwise."""


def host_label(node: Body) -> str:
    """By which volumes find their node: mostly, but not everywhere, its name."""
    labels = node["metadata"].get("labels") or {}
    return str(labels.get(HOST_NAME) or node["metadata"]["name"])


def node_volume(claim: Body, host: str, path: str = FOLDER) -> Body:
    """The volume for a claim. Reclaim policy Retain: who deletes the claim leaves the data where it is."""
    key = claim_key(claim)
    rule = {"key": HOST_NAME, "operator": "In", "values": [host]}
    return retained(
        f"{key.namespace}-{key.name}",
        capacity={"storage": wanted_size(claim)},
        accessModes=list((claim.get("spec") or {}).get("accessModes") or ["ReadWriteOnce"]),
        storageClassName=NO_CLASS,
        claimRef={"namespace": key.namespace, "name": key.name},
        hostPath={"path": f"{path}/{key.namespace}/{key.name}", "type": "DirectoryOrCreate"},
        nodeAffinity={"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}},
    )


def retained(name: str, **spec: object) -> Body:
    """A volume whose data stays when its claim goes."""
    kept = {"persistentVolumeReclaimPolicy": "Retain", **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": kept}
