"""What goes wrong on an OpenShift only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.applyset import PART_OF
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import DAEMON_SET, DEPLOYMENT, EVENT, JOB, REPLICA_SET, STATEFUL_SET
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, joined
from platforms.openshift.constraints import Constraint, needs

SCC = GroupKind("security.openshift.io", "SecurityContextConstraints")
REFUSED = "security context constraint"
"""What OpenShift's admission says of a pod that no constraint admits."""

MAKERS = (REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB)

DOCS = "https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html"


@dataclass(frozen=True, slots=True)
class Operator:
    """One of Red Hat's. serves: a kind that it alone brings. own: the Deployment of Kubeflow's that it replaces."""

    title: str
    serves: GroupKind
    own: ObjectKey


ISTIOD = ObjectKey(*DEPLOYMENT, "istio-system", "istiod")
KNATIVE = ObjectKey(*DEPLOYMENT, "knative-serving", "controller")
CERT_MANAGER = ObjectKey(*DEPLOYMENT, "cert-manager", "cert-manager")

OPERATORS = (
    Operator("OpenShift Service Mesh 2", GroupKind("maistra.io", "ServiceMeshControlPlane"), ISTIOD),
    Operator("OpenShift Service Mesh 3", GroupKind("sailoperator.io", "Istio"), ISTIOD),
    Operator("OpenShift Serverless", GroupKind("operator.knative.dev", "KnativeServing"), KNATIVE),
    Operator(
        "cert-manager Operator for Red Hat OpenShift", GroupKind("operator.openshift.io", "CertManager"), CERT_MANAGER
    ),
)


def is_openshift(snapshot: Snapshot) -> bool:
    """Whether the cluster has OpenShift's constraints."""
    return SCC in snapshot.served


def constraints(snapshot: Snapshot) -> Iterator[Finding]:
    """Service accounts without the right to a constraint that admits their pods, and the narrowest that does."""
    lacking: dict[tuple[str, str, Constraint], list[tuple[ObjectKey, Sequence[str]]]] = defaultdict(list)
    for kind in MAKERS:
        for body in snapshot.all(kind):
            key = key_of(kind, body)
            if not _is_refused(key, body, snapshot):
                continue
            pod = ((body.get("spec") or {}).get("template") or {}).get("spec") or {}
            found = needs(pod)
            wanted = max((each.constraint for each in found), default=Constraint.NONROOT)
            reasons = [each.reason for each in found if each.constraint is wanted]
            account = str(pod.get("serviceAccountName") or "default")
            lacking[key.namespace, account, wanted].append((key, reasons))
    for (namespace, account, wanted), refused in lacking.items():
        yield _lacking(namespace, account, wanted, dict(refused))


def _is_refused(key: ObjectKey, body: Body, snapshot: Snapshot) -> bool:
    status = body.get("status") or {}
    if status.get("replicas") or status.get("active") or status.get("currentNumberScheduled"):
        return False
    failure = condition(body, "ReplicaFailure")
    said = [str(failure.get("message") or "")] if failure.get("status") == "True" else []
    said += [each.message for each in snapshot.occurrences(key) if each.reason == "FailedCreate"]
    return any(REFUSED in each for each in said)


def _lacking(namespace: str, account: str, wanted: Constraint, refused: Mapping[ObjectKey, Sequence[str]]) -> Finding:
    return Finding(
        cause="ocp-scc-grant-missing",
        severity=Severity.ERROR,
        title=_("Service account {namespace}/{account} may not use the constraint {scc}, which its pods need").format(
            namespace=namespace, account=account, scc=wanted.scc
        ),
        objects=tuple(refused),
        evidence=tuple(Evidence(joined(reasons), key) for key, reasons in refused.items() if reasons),
        remedy=Remedy(
            _(
                "Grant it, and let the pods be made again. `kfinstall install` with platform.type: openshift grants "
                "what the pods of the release need; anything wider than nonroot-v2 only with platform.widestScc."
            ),
            (f"oc adm policy add-scc-to-user {wanted.scc} -z {account} -n {namespace}",),
        ),
        docs=DOCS,
    )


def operators(snapshot: Snapshot) -> Iterator[Finding]:
    """Operators of Red Hat's beside Kubeflow's own of the same."""
    for operator in OPERATORS:
        own = snapshot.get(operator.own)
        if operator.serves in snapshot.served and own and _is_kubeflows(own):
            yield Finding(
                cause="ocp-operator-twice",
                severity=Severity.WARNING,
                title=_("{operator} is in this cluster, and Kubeflow's own {deployment} is, too").format(
                    operator=operator.title, deployment=f"{operator.own.namespace}/{operator.own.name}"
                ),
                objects=(operator.own,),
                remedy=Remedy(
                    _(
                        "Two of them undo each other's changes to the same definitions and webhooks. Keep one: name "
                        "the application in kubeflow.provided and install again with --prune, or remove the operator."
                    ),
                    ("oc get csv -A",),
                ),
            )


def _is_kubeflows(deployment: Body) -> bool:
    """An operator owns what it makes; that of cert-manager does not say so, and Kubeflow's is known by its label."""
    metadata = deployment["metadata"]
    if metadata.get("namespace") == CERT_MANAGER.namespace:
        return PART_OF in (metadata.get("labels") or {})
    return not metadata.get("ownerReferences")


CHECKS = (
    Check(
        "openshift.constraints",
        _("May every pod use the constraint that it needs?"),
        frozenset(MAKERS),
        constraints,
        also=frozenset({EVENT}),
        docs=DOCS,
        concerns=is_openshift,
    ),
    Check(
        "openshift.operators",
        _("Is there one mesh, one Knative, one cert-manager only?"),
        frozenset({DEPLOYMENT}),
        operators,
        concerns=is_openshift,
    ),
)
