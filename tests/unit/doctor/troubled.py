"""A small cluster in which nearly everything is wrong that a check knows of; whoever adds a check adds its trouble."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.snapshot import Collected
from tests.unit.doctor.clusters import body, event, pod, snapshot, unschedulable, waiting
from tests.unit.doctor.nodes import READY, node, refused, stateful_set


def troubled() -> list[Body]:
    return [
        *_images(),
        *_storage(),
        *_volumes(),
        *_mounts(),
        *_proxies(),
        *_networking(),
        *_ways(),
        *_access(),
        *_scheduling(),
        *_nodes(),
        *_quotas(),
        *_workloads(),
        *_cluster(),
        *_rights(),
        *_kubeflow(),
        *_platforms(),
    ]


def troubled_cluster() -> Collected:
    """It is of every platform at once."""
    constraints = GroupKind("security.openshift.io", "SecurityContextConstraints")
    return replace(snapshot(*troubled()), served={constraints: "securitycontextconstraints"})


def _images() -> Iterator[Body]:
    message = 'failed to pull image "quay.io/a/b:1": dial tcp: lookup quay.io on 10.0.0.2:53: no such host'
    yield pod("no-dns", status=waiting("ErrImagePull", message, "quay.io/a/b:1"))
    backing_off = pod("limited", status=waiting("ImagePullBackOff", "Back-off pulling image", "nginx:1"))
    yield backing_off
    yield event(backing_off, "Failed", 'Failed to pull image "nginx:1": 429 Too Many Requests - toomanyrequests')
    large = pod("large-image", status=waiting("ContainerCreating", image="a:9"))
    yield large
    yield event(large, "Pulling", 'Pulling image "a:9"')
    yield event(pod("asks-much"), "Failed", "API rate limit exceeded for 203.0.113.7")


def _claim(name: str, phase: str = "Pending", status: Body | None = None, **spec: Any) -> Body:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}, **spec}
    return body("PersistentVolumeClaim", name, "kubeflow", spec=spec, status={"phase": phase, **(status or {})})


def _mounting(name: str, claim: str, node: str = "", phase: str = "Pending") -> Body:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    return pod(name, status={"phase": phase}, volumes=volumes, nodeName=node)


def _storage() -> Iterator[Body]:
    yield _claim("data")
    yield _claim("gone", storageClassName="nowhere")
    yield body("StorageClass", "essd", group="storage.k8s.io", provisioner="diskplugin.csi.alibabacloud.com")
    yield _claim("unmade", storageClassName="essd")
    yield body("StorageClass", "nfs", group="storage.k8s.io", provisioner="acme/nfs")
    containers = [{"name": "c", "image": "quay.io/external_storage/nfs-client-provisioner:v3", "args": ["acme/nfs"]}]
    yield pod("nfs", containers=containers)
    yield _claim("by-hand", storageClassName="manual")
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany"], "storageClassName": "manual"}
    yield body("PersistentVolume", "small", spec=spec, status={"phase": "Released"})
    yield _claim("lost", "Lost", volumeName="gone")
    pending = {"type": "ControllerResizeError", "status": "True", "message": "quota exceeded"}
    yield _claim("grows", "Bound", {"capacity": {"storage": "1Gi"}, "conditions": [pending]})


def _volumes() -> Iterator[Body]:
    rule = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["c"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    yield body("PersistentVolume", "elsewhere", spec={"nodeAffinity": affinity}, status={"phase": "Bound"})
    yield _claim("far", "Bound", volumeName="elsewhere")
    yield _mounting("homeless", "far")
    yield _claim("alone", "Bound", accessModes=["ReadWriteOncePod"], volumeName="elsewhere")
    yield from (_mounting("first", "alone", "laptop", "Running"), _mounting("second", "alone"))
    yield _claim("held", "Bound", volumeName="elsewhere")
    yield _mounting("holder", "held", "laptop", "Running")
    waits = _mounting("waits", "held", "desktop")
    yield waits
    yield event(
        waits, "FailedAttachVolume", 'Multi-Attach error for volume "elsewhere" Volume is already used by pod(s)'
    )


def _mounts() -> Iterator[Body]:
    issued = {"secretName": "certs", "issuerRef": {"name": "self", "kind": "Issuer"}}
    yield body("Certificate", "webhook", "kubeflow", group="cert-manager.io", spec=issued)
    volumes = [{"name": "cert", "secret": {"secretName": "certs"}}]
    webhook = pod("webhook", status=waiting("ContainerCreating"), volumes=volumes)
    yield webhook
    words = 'MountVolume.SetUp failed for volume "cert" : secret "certs" not found'
    yield event(webhook, "FailedMount", words)
    sock = pod("sock", status=waiting("ContainerCreating"))
    yield sock
    words = 'MountVolume.SetUp failed for volume "s" : hostPath type check failed: /var/run/docker.sock is not a socket'
    yield event(sock, "FailedMount", words)
    yield pod("silent", status={"phase": "Pending", "startTime": "2026-01-01T00:00:00Z"}, nodeName="laptop")


def _proxies() -> Iterator[Body]:
    yield node("direct")
    env = [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]
    template = {"spec": {"containers": [{"name": "dex", "image": "dex:1", "env": env}]}}
    yield body("Deployment", "dex", "auth", group="apps", spec={"template": template})
    message = 'failed to pull image "ghcr.io/a/b:1": dial tcp: lookup ghcr.io on 10.0.0.2:53: no such host'
    yield pod("by-itself", status=waiting("ErrImagePull", message, "ghcr.io/a/b:1"), nodeName="direct")


def _networking() -> Iterator[Body]:
    lonely = pod("lonely", status=waiting("ContainerCreating"), nodeName="laptop")
    yield lonely
    yield event(lonely, "FailedCreatePodSandBox", "failed to assign an IP address to container")
    labels = {"k8s-app": "kube-dns"}
    yield body("Service", "kube-dns", "kube-system", labels=labels, spec={"selector": labels})
    ports = [{"port": 80, "nodePort": 31380}]
    for name in ("gateway", "gateway-again"):
        yield body("Service", name, "istio-system", spec={"type": "LoadBalancer", "ports": ports}, status={})
    route = {"destination": {"host": "nobody.kubeflow.svc.cluster.local"}}
    yield body("VirtualService", "v", "kubeflow", group="networking.istio.io", spec={"http": [{"route": [route]}]})


def _ways() -> Iterator[Body]:
    """To pods, and from outside."""
    yield body("Service", "astray", "kubeflow", spec={"selector": {"app": "renamed"}})
    selected = pod("closed")
    selected["metadata"]["labels"] = {"app": "closed"}
    yield selected
    ports = [{"port": 80, "targetPort": "web"}]
    yield body("Service", "closed", "kubeflow", spec={"selector": {"app": "closed"}, "ports": ports})
    policy = {"podSelector": {"matchLabels": {"app": "closed"}}, "policyTypes": ["Ingress"]}
    yield body("NetworkPolicy", "deny", "kubeflow", group="networking.k8s.io", spec=policy)
    noted = {"ingress.kubernetes.io/backends": '{"k8s1-gateway": "UNHEALTHY"}'}
    spec = {"ingressClassName": "absent", "defaultBackend": {"service": {"name": "closed"}}}
    yield body("Ingress", "door", "kubeflow", group="networking.k8s.io", annotations=noted, spec=spec)
    refused = {"type": "Accepted", "status": "False", "reason": "InvalidParameters", "message": "no such address"}
    yield body("Gateway", "door", "kubeflow", group="gateway.networking.k8s.io", status={"conditions": [refused]})
    domains = [{"domain": "kf.example.com", "status": "FailedNotVisible"}]
    yield body("ManagedCertificate", "kf", "kubeflow", group="networking.gke.io", status={"domainStatus": domains})


def _access() -> Iterator[Body]:
    yield body("Service", "istio-ingressgateway", "istio-system", spec={"type": "NodePort"})
    servers = [{"port": {"number": 80, "protocol": "HTTP"}}]
    tls = [{"hosts": ["kf.example.com"], "secretName": "nowhere"}]
    yield body("Ingress", "way", "kubeflow", group="networking.k8s.io", spec={"tls": tls})
    yield body("Gateway", "kubeflow-gateway", "kubeflow", group="networking.istio.io", spec={"servers": servers})
    containers = [{"name": "main", "image": "a:1"}]
    template = {"spec": {"containers": containers}}
    yield body("Deployment", "volumes-web-app-deployment", "kubeflow", group="apps", spec={"template": template},
               status={"availableReplicas": 1})  # fmt: skip


def _scheduling() -> Iterator[Body]:
    allocatable = {"cpu": "2", "memory": "4Gi", "pods": "110"}
    status = {"allocatable": allocatable, "capacity": allocatable, "conditions": [{"type": "Ready", "status": "True"}]}
    yield body("Node", "laptop", status=status, spec={})
    wants = [{"name": "main", "image": "a:1", "resources": {"requests": {"cpu": "4", "memory": "1Gi"}}}]
    message = (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful."
    )
    yield pod("large", status=unschedulable(message), containers=wants)
    yield pod("choosy", status=unschedulable(message), nodeSelector={"disk": "ssd"}, containers=wants)


def _nodes() -> Iterator[Body]:
    lost = {"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."}
    taint = {"key": "team", "value": "a", "effect": "NoSchedule"}
    yield node("lost", taints=[taint], conditions=[lost], cpu="4")
    full = {"type": "DiskPressure", "status": "True", "message": "kubelet has disk pressure"}
    old = node("old", cordoned=True, conditions=[READY, full], kubelet="v1.20.1", cpu="4")
    yield old
    yield event(old, "CgroupV1", "cgroup v1 detected.")
    yield body(
        "Lease", "old", "kube-node-lease", group="coordination.k8s.io", spec={"renewTime": "2026-01-01T00:00:00Z"}
    )
    yield node("gpu", labels={"nvidia.com/gpu.product": "T4"}, cpu="4")
    yield node("amd", cpu="4", capacity={"amd.com/gpu": "2"}, devices={"amd.com/gpu": "1"})
    yield refused("train", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", requests={"nvidia.com/gpu": "1"})


def _quotas() -> Iterator[Body]:
    used, hard = {"requests.cpu": "3"}, {"requests.cpu": "3"}
    yield body("ResourceQuota", "small", "team", status={"used": used, "hard": hard})
    for name, message in (
        ("large", "exceeded quota: small, requested: requests.cpu=1, used: requests.cpu=3, limited: requests.cpu=3"),
        ("urgent", "no PriorityClass with name urgent was found"),
    ):
        owner = stateful_set(name, "team", status={"replicas": 0})
        yield owner
        yield event(owner, "FailedCreate", f'pods "{name}-0" is forbidden: {message}')


def _workloads() -> Iterator[Body]:
    crashing = pod("crashing", status=waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container"))
    crashing["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"exitCode": 1, "message": "panic"}}
    yield crashing
    killed = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:09:00Z"}
    entry = {"name": "main", "image": "a:1", "state": {"running": {}}, "lastState": {"terminated": killed}}
    status = {"phase": "Running", "containerStatuses": [entry], "conditions": [{"type": "Ready", "status": "False"}]}
    limited = [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}]
    yield pod("hungry", status=status, containers=limited)
    yield pod("lost", status=status, nodeName="gone-away")
    yield body("Node", "gone-away", spec={}, status={"conditions": [{"type": "Ready", "status": "Unknown"}]})
    yield pod("evicted", status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: x."})
    going = pod("going", status={"phase": "Running"}, nodeName="laptop")
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/keep"]}
    yield going
    refused = {"type": "ReplicaFailure", "status": "True", "message": 'violates PodSecurity "restricted:latest": x'}
    replicas = {"spec": {"replicas": 1}, "status": {"replicas": 0, "conditions": [refused]}}
    yield body("ReplicaSet", "refused", "kubeflow", group="apps", **replicas)
    unseen = body("Deployment", "unseen", "kubeflow", group="apps", spec={"replicas": 1})
    unseen["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    yield unseen
    given_up = {"type": "Failed", "status": "True", "message": "reached the specified backoff limit"}
    yield body("Job", "given-up", "kubeflow", group="batch", status={"conditions": [given_up]})


def _cluster() -> Iterator[Body]:
    service = {"namespace": "kubeflow", "name": "unserved", "port": 443}
    rules = [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    hook = {"name": "a.example.com", "clientConfig": {"service": service, "caBundle": "eA=="}, "rules": rules}
    yield body("MutatingWebhookConfiguration", "a", group="admissionregistration.k8s.io", webhooks=[hook])
    yield body("Service", "unserved", "kubeflow", spec={"ports": [{"port": 443}]})
    dead = {"type": "Available", "status": "False", "reason": "ServiceNotFound", "message": "not found"}
    spec = {"group": "metrics.k8s.io", "service": {"namespace": "kube-system", "name": "metrics-server"}}
    status = {"conditions": [dead]}
    yield body("APIService", "v1beta1.metrics.k8s.io", group="apiregistration.k8s.io", spec=spec, status=status)
    expired = {"notAfter": "2025-12-31T00:00:00Z", "conditions": [{"type": "Ready", "status": "True"}]}
    yield body("Certificate", "expired", "kubeflow", group="cert-manager.io", spec={}, status=expired)
    request = body(
        "CertificateSigningRequest", "csr", group="certificates.k8s.io", spec={"signerName": "example.com/x"}
    )
    request["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    yield {**request, "status": {"conditions": [{"type": "Approved", "status": "True"}]}}
    client = {"service": {"namespace": "kubeflow", "name": "converter"}}
    versions = [{"name": "v1", "served": True}, {"name": "v2", "served": True}]
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client}}
    taken = {"type": "NamesAccepted", "status": "False", "reason": "PluralConflict", "message": "is already in use"}
    state = {"conditions": [taken], "storedVersions": ["v1alpha1", "v1"]}
    defined = {"group": "example.com", "versions": versions, "conversion": conversion}
    yield body("CustomResourceDefinition", "as.example.com", group="apiextensions.k8s.io", spec=defined, status=state)
    remaining = "Some resources are remaining: inferenceservices.serving.kserve.io has 1 resource instances"
    held = {"conditions": [{"type": "NamespaceContentRemaining", "status": "True", "message": remaining}]}
    yield body("Namespace", "ending", deletionTimestamp="2026-01-01T00:00:00Z", status=held)
    model = body("InferenceService", "model", "ending", group="serving.kserve.io")
    model["metadata"]["finalizers"] = ["inferenceservice.finalizers"]
    yield model


def _rights() -> Iterator[Body]:
    group = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": "a", "namespace": "nowhere"}
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": "gone"}
    yield body("ClusterRoleBinding", "bound", group=group, roleRef=reference, subjects=[subject])
    who = "system:serviceaccount:kubeflow:katib-ui"
    message = f'pods is forbidden: User "{who}" cannot list resource "pods" in API group "" in the namespace "alice"'
    yield event(pod("asking"), "FailedList", message)


def _kubeflow() -> Iterator[Body]:
    for name, image in (("ml-pipeline", "kfp-api-server:2.15.0"), ("ml-pipeline-ui", "kfp-frontend:2.3.0")):
        containers = [{"name": "main", "image": f"ghcr.io/kubeflow/{image}"}]
        spec = {"replicas": 1, "template": {"spec": {"containers": containers}}}
        yield body("Deployment", name, "kubeflow", group="apps", spec=spec, status={"replicas": 1})
    yield body("Deployment", "istiod", "istio-system", group="apps", spec={"replicas": 1}, status={"replicas": 1})
    yield body("Namespace", "mesh", labels={"istio-injection": "enabled"})
    yield body("Profile", "alice", group="kubeflow.org", spec={"owner": {"name": "alice@example.com"}})
    yield body("Namespace", "alice", annotations={"owner": "alice@example.com"})
    running = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    yield pod("inside", "mesh", status=running, containers=[{"name": "istio-proxy"}])
    yield pod("outside", "mesh", status=running)
    yield body("Notebook", "work", "alice", group="kubeflow.org", status={})
    yield pod("jupyter-alice-40example-2ecom")


def _platforms() -> Iterator[Body]:
    """What only the platforms' own checks know of."""
    labels = {"minikube.k8s.io/name": "lab", "alibabacloud.com/nodepool-id": "np1"}
    yield node("docker-desktop", labels=labels, cpu="4")
    for name in ("first", "second"):
        yield body("Service", name, "ml", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    yield body(
        "StorageClass", "standard", group="storage.k8s.io", annotations=default, provisioner="k8s.io/minikube-hostpath"
    )
    message = 'pods "web-" is forbidden: unable to validate against any security context constraint: []'
    failure = {"type": "ReplicaFailure", "status": "True", "message": message}
    constrained = {"serviceAccountName": "runner", "containers": [{"name": "c", "securityContext": {"runAsUser": 0}}]}
    spec = {"replicas": 1, "template": {"spec": constrained}}
    yield body("ReplicaSet", "web", "ml", group="apps", spec=spec, status={"replicas": 0, "conditions": [failure]})
