"""Istio's network plugin on OpenShift, where Multus runs plugins for the pods that name them.

https://istio.io/latest/docs/setup/platform-setup/openshift/; the values are those of Istio's own profile for OpenShift
(manifests/helm-profiles/platform-openshift.yaml of istio/istio).
"""

import json
from collections.abc import Callable, Mapping, Sequence

from kfinstall.contracts.manifest import Body, Manifest

FOLDERS = {"cni-bin-dir": "/var/lib/cni/bin", "cni-net-dir": "/etc/cni/multus/net.d"}
PLUGIN = ("DaemonSet", "istio-cni-node")
SETTINGS = {"CHAINED_CNI_PLUGIN": "false", "CNI_CONF_NAME": "istio-cni.conf"}
SELINUX = {"type": "spc_t"}
ATTACHMENT: Body = {
    "apiVersion": "k8s.cni.cncf.io/v1",
    "kind": "NetworkAttachmentDefinition",
    "metadata": {"name": "istio-cni", "namespace": "default"},
}
"""What Istio's injector lets pods name: default/istio-cni."""


def with_multus(manifests: Sequence[Manifest], application: str) -> list[Manifest]:
    """The manifests with Istio's plugin where OpenShift looks for it; unchanged where it is not among them."""
    if not any((each.kind, each.name) == PLUGIN for each in manifests):
        return list(manifests)
    return [Manifest(ATTACHMENT, application), *map(_changed, manifests)]


def _changed(manifest: Manifest) -> Manifest:
    change = _CHANGES.get((manifest.kind, manifest.name))
    return Manifest(change(manifest.body), manifest.application) if change else manifest


def _plugin(body: Body) -> Body:
    spec = body["spec"]
    pod = spec["template"]["spec"]
    containers = [
        {**each, "securityContext": {**(each.get("securityContext") or {}), "seLinuxOptions": SELINUX}}
        for each in pod["containers"]
    ]
    changed = {**pod, "containers": containers, "volumes": [_moved(volume) for volume in pod.get("volumes") or ()]}
    return {**body, "spec": {**spec, "template": {**spec["template"], "spec": changed}}}


def _moved(volume: Body) -> Body:
    folder = FOLDERS.get(volume["name"])
    return {**volume, "hostPath": {**volume["hostPath"], "path": folder}} if folder else volume


def _settings(body: Body) -> Body:
    return {**body, "data": {**(body.get("data") or {}), **SETTINGS}}


def _injector(body: Body) -> Body:
    data = body.get("data") or {}
    values = json.loads(data.get("values") or "{}")
    pilot = values.get("pilot") or {}
    values["pilot"] = {**pilot, "cni": {**(pilot.get("cni") or {}), "provider": "multus"}}
    return {**body, "data": {**data, "values": json.dumps(values, indent=2)}}


_CHANGES: Mapping[tuple[str, str], Callable[[Body], Body]] = {
    PLUGIN: _plugin,
    ("ConfigMap", "istio-cni-config"): _settings,
    ("ConfigMap", "istio-sidecar-injector"): _injector,
}
