"""The cells of `kubectl get` (pkg/printers/internalversion/printers.go); custom ones by their JSONPath."""

import datetime
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import Kind, Version

NONE, UNSET = "<none>", "<unset>"


def row_of(body: Body, kind: Kind, version: Version) -> list[Any]:
    """One cell for each column."""
    if kind.custom:
        return [_custom_cell(body, column) for column in version.columns]
    cells = _CELLS.get(kind.kind, _plain)(body)
    return [_cell(body, column["name"], cells) for column in version.columns]


def _cell(body: Body, column: str, cells: Mapping[str, Any]) -> Any:
    if column in cells:
        return cells[column]
    if column == "Name":
        return body["metadata"].get("name", "")
    if column in {"Age", "Created At"}:
        created = body["metadata"].get("creationTimestamp")
        return age(created) if column == "Age" else created
    return ""


def age(moment: str | None) -> str:
    """As k8s.io/apimachinery/pkg/util/duration HumanDuration writes it."""
    if not moment:
        return "<unknown>"
    then = datetime.datetime.fromisoformat(moment)
    return duration(int((datetime.datetime.now(datetime.UTC) - then).total_seconds()))


def duration(seconds: int) -> str:
    """60-119 s in seconds, up to 10 min in minutes and seconds, and so on."""
    seconds = max(0, seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{hours}h" if hours < 48 else f"{days}d"


def _plain(_body: Body) -> Mapping[str, Any]:
    return {}


def _spec(body: Body) -> Mapping[str, Any]:
    return body.get("spec") or {}


def _status(body: Body) -> Mapping[str, Any]:
    return body.get("status") or {}


def _pod(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    containers = status.get("containerStatuses") or ()
    return {
        "Ready": f"{sum(bool(each.get('ready')) for each in containers)}/{len(spec.get('containers') or ())}",
        "Status": pod_reason(body),
        "Restarts": str(sum(each.get("restartCount", 0) for each in containers)),
        "IP": status.get("podIP") or NONE,
        "Node": spec.get("nodeName") or NONE,
        "Nominated Node": status.get("nominatedNodeName") or NONE,
        "Readiness Gates": NONE,
    }


def pod_reason(body: Body) -> str:
    """The status word of a pod."""
    status = _status(body)
    reason = status.get("reason") or status.get("phase") or "Unknown"
    for prefix, name in (("Init:", "initContainerStatuses"), ("", "containerStatuses")):
        for each in status.get(name) or ():
            waiting = (each.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") and waiting["reason"] != "PodInitializing":
                reason = prefix + waiting["reason"]
                break
        if reason.startswith("Init:"):
            break
    if body["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if status.get("phase") == "Succeeded":
        return "Completed"
    return str(reason)


def _images(spec: Mapping[str, Any]) -> dict[str, str]:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    return {
        "Containers": ",".join(each["name"] for each in containers),
        "Images": ",".join(each.get("image", "") for each in containers),
        "Selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or NONE,
    }


def _deployment(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    return {
        "Ready": f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        "Up-to-date": status.get("updatedReplicas", 0),
        "Available": status.get("availableReplicas", 0),
        **_images(spec),
    }


def _replica_set(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    ready = status.get("readyReplicas", 0)
    return {"Desired": spec.get("replicas", 1), "Current": status.get("replicas", 0), "Ready": ready, **_images(spec)}


def _stateful_set(body: Body) -> Mapping[str, Any]:
    return {
        "Ready": f"{_status(body).get('readyReplicas', 0)}/{_spec(body).get('replicas', 1)}",
        **_images(_spec(body)),
    }


def _daemon_set(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    chosen = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector") or {}
    return {
        "Desired": status.get("desiredNumberScheduled", 0),
        "Current": status.get("currentNumberScheduled", 0),
        "Ready": status.get("numberReady", 0),
        "Up-to-date": status.get("updatedNumberScheduled", 0),
        "Available": status.get("numberAvailable", 0),
        "Node Selector": ",".join(f"{key}={value}" for key, value in sorted(chosen.items())) or NONE,
        **_images(spec),
    }


def _job(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    word = "Running"
    for condition in status.get("conditions") or ():
        if condition["status"] == "True" and condition["type"] in {"Complete", "Failed", "Suspended"}:
            word = condition["type"]
    return {
        "Status": word,
        "Completions": f"{status.get('succeeded', 0)}/{spec.get('completions', 1)}",
        "Duration": "",
        **_images(spec),
    }


def _service(body: Body) -> Mapping[str, Any]:
    spec = _spec(body)
    ports = [
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    ]
    pending = "<pending>" if spec.get("type") == "LoadBalancer" else NONE
    selector = spec.get("selector") or {}
    return {
        "Type": spec.get("type", ""),
        "Cluster-IP": spec.get("clusterIP") or NONE,
        "External-IP": spec.get("externalName") or pending,
        "Port(s)": ",".join(ports) or NONE,
        "Selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or NONE,
    }


def _node(body: Body) -> Mapping[str, Any]:
    status, labels = _status(body), body["metadata"].get("labels") or {}
    info = status.get("nodeInfo") or {}
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
    role = "node-role.kubernetes.io/"
    address = next((each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP"), NONE)
    return {
        "Status": ("Ready" if ready else "NotReady")
        + (",SchedulingDisabled" if _spec(body).get("unschedulable") else ""),
        "Roles": ",".join(sorted(key.removeprefix(role) for key in labels if key.startswith(role))) or NONE,
        "Version": info.get("kubeletVersion", ""),
        "Internal-IP": address,
        "External-IP": NONE,
        "OS-Image": info.get("osImage", ""),
        "Kernel-Version": info.get("kernelVersion", ""),
        "Container-Runtime": info.get("containerRuntimeVersion", ""),
    }


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _claim(body: Body) -> Mapping[str, Any]:
    spec, status = _spec(body), _status(body)
    return {
        "Status": "Terminating" if body["metadata"].get("deletionTimestamp") else status.get("phase", ""),
        "Volume": spec.get("volumeName", ""),
        "Capacity": (status.get("capacity") or {}).get("storage", ""),
        "Access Modes": ",".join(_MODES.get(mode, mode) for mode in status.get("accessModes") or ()),
        "StorageClass": spec.get("storageClassName", ""),
        "VolumeAttributesClass": UNSET,
        "VolumeMode": spec.get("volumeMode", ""),
    }


def _volume(body: Body) -> Mapping[str, Any]:
    spec, claim = _spec(body), _spec(body).get("claimRef") or {}
    return {
        "Capacity": (spec.get("capacity") or {}).get("storage", ""),
        "Access Modes": ",".join(_MODES.get(mode, mode) for mode in spec.get("accessModes") or ()),
        "Reclaim Policy": spec.get("persistentVolumeReclaimPolicy", ""),
        "Status": _status(body).get("phase", ""),
        "Claim": f"{claim['namespace']}/{claim['name']}" if claim else "",
        "StorageClass": spec.get("storageClassName", ""),
        "VolumeAttributesClass": UNSET,
        "VolumeMode": spec.get("volumeMode", ""),
    }


def _storage_class(body: Body) -> Mapping[str, Any]:
    default = (body["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    return {
        "Name": body["metadata"]["name"] + (" (default)" if default else ""),
        "Provisioner": body.get("provisioner", ""),
        "ReclaimPolicy": body.get("reclaimPolicy", "Delete"),
        "VolumeBindingMode": body.get("volumeBindingMode", "Immediate"),
        "AllowVolumeExpansion": bool(body.get("allowVolumeExpansion")),
    }


def _event(body: Body) -> Mapping[str, Any]:
    subject = body.get("involvedObject") or {}
    return {
        "Last Seen": age(body.get("lastTimestamp") or body.get("firstTimestamp")),
        "Type": body.get("type", ""),
        "Reason": body.get("reason", ""),
        "Object": f"{str(subject.get('kind', '')).lower()}/{subject.get('name', '')}",
        "Subobject": subject.get("fieldPath", ""),
        "Source": (body.get("source") or {}).get("component", ""),
        "Message": str(body.get("message", "")).strip(),
        "First Seen": age(body.get("firstTimestamp")),
        "Count": body.get("count", 1),
    }


def _endpoint_slice(body: Body) -> Mapping[str, Any]:
    addresses = [address for each in body.get("endpoints") or () for address in each.get("addresses") or ()]
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    return {
        "AddressType": body.get("addressType", ""),
        "Ports": ",".join(str(port.get("port")) for port in body.get("ports") or ()) or UNSET,
        "Endpoints": (",".join(addresses[:3]) + more) or UNSET,
    }


def _role_binding(body: Body) -> Mapping[str, Any]:
    reference, subjects = body.get("roleRef") or {}, body.get("subjects") or ()

    def named(kind: str) -> str:
        found = (each for each in subjects if each["kind"] == kind)
        return ", ".join("/".join(filter(None, (each.get("namespace"), each["name"]))) for each in found)

    return {
        "Role": f"{reference.get('kind')}/{reference.get('name')}",
        "Users": named("User"),
        "Groups": named("Group"),
        "ServiceAccounts": named("ServiceAccount"),
    }


def _resource_quota(body: Body) -> Mapping[str, Any]:
    hard, used = _status(body).get("hard") or {}, _status(body).get("used") or {}
    shown = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    limits = [name for name in shown if name.startswith("limits.")]
    return {
        "Request": ", ".join(text for name, text in shown.items() if name not in limits),
        "Limit": ", ".join(shown[name] for name in limits),
    }


def _cron_job(body: Body) -> Mapping[str, Any]:
    spec, last = _spec(body), _status(body).get("lastScheduleTime")
    template = spec["jobTemplate"]["spec"]
    return {
        **_images(template),
        "Schedule": spec["schedule"],
        "Timezone": spec.get("timeZone", NONE),
        "Suspend": str(bool(spec.get("suspend"))),
        "Active": len(_status(body).get("active") or ()),
        "Last Schedule": age(last) if last else NONE,
    }


def _disruption_budget(body: Body) -> Mapping[str, Any]:
    spec = _spec(body)
    return {
        "Min Available": str(spec.get("minAvailable", "N/A")),
        "Max Unavailable": str(spec.get("maxUnavailable", "N/A")),
        "Allowed Disruptions": _status(body).get("disruptionsAllowed", 0),
    }


def _ingress(body: Body) -> Mapping[str, Any]:
    spec = _spec(body)
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    more = f" + {len(hosts) - 3} more..." if len(hosts) > 3 else ""
    return {
        "Class": spec.get("ingressClassName", NONE),
        "Hosts": ",".join(hosts[:3]) + more or "*",
        "Ports": "80, 443" if spec.get("tls") else "80",
    }


def _autoscaler(body: Body) -> Mapping[str, Any]:
    spec, target = _spec(body), _spec(body)["scaleTargetRef"]
    return {
        "Reference": f"{target['kind']}/{target['name']}",
        "Targets": ", ".join(_metric(metric) for metric in (spec.get("metrics") or ())[:2]) or NONE,
        "MinPods": str(spec.get("minReplicas", UNSET)),
        "MaxPods": spec["maxReplicas"],
        "Replicas": _status(body).get("currentReplicas", 0),
    }


def _metric(metric: Mapping[str, Any]) -> str:
    """Nobody measures here, so that nothing is known of what is used."""
    source: Mapping[str, Any] = next((value for name, value in metric.items() if name != "type"), {})
    target = source.get("target") or {}
    wanted = target.get("averageValue") or target.get("value") or f"{target.get('averageUtilization', '<auto>')}%"
    return f"{source['name']}: <unknown>/{wanted}" if "name" in source else f"<unknown>/{wanted}"


def _selector(selector: Mapping[str, Any] | None) -> str:
    exact = (selector or {}).get("matchLabels") or {}
    return ",".join(f"{name}={value}" for name, value in sorted(exact.items())) or NONE


_CELLS: dict[str, Callable[[Body], Mapping[str, Any]]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Service": _service,
    "Node": _node,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "StorageClass": _storage_class,
    "Event": _event,
    "EndpointSlice": _endpoint_slice,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "ResourceQuota": _resource_quota,
    "CronJob": _cron_job,
    "PodDisruptionBudget": _disruption_budget,
    "Ingress": _ingress,
    "HorizontalPodAutoscaler": _autoscaler,
    "NetworkPolicy": lambda body: {"Pod-Selector": _selector(_spec(body).get("podSelector"))},
    "IngressClass": lambda body: {"Controller": _spec(body).get("controller", ""), "Parameters": NONE},
    "MutatingWebhookConfiguration": lambda body: {"Webhooks": len(body.get("webhooks") or ())},
    "ValidatingWebhookConfiguration": lambda body: {"Webhooks": len(body.get("webhooks") or ())},
    "PriorityClass": lambda body: {
        "Value": body["value"],
        "Global-Default": bool(body.get("globalDefault")),
        "PreemptionPolicy": body.get("preemptionPolicy", ""),
    },
    "Namespace": lambda body: {"Status": _status(body).get("phase", "")},
    "ConfigMap": lambda body: {"Data": len(body.get("data") or {}) + len(body.get("binaryData") or {})},
    "Secret": lambda body: {"Type": body.get("type", ""), "Data": len(body.get("data") or {})},
}

_STEP = re.compile(
    r"""\.([A-Za-z0-9_-]+|\*)|\['([^']+)'\]|\[(\d+|\*)\]|\[\?\(@\.([A-Za-z0-9_.]+)\s*==\s*["']([^"']*)["']\)\]"""
)


def _custom_cell(body: Body, column: Mapping[str, Any]) -> Any:
    if column["name"] == "Name" and "jsonPath" not in column:
        return body["metadata"].get("name", "")
    found = json_path(body, str(column.get("jsonPath", "")).replace("\\.", "\0"))
    if not found:
        return None
    value = found[0]
    if column.get("type") == "date":
        return age(value) if isinstance(value, str) else "<unknown>"
    if column.get("type") in {"integer", "number", "boolean"}:
        return value
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def json_path(value: Any, path: str) -> list[Any]:
    """What the part of JSONPath that printer columns use selects."""
    found = [value]
    for step in _STEP.finditer(path):
        name, quoted, index, key, wanted = step.groups()
        name = (quoted or name or "").replace("\0", ".")
        step_found: list[Any] = []
        for each in found:
            if key:
                step_found += [item for item in each or () if isinstance(item, dict) and str(item.get(key)) == wanted]
            elif isinstance(each, dict) and name in each:
                step_found.append(each[name])
            elif isinstance(each, list) and index:
                step_found += each if index == "*" else each[int(index) : int(index) + 1]
        found = step_found
    return found
