"""Istio's CNI plugin goes where GKE's nodes can be written: /opt/cni/bin is read-only there.

https://istio.io/latest/docs/setup/platform-setup/gke/. Kubeflow has an overlay that does the same since 1.10.2:
common/istio/istio-install/overlays/gke.
"""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey

DAEMON_SET = ObjectKey("apps", "DaemonSet", "kube-system", "istio-cni-node")
VOLUME = "cni-bin-dir"
WRITABLE = "/home/kubernetes/bin"


def transformed(manifests: Sequence[Manifest]) -> list[Manifest]:
    return [_moved(manifest) if manifest.key == DAEMON_SET else manifest for manifest in manifests]


def _moved(manifest: Manifest) -> Manifest:
    spec = manifest.body["spec"]
    pod = spec["template"]["spec"]
    volumes = [_writable(volume) if volume["name"] == VOLUME else volume for volume in pod.get("volumes") or ()]
    template = {**spec["template"], "spec": {**pod, "volumes": volumes}}
    return Manifest({**manifest.body, "spec": {**spec, "template": template}}, manifest.application)


def _writable(volume: Body) -> Body:
    return {**volume, "hostPath": {**volume["hostPath"], "path": WRITABLE}}
