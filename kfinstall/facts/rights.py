"""Rights in a cluster: which ones an install needs, how to ask for them, and the smallest role that grants them.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.resource import GroupKind, Resource

GROUP = "rbac.authorization.k8s.io"
ACCOUNT = "system:serviceaccount:"
"""What the user name of a service account begins with; its namespace and its name follow."""

APPLYING = ("create", "get", "list", "patch", "watch")
"""What is done to the objects of an install: applied, and watched until they are ready."""

GRANTING = {"Role": "escalate", "ClusterRole": "escalate", "RoleBinding": "bind", "ClusterRoleBinding": "bind"}
"""What lets somebody write rights that they do not hold: escalate on the role itself, bind on the role referred to."""


class Right(NamedTuple):
    """To do something with a resource; namespace "" is all of them, or that the resource has none."""

    verb: str
    group: str
    resource: str
    namespace: str = ""

    @property
    def question(self) -> str:
        """The command that asks for it."""
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" -n {self.namespace}" if self.namespace else ""
        return f"kubectl auth can-i {self.verb} {name}{where}"


EVERYTHING = Right("*", "*", "*")
"""Who has this needs to be asked for nothing else."""


def needed_rights(manifests: Iterable[Manifest], resources: Mapping[GroupKind, Resource]) -> list[Right]:
    """What applying manifests takes, sorted; kinds that the server does not serve yet are left out."""
    rights: set[Right] = set()
    for manifest in manifests:
        resource = resources.get(GroupKind(manifest.group, manifest.kind))
        if resource is None:
            continue
        namespace = manifest.namespace if resource.namespaced else ""
        rights.update(Right(verb, resource.group, resource.plural, namespace) for verb in APPLYING)
        if manifest.group == GROUP and manifest.kind in GRANTING:
            rights.add(_granting(manifest, resource, namespace))
    return sorted(rights)


def _granting(manifest: Manifest, resource: Resource, namespace: str) -> Right:
    """Asked in the namespace of the binding, wherever its role is (kubernetes/pkg/registry/rbac/escalation_check.go)."""
    verb = GRANTING[manifest.kind]
    bound = str((manifest.body.get("roleRef") or {}).get("kind"))
    return Right(verb, GROUP, resource.plural if verb == "escalate" else f"{bound.lower()}s", namespace)


def review(right: Right) -> Body:
    """The SelfSubjectAccessReview that asks whether the user of the connection has a right."""
    attributes = {"verb": right.verb, "group": right.group, "resource": right.resource, "namespace": right.namespace}
    spec = {"resourceAttributes": {name: value for name, value in attributes.items() if value}}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}


def rules(rights: Iterable[Right]) -> list[dict[str, list[str]]]:
    """The shortest list of rules that grants these rights and no others, in whichever namespace they are bound."""
    verbs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for right in rights:
        verbs[right.group, right.resource].add(right.verb)
    resources: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), names in sorted(verbs.items()):
        resources[group, tuple(sorted(names))].append(resource)
    return [
        {"apiGroups": [group], "resources": named, "verbs": list(names)} for (group, names), named in resources.items()
    ]


def granted(name: str, user: str, rights: Sequence[Right]) -> list[Body]:
    """A role with exactly these rights, and its binding to a user or service account (system:serviceaccount:a:b).

    Within a namespace where all of them lie in one, else for the cluster.
    """
    namespaces = {right.namespace for right in rights}
    namespace = namespaces.pop() if len(namespaces) == 1 else ""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    role = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "rules": rules(rights)}
    binding = {
        "apiVersion": f"{GROUP}/v1",
        "kind": f"{kind}Binding",
        "metadata": metadata,
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name},
        "subjects": [subject(user)],
    }
    return [role, binding]


def subject(user: str) -> dict[str, str]:
    """A user name as a binding has it."""
    namespace, separator, name = user.removeprefix(ACCOUNT).partition(":")
    if user.startswith(ACCOUNT) and separator:
        return {"kind": "ServiceAccount", "namespace": namespace, "name": name}
    return {"apiGroup": GROUP, "kind": "User", "name": user}


def applied(bodies: Sequence[Body]) -> str:
    """One command that applies objects, to copy."""
    import yaml  # noqa: PLC0415 - start-up does without it

    text = yaml.safe_dump_all(bodies, sort_keys=False).rstrip()
    return f"kubectl apply -f - <<'END'\n{text}\nEND"


def refused_rights(parameters: Mapping[str, Any]) -> Iterator[Right]:
    """The right that a refusal names ("User … cannot list resource …"), as the classifier read it."""
    verb, resource = parameters.get("verb"), parameters.get("resource")
    if verb and resource:
        name = "/".join(filter(None, (str(resource), str(parameters.get("subresource") or ""))))
        yield Right(str(verb), str(parameters.get("apiGroup") or ""), name, str(parameters.get("namespace") or ""))
