"""Rights to security context constraints, for exactly the service accounts whose pods need them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.facts.cluster.rights import ACCOUNT, bound, cluster_role, subject
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.transform.profiles import home, profiles
from kfinstall.transform.rights import NOTEBOOKS
from kfinstall.words import _, joined
from platforms.openshift.constraints import Constraint, Need, needs

APPLICATION = "kfinstall/openshift"
MARK = "kfinstall.io/scc"
"""On a pod template: what was granted for it. A new grant changes it, and so the pods are made at once, and not when
their controller, which was refused until then, tries again: up to 16 minutes later."""

RESTARTED = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
"""What rolls out its pods again when its template changes; the template of a Job cannot change."""

INJECT = "sidecar.istio.io/inject"
SIDECAR = Need(Constraint.NONROOT, "istio-proxy, runAsUser: 1337")
"""https://istio.io/latest/docs/ops/deployment/application-requirements/"""

RISKS = {
    Constraint.ANYUID: _("Pods of these service accounts may then run as root in their containers."),
    Constraint.PRIVILEGED: _("Pods of these service accounts may then do everything on the nodes."),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods, and what these ask for beyond restricted-v2."""

    manifest: Manifest
    namespace: str
    account: str
    needs: Sequence[Need]

    @property
    def constraint(self) -> Constraint:
        return max((need.constraint for need in self.needs), default=Constraint.RESTRICTED)

    def __str__(self) -> str:
        reasons = dict.fromkeys(need.reason for need in self.needs if need.constraint is self.constraint)
        line = _("{kind} {namespace}/{name} (service account {account}) needs {scc}: {reasons}")
        return line.format(
            kind=self.manifest.kind, namespace=self.namespace, name=self.manifest.name, account=self.account,
            scc=self.constraint.scc, reasons=joined(reasons),
        )  # fmt: skip


def granted(manifests: Sequence[Manifest], namespace: str, widest: Constraint) -> list[Manifest]:
    """The manifests, and the rights that their pods need.

    The notebooks of every profile have a sidecar. namespace: of objects that name none. widest: what may be granted at
    most. Raises PlanRefused.
    """
    found = {each.manifest.key: each for each in _workloads(manifests, namespace)}
    _refuse_wider([each for each in found.values() if each.constraint > widest])
    marked = [_marked(manifest, found.get(manifest.key)) for manifest in manifests]
    users = profiles(manifests)
    accounts = [(each.constraint, each.namespace, each.account) for each in found.values() if each.constraint]
    accounts += [(SIDECAR.constraint, profile, NOTEBOOKS) for profile in users]
    known = {manifest.key for manifest in manifests}
    added = [Manifest(body, APPLICATION) for body in (*starmap(home, users.items()), *_rights(accounts))]
    return [*(manifest for manifest in added if manifest.key not in known), *marked]


def _workloads(manifests: Sequence[Manifest], namespace: str) -> Iterator[Workload]:
    meshed = {each.name: _labels(each.body).get("istio-injection") for each in manifests if each.kind == "Namespace"}
    for manifest in manifests:
        template = pod_template(manifest.body)
        if template is not None and "." not in manifest.group:
            pod = template["spec"]
            where = manifest.namespace or namespace
            sidecar = [SIDECAR] if _injected(template, meshed.get(where)) else []
            account = pod.get("serviceAccountName") or "default"
            yield Workload(manifest, where, account, [*needs(pod), *sidecar])


def _refuse_wider(workloads: Sequence[Workload]) -> None:
    if workloads:
        most = max(each.constraint for each in workloads)
        raise PlanRefused(
            _("Some pods need a wider security context constraint than may be granted."),
            why="\n".join(map(str, workloads)),
            fix=_("Allow it with: --set platform.widestScc={scc}. {risk}").format(scc=most.scc, risk=RISKS[most]),
        )


def _rights(accounts: Iterable[tuple[Constraint, str, str]]) -> Iterator[Body]:
    """A role for each constraint, and a binding for each namespace with the service accounts that need it."""
    found: dict[Constraint, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for constraint, namespace, account in accounts:
        found[constraint][namespace].add(f"{ACCOUNT}{namespace}:{account}")
    for constraint, places in sorted(found.items()):
        name = f"kfinstall-scc-{constraint.scc}"
        rule = {
            "apiGroups": ["security.openshift.io"], "resources": ["securitycontextconstraints"],
            "resourceNames": [constraint.scc], "verbs": ["use"],
        }  # fmt: skip
        yield cluster_role(name, [rule])
        for namespace, users in sorted(places.items()):
            binding = bound(name, next(iter(users)), name, namespace)
            yield {**binding, "subjects": [subject(user) for user in sorted(users)]}


def _marked(manifest: Manifest, workload: Workload | None) -> Manifest:
    if workload is None or not workload.constraint or manifest.kind not in RESTARTED:
        return manifest
    spec = manifest.body["spec"]
    metadata = spec["template"].get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), MARK: workload.constraint.scc}
    template = {**spec["template"], "metadata": {**metadata, "annotations": annotations}}
    return Manifest({**manifest.body, "spec": {**spec, "template": template}}, manifest.application)


def _injected(template: Body, namespace: str | None) -> bool:
    """Whether Istio puts its proxy beside the pod: the pod's word counts more than that of its namespace."""
    metadata = template.get("metadata") or {}
    word = _labels(template).get(INJECT) or (metadata.get("annotations") or {}).get(INJECT)
    return word == "true" if word else namespace == "enabled"


def _labels(body: Body) -> Mapping[str, str]:
    return (body.get("metadata") or {}).get("labels") or {}
