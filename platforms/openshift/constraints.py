"""The security context constraints (SCC) of OpenShift: which is the narrowest that admits a pod.

https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html; the
constraints themselves are in openshift/cluster-kube-apiserver-operator, bindata/bootkube/scc-manifests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from kfinstall.contracts.manifest import Body
from kfinstall.words import _


class Constraint(IntEnum):
    """From narrow to wide; everybody has restricted-v2, the others have to be granted."""

    RESTRICTED = 0
    NONROOT = 1
    ANYUID = 2
    PRIVILEGED = 3

    @property
    def scc(self) -> str:
        """Its name in the cluster."""
        return ("restricted-v2", "nonroot-v2", "anyuid", "privileged")[self]


@dataclass(frozen=True, slots=True)
class Need:
    """reason: the field of the pod that narrower constraints do not admit."""

    constraint: Constraint
    reason: str


VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
"""The volumes that every constraint admits."""

CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
"""What a container may add under restricted-v2 and nonroot-v2."""

NODE_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


def needs(pod: Body) -> list[Need]:
    """What a pod specification asks for beyond restricted-v2; the widest constraint of these admits it."""
    found = [*_of_pod(pod), *(need for container in _containers(pod) for need in _of_container(container, pod))]
    if max((need.constraint for need in found), default=None) is Constraint.ANYUID:
        found += _beyond_anyuid(pod)
    return found


def _of_pod(pod: Body) -> Iterator[Need]:
    for field in NODE_NAMESPACES:
        if pod.get(field):
            yield Need(Constraint.PRIVILEGED, field)
    for volume in pod.get("volumes") or ():
        for kind in volume.keys() - VOLUMES - {"name"}:
            yield Need(Constraint.PRIVILEGED, _("volume {name} ({kind})").format(name=volume["name"], kind=kind))
    group = (pod.get("securityContext") or {}).get("fsGroup")
    if group is not None:
        yield Need(Constraint.NONROOT, f"fsGroup: {group}")


def _of_container(container: Body, pod: Body) -> Iterator[Need]:
    context = {**(pod.get("securityContext") or {}), **(container.get("securityContext") or {})}
    user = context.get("runAsUser")
    if user is not None:
        yield Need(Constraint.NONROOT if user else Constraint.ANYUID, f"runAsUser: {user}")
    if context.get("allowPrivilegeEscalation"):
        yield Need(Constraint.ANYUID, "allowPrivilegeEscalation")
    yield from (Need(Constraint.PRIVILEGED, field) for field in ("privileged", "seLinuxOptions") if context.get(field))
    profile = (context.get("seccompProfile") or {}).get("type", "RuntimeDefault")
    if profile != "RuntimeDefault":
        yield Need(Constraint.PRIVILEGED, f"seccompProfile: {profile}")
    beyond = sorted(set(_added(context)) - CAPABILITIES)
    if beyond:
        yield Need(Constraint.PRIVILEGED, f"capabilities: {', '.join(beyond)}")
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield Need(Constraint.PRIVILEGED, "hostPort")


def _beyond_anyuid(pod: Body) -> Iterator[Need]:
    """anyuid is older than the v2 constraints: it admits no profile and no capability, not even what those admit."""
    contexts = [pod.get("securityContext") or {}, *(each.get("securityContext") or {} for each in _containers(pod))]
    if any(context.get("seccompProfile") for context in contexts):
        yield Need(Constraint.PRIVILEGED, "seccompProfile")
    if any(_added(context) for context in contexts):
        yield Need(Constraint.PRIVILEGED, "capabilities: NET_BIND_SERVICE")


def _added(context: Body) -> Sequence[str]:
    return (context.get("capabilities") or {}).get("add") or ()


def _containers(pod: Body) -> list[Body]:
    return [*(pod.get("initContainers") or ()), *(pod.get("containers") or ())]
