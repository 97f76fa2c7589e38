"""Values that the API server fills into built-in objects (pkg/apis/*/v1/defaults.go).

Every function changes the body that it is given, which is the caller's own.
"""

import base64
from collections.abc import Callable
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import canonical

Fields = dict[str, Any]


def fill(group: str, kind: str, body: Body) -> None:
    """Fill in the defaults of a kind."""
    rule = _RULES.get((group, kind))
    if rule:
        rule(body)


def _set(fields: Fields, **values: Any) -> None:
    for name, value in values.items():
        if fields.get(name) is None:
            fields[name] = value


def pod_spec(spec: Fields) -> None:
    _set(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        _container(container, host_network=bool(spec.get("hostNetwork")))
    for volume in spec.get("volumes") or ():
        _volume(volume)


def _container(container: Fields, *, host_network: bool) -> None:
    _set(container, terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File", resources={})
    _set(container, imagePullPolicy=_pull_policy(str(container.get("image", ""))))
    for port in container.get("ports") or ():
        _set(port, protocol="TCP")
        if host_network:
            _set(port, hostPort=port.get("containerPort"))
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe):
            _probe(container[probe])
    for handler in (container.get("lifecycle") or {}).values():
        if isinstance(handler, dict) and handler.get("httpGet"):
            _set(handler["httpGet"], path="/", scheme="HTTP")
    _variables(container)


def _variables(container: Fields) -> None:
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference:
            _set(reference, apiVersion="v1")
        resource = (variable.get("valueFrom") or {}).get("resourceFieldRef")
        if resource:
            _set(resource, divisor="0")


def _pull_policy(image: str) -> str:
    last = image.rpartition("/")[2]
    name, digest, _ = last.partition("@")
    tag = name.partition(":")[2]
    return "Always" if tag == "latest" or not (tag or digest) else "IfNotPresent"


def _probe(probe: Fields) -> None:
    _set(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if probe.get("httpGet"):
        _set(probe["httpGet"], path="/", scheme="HTTP")
    if probe.get("grpc"):
        _set(probe["grpc"], service="")


def _volume(volume: Fields) -> None:
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        if kind in volume:
            _set(volume[kind], defaultMode=420)
    _field_references((volume.get("downwardAPI") or {}).get("items"))
    if "hostPath" in volume:
        _set(volume["hostPath"], type="")
    for source in (volume.get("projected") or {}).get("sources") or ():
        if "serviceAccountToken" in source:
            _set(source["serviceAccountToken"], expirationSeconds=3600)
        _field_references((source.get("downwardAPI") or {}).get("items"))
    template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
    if template:
        _set(template["spec"], volumeMode="Filesystem")


def _field_references(items: Any) -> None:
    for item in items or ():
        if item.get("fieldRef"):
            _set(item["fieldRef"], apiVersion="v1")
        if item.get("resourceFieldRef"):
            _set(item["resourceFieldRef"], divisor="0")


def _pod(body: Body) -> None:
    _set(body["spec"], enableServiceLinks=True)
    pod_spec(body["spec"])
    for container in (*(body["spec"].get("containers") or ()), *(body["spec"].get("initContainers") or ())):
        resources = container["resources"]
        for name, limit in (resources.get("limits") or {}).items():
            resources.setdefault("requests", {}).setdefault(name, limit)
    for condition in (body.get("status") or {}).get("conditions") or ():
        _set(condition, lastProbeTime=None, lastTransitionTime=None)  # times that Go writes when there are none


def _template(spec: Fields) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _deployment(body: Body) -> None:
    spec = body["spec"]
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec.setdefault("strategy", {})
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy, rollingUpdate={})
        _set(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _template(spec)


def _replica_set(body: Body) -> None:
    _set(body["spec"], replicas=1)
    _template(body["spec"])


def _stateful_set(body: Body) -> None:
    spec = body["spec"]
    _set(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady", serviceName="")
    _set(spec, persistentVolumeClaimRetentionPolicy={})
    _set(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    strategy = spec.setdefault("updateStrategy", {})
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy, rollingUpdate={})
        _set(strategy["rollingUpdate"], partition=0)
    for template in spec.get("volumeClaimTemplates") or ():
        template.setdefault("apiVersion", "v1")
        template.setdefault("kind", "PersistentVolumeClaim")
        _claim(template)
    _template(spec)


def _daemon_set(body: Body) -> None:
    spec = body["spec"]
    _set(spec, revisionHistoryLimit=10)
    strategy = spec.setdefault("updateStrategy", {})
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(strategy, rollingUpdate={})
        _set(strategy["rollingUpdate"], maxUnavailable=1, maxSurge=0)
    template = spec.get("templateGeneration") or 1
    body["metadata"].setdefault("annotations", {}).setdefault("deprecated.daemonset.template.generation", str(template))
    _template(spec)


def job_spec(spec: Fields) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        _set(spec, completions=1, parallelism=1)
    _set(
        spec,
        parallelism=1,
        backoffLimit=6,
        completionMode="NonIndexed",
        suspend=False,
        manualSelector=False,
        podReplacementPolicy="TerminatingOrFailed",
    )
    if spec.get("podFailurePolicy"):
        spec["podReplacementPolicy"] = "Failed"
    _template(spec)


def _job(body: Body) -> None:
    job_spec(body["spec"])


def _cron_job(body: Body) -> None:
    spec = body["spec"]
    _set(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    job = template.setdefault("spec", {})
    _template(job)


def _service(body: Body) -> None:
    spec = body["spec"]
    _set(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "ClientIP":
        _set(spec, sessionAffinityConfig={"clientIP": {"timeoutSeconds": 10800}})
    if spec["type"] != "ExternalName":
        _set(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"} or (spec["type"] == "ClusterIP" and spec.get("externalIPs")):
        _set(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _set(spec, allocateLoadBalancerNodePorts=True)
    for port in spec.get("ports") or ():
        _set(port, protocol="TCP")
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port")


def _claim(body: Body) -> None:
    spec = body.setdefault("spec", {})
    _set(spec, volumeMode="Filesystem", resources={})
    body.setdefault("status", {})["phase"] = body.get("status", {}).get("phase") or "Pending"


def _volume_object(body: Body) -> None:
    _set(body["spec"], persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    if "hostPath" in body["spec"]:
        _set(body["spec"]["hostPath"], type="")
    body.setdefault("status", {})["phase"] = body.get("status", {}).get("phase") or "Pending"


def _secret(body: Body) -> None:
    _set(body, type="Opaque")
    for name, value in (body.pop("stringData", None) or {}).items():
        body.setdefault("data", {})[name] = base64.b64encode(value.encode()).decode()


def _namespace(body: Body) -> None:
    body["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = body["metadata"].get("name", "")
    body.setdefault("status", {}).setdefault("phase", "Active")


def _autoscaler(body: Body) -> None:
    spec = body["spec"]
    _set(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behaviour = spec.get("behavior") or {}
    if behaviour:  # pkg/apis/autoscaling/v2/defaults.go fills in both directions
        up, down = behaviour.setdefault("scaleUp", {}), behaviour.setdefault("scaleDown", {})
        percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
        _set(up, selectPolicy="Max", stabilizationWindowSeconds=0)
        _set(down, selectPolicy="Max")
        if not up.get("policies"):
            up["policies"] = [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent]
        if not down.get("policies"):
            down["policies"] = [percent]


def _binding(body: Body) -> None:
    _set(body["roleRef"], apiGroup="rbac.authorization.k8s.io")
    for subject in body.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            _set(subject, apiGroup="rbac.authorization.k8s.io")


def _endpoint_slice(body: Body) -> None:
    for port in body.get("ports") or ():
        _set(port, name="", protocol="TCP")


def _cluster_role(body: Body) -> None:
    body.setdefault("rules", None)


def _network_policy(body: Body) -> None:
    spec = body["spec"]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            _set(port, protocol="TCP")


def _webhooks(body: Body, *, mutating: bool) -> None:
    for webhook in body.get("webhooks") or ():
        _set(
            webhook,
            failurePolicy="Fail",
            matchPolicy="Equivalent",
            namespaceSelector={},
            objectSelector={},
            timeoutSeconds=10,
        )
        if mutating:
            _set(webhook, reinvocationPolicy="Never")
        service = (webhook.get("clientConfig") or {}).get("service")
        if service:
            _set(service, port=443)
        for rule in webhook.get("rules") or ():
            _set(rule, scope="*")


def _api_service(body: Body) -> None:
    service = (body.get("spec") or {}).get("service")
    if service:
        _set(service, port=443)


def _storage_class(body: Body) -> None:
    _set(body, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _definition(body: Body) -> None:
    spec = body["spec"]
    names = spec.setdefault("names", {})
    kind = str(names.get("kind", ""))
    _set(names, singular=kind.lower(), listKind=f"{kind}List")
    _set(spec, conversion={"strategy": "None"})
    service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service:
        _set(service, port=443)


def _priority_class(body: Body) -> None:
    _set(body, preemptionPolicy="PreemptLowerPriority")


def _quota_or_range(body: Body) -> None:
    for limit in (body.get("spec") or {}).get("limits") or ():
        if limit.get("type") == "Container":
            default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
            request = {**(limit.get("min") or {}), **default, **(limit.get("defaultRequest") or {})}
            limit |= {name: value for name, value in (("default", default), ("defaultRequest", request)) if value}


def _csi_driver(body: Body) -> None:
    _set(
        body["spec"],
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        volumeLifecycleModes=["Persistent"],
        requiresRepublish=False,
        seLinuxMount=False,
    )


def _node(body: Body) -> None:
    status = body.setdefault("status", {})
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = {name: canonical(value) for name, value in status["capacity"].items()}


_RULES: dict[tuple[str, str], Callable[[Body], None]] = {
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "Secret"): _secret,
    ("", "Namespace"): _namespace,
    ("", "Node"): _node,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume_object,
    ("", "LimitRange"): _quota_or_range,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("rbac.authorization.k8s.io", "ClusterRole"): _cluster_role,
    ("rbac.authorization.k8s.io", "RoleBinding"): _binding,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _binding,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): lambda body: _webhooks(body, mutating=True),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): lambda body: _webhooks(body, mutating=False),
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("storage.k8s.io", "StorageClass"): _storage_class,
    ("storage.k8s.io", "CSIDriver"): _csi_driver,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
}
