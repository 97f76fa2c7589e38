"""EndpointSlices and Endpoints: which pods are behind a Service, and which of them are ready."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import PODS, Client, name_of, owner_reference
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.controllers.pods import is_ready
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

SERVICES = GroupResource("", "services")
SLICES = GroupResource("discovery.k8s.io", "endpointslices")
ENDPOINTS = GroupResource("", "endpoints")


MANAGER = "endpoint-controller"


class Endpoints:
    """One slice, and one object of the older kind, for each Service with a selector."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == SERVICES:
            yield SERVICES, change.name
        elif change.resource == PODS and _serving(change.before) != _serving(change.after):
            labels = change.last["metadata"].get("labels") or {}
            for service in self._client.all(SERVICES, change.name.namespace):
                selector = service["spec"].get("selector")
                if selector and selector.items() <= labels.items():
                    yield SERVICES, name_of(service)

    def reconcile(self, key: Key) -> float | None:
        service = self._client.get(*key)
        if service is None or not service["spec"].get("selector") or service["metadata"].get("deletionTimestamp"):
            return None
        selector = service["spec"]["selector"]
        pods = [
            pod
            for pod in self._client.all(PODS, key[1].namespace)
            if selector.items() <= (pod["metadata"].get("labels") or {}).items() and _serving(pod)
        ]
        content = {
            "endpoints": [_endpoint(pod, bool(service["spec"].get("publishNotReadyAddresses"))) for pod in pods],
            "ports": [_port(port, pods) for port in service["spec"].get("ports") or ()],
        }
        self._write(service, content)
        self._write_older(service, content)
        return None

    def _write_older(self, service: Body, content: Body) -> None:
        """Ready and other addresses with the ports of all (pkg/controller/endpoint)."""
        name = name_of(service)
        addresses: dict[str, list[Body]] = {"addresses": [], "notReadyAddresses": []}
        for each in content["endpoints"]:
            if not each["conditions"]["terminating"]:
                kind = "addresses" if each["conditions"]["ready"] else "notReadyAddresses"
                address = {"ip": each["addresses"][0], "nodeName": each["nodeName"], "targetRef": each["targetRef"]}
                addresses[kind].append(address)
        subset = {kind: found for kind, found in addresses.items() if found}
        subsets = [{**subset, "ports": content["ports"]}] if subset else []
        labels = {**(service["metadata"].get("labels") or {}), "endpoints.kubernetes.io/managed-by": MANAGER}
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        standing = self._client.get(ENDPOINTS, name)
        if standing is None:
            body = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name.name, "labels": labels}}
            self._client.ensure(ENDPOINTS, name.namespace, {**body, "subsets": subsets})
        elif (standing.get("subsets") or []) != subsets or standing["metadata"].get("labels") != labels:
            self._client.patch(ENDPOINTS, name, {"metadata": {"labels": labels}, "subsets": subsets})

    def _write(self, service: Body, content: Body) -> None:
        name = name_of(service)
        slice_name = Name(name.namespace, f"{name.name}-endpoints")
        standing = self._client.get(SLICES, slice_name)
        if standing is None:
            labels = {
                "kubernetes.io/service-name": name.name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            }
            metadata = {"name": slice_name.name, "labels": labels, "ownerReferences": [owner_reference(service)]}
            self._client.create(
                SLICES,
                name.namespace,
                {
                    "apiVersion": "discovery.k8s.io/v1",
                    "kind": "EndpointSlice",
                    "metadata": metadata,
                    "addressType": "IPv4",
                    **content,
                },
            )
        elif any(standing.get(field, []) != value for field, value in content.items()):
            self._client.patch(SLICES, slice_name, content)


def _serving(pod: Body | None) -> tuple[str, bool] | None:
    if pod is None or (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return None
    address = (pod.get("status") or {}).get("podIP")
    return (address, is_ready(pod)) if address else None


def _endpoint(pod: Body, always: bool) -> Body:
    ending = bool(pod["metadata"].get("deletionTimestamp"))
    ready = is_ready(pod)
    reference = {
        "kind": "Pod",
        "name": pod["metadata"]["name"],
        "namespace": pod["metadata"]["namespace"],
        "uid": pod["metadata"]["uid"],
    }
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": always or (ready and not ending), "serving": ready, "terminating": ending},
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": reference,
    }


def _port(port: Body, pods: list[Body]) -> Body:
    target = port.get("targetPort", port["port"])
    if isinstance(target, str):
        named = (
            each["containerPort"]
            for pod in pods
            for container in pod["spec"]["containers"]
            for each in container.get("ports") or ()
            if each.get("name") == target
        )
        target = next(named, port["port"])
    return {"name": port.get("name", ""), "port": target, "protocol": port.get("protocol", "TCP")}
