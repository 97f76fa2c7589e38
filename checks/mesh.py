"""Istio's sidecars: pods that should have one and were started without."""

from collections import defaultdict
from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.kubeflow.components import ISTIOD
from kfinstall.facts.objects.kinds import DEPLOYMENT, MUTATING, NAMESPACE, POD, PROFILE, REPLICA_SET
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, counted

PROXY = "istio-proxy"
INJECTED = "istio-injection"
"""Label of a namespace whose pods get a sidecar: enabled, or disabled."""

WANTED = "sidecar.istio.io/inject"
"""Label or annotation of a pod: "false" for one that gets none."""

AMBIENT = "istio.io/dataplane-mode"
REVISION = "istio.io/rev"
INJECTOR = "sidecar-injector.istio.io"
"""What the names of the webhooks that inject end in."""

DOCS = "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"


def without_sidecar(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that run without a sidecar, in namespaces that want one, in a cluster where others have one."""
    wanting = {
        namespace["metadata"]["name"]
        for namespace in snapshot.all(NAMESPACE)
        if (namespace["metadata"].get("labels") or {}).get(INJECTED) == "enabled"
    }
    lacking: dict[str, list[ObjectKey]] = defaultdict(list)
    for pod in snapshot.all(POD):
        namespace = str(pod["metadata"].get("namespace"))
        if namespace in wanting and _wants(pod) and not _has_sidecar(pod):
            lacking[namespace].append(key_of(POD, pod))
    used = any(_has_sidecar(pod) for pod in snapshot.all(POD) if pod["metadata"].get("namespace") in wanting)
    for namespace, pods in lacking.items() if used else ():
        yield _outside(namespace, pods)


def _wants(pod: Body) -> bool:
    metadata = pod["metadata"]
    marks = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    runs = (pod.get("status") or {}).get("phase") == "Running"
    return runs and marks.get(WANTED) != "false" and not (pod.get("spec") or {}).get("hostNetwork")


def _has_sidecar(pod: Body) -> bool:
    """Among the containers, or among the init containers that run on (native sidecars)."""
    spec = pod.get("spec") or {}
    return any(
        each.get("name") == PROXY for field in ("containers", "initContainers") for each in spec.get(field) or ()
    )


def _outside(namespace: str, pods: list[ObjectKey]) -> Finding:
    explained = explanation("istio-rbac-denied", {"namespace": namespace})
    return Finding(
        cause=explained.cause,
        severity=Severity.WARNING,
        title=_("{pods} in {namespace} without Istio's sidecar: others refuse what they send").format(
            pods=counted("{count} pod runs", "{count} pods run", len(pods)), namespace=namespace
        ),
        objects=tuple(pods),
        remedy=Remedy(
            _("They were started before injection was on, or while istiod did not answer: start them again."),
            (f"kubectl -n {namespace} rollout restart deployment,statefulset",),
        ),
        docs=DOCS,
    )


def no_injector(snapshot: Snapshot) -> Iterator[Finding]:
    """Istio without the webhook that injects: every pod that is made now is outside of the mesh."""
    namespaces = [body for body in snapshot.all(NAMESPACE) if _is_injected(body)]
    names = [each.get("name") for body in snapshot.all(MUTATING) for each in body.get("webhooks") or ()]
    if namespaces and snapshot.get(ISTIOD) and not any(str(name).endswith(INJECTOR) for name in names):
        yield Finding(
            cause="istio-injector-missing",
            severity=Severity.WARNING,
            title=_("Nobody gives pods Istio's sidecar: the webhook of the injector is missing"),
            objects=tuple(key_of(NAMESPACE, body) for body in namespaces),
            remedy=Remedy(
                _("Install Istio again, and start the pods of these namespaces anew once istiod runs."),
                ("kfinstall install", "kubectl get mutatingwebhookconfigurations"),
            ),
            evidence=tuple(
                Evidence(_("wants sidecars ({label}=enabled)").format(label=INJECTED), key_of(NAMESPACE, body))
                for body in namespaces
            ),
            docs=DOCS,
        )


def _is_injected(body: Body) -> bool:
    return (body["metadata"].get("labels") or {}).get(INJECTED) == "enabled"


def profile_outside(snapshot: Snapshot) -> Iterator[Finding]:
    """Namespaces of profiles that are not in the mesh: the dashboard and Pipelines refuse what comes from there."""
    for profile in snapshot.all(PROFILE) if snapshot.get(ISTIOD) else ():
        key = ObjectKey(*NAMESPACE, "", profile["metadata"]["name"])
        namespace = snapshot.get(key)
        labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
        if namespace and labels.get(INJECTED) != "enabled" and not {REVISION, AMBIENT} & labels.keys():
            yield Finding(
                cause="istio-rbac-denied",
                severity=Severity.WARNING,
                title=_("The profile {name} is not in Istio's mesh: its namespace lacks {label}=enabled").format(
                    name=key.name, label=INJECTED
                ),
                objects=(key,),
                remedy=Remedy(
                    _("Label the namespace, and start its pods again."),
                    (
                        f"kubectl label namespace {key.name} {INJECTED}=enabled --overwrite",
                        f"kubectl -n {key.name} rollout restart deployment,statefulset",
                    ),
                ),
                docs=DOCS,
            )


CHECKS = (
    Check(
        "mesh.sidecars",
        _("Does every pod of the mesh have its sidecar?"),
        frozenset({POD, NAMESPACE}),
        without_sidecar,
    ),
    Check(
        "mesh.injector",
        _("Does somebody give pods their sidecars?"),
        frozenset({NAMESPACE, MUTATING, DEPLOYMENT}),
        no_injector,
        also=frozenset({POD, REPLICA_SET}),
    ),
    Check(
        "mesh.profiles",
        _("Is every profile in the mesh?"),
        frozenset({NAMESPACE, DEPLOYMENT, PROFILE}),
        profile_outside,
    ),
)
