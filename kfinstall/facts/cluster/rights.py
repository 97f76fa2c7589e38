"""The smallest role that grants some rights, and its binding.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.snapshot import Right
from kfinstall.facts.objects import applyset

GROUP = "rbac.authorization.k8s.io"
ACCOUNT = "system:serviceaccount:"
"""What the user name of a service account begins with; its namespace and its name follow."""

GIVEN = "kfinstall-installer"
"""The name of the roles that whoever installs is given by an administrator."""

APPLYING = ("get", "create", "patch")
"""To look, and to apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/."""

FOLLOWING = ("list", "watch")
"""To see what becomes of what was applied."""

RECORD = tuple(Right(verb, "", "configmaps", applyset.NAMESPACE) for verb in APPLYING)
"""What it takes to remember what was installed."""


def installer_binding(install: str) -> str:
    """The ClusterRoleBinding that makes whoever installs a cluster administrator, where a document says so."""
    return f"kfinstall-{install}-installer"


def can_i(right: Right, user: str) -> str:
    """The command that asks whether a user has a right."""
    name = f"{right.resource}.{right.group}" if right.group else right.resource
    where = f" -n {right.namespace}" if right.namespace else ""
    return f"kubectl auth can-i {right.verb} {name}{where} --as={user}"


def rules(rights: Iterable[Right]) -> list[Body]:
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


def allowed(wanted: Iterable[Body], right: Right) -> bool:
    """Whether some rule allows it on every object (RuleAllows, kubernetes/plugin/pkg/auth/authorizer/rbac)."""
    asked = (("apiGroups", right.group), ("resources", right.resource), ("verbs", right.verb))
    return any(
        not rule.get("resourceNames") and all({"*", value} & set(rule.get(key) or ()) for key, value in asked)
        for rule in wanted
    )


def granted(name: str, user: str, wanted: Sequence[Body], namespace: str = "") -> list[Body]:
    """A role with these rules, and its binding to a user or service account; for the cluster without a namespace."""
    if not namespace:
        return [cluster_role(name, wanted), bound(name, user, name)]
    role = {**cluster_role(name, wanted), "kind": "Role", "metadata": {"name": name, "namespace": namespace}}
    binding = bound(name, user, name, namespace)
    return [role, {**binding, "roleRef": {**binding["roleRef"], "kind": "Role"}}]


def following(applied: Iterable[Right]) -> Iterator[Right]:
    """The rights to wait for what is applied, and to see why it does not come up."""
    for right in applied:
        yield from (replace(right, verb=verb) for verb in FOLLOWING)
        if right.namespace:
            yield from (Right(verb, "", name, right.namespace) for verb in FOLLOWING for name in ("pods", "events"))


def passing_on(manifests: Iterable[Manifest]) -> Iterator[Right]:
    """The rights to apply roles and bindings among them without having all the rights that they give.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
    """
    for manifest in manifests:
        if manifest.group != GROUP:
            continue
        if manifest.kind in {"ClusterRole", "Role"}:
            yield Right("escalate", GROUP, f"{manifest.kind.lower()}s", manifest.namespace)
        elif (manifest.body.get("roleRef") or {}).get("kind") == "Role":
            yield Right("bind", GROUP, "roles", manifest.namespace)
        else:
            yield Right("bind", GROUP, "clusterroles")


def handed_over(user: str, missing: Iterable[Right], absent: Collection[str]) -> list[Body]:
    """What an administrator applies to give a user these rights and no others. absent: namespaces yet to be made."""
    places: dict[str, list[Right]] = defaultdict(list)
    for right in missing:
        places[right.namespace].append(right)
    made = [_namespace(name) for name in sorted(places) if name in absent]
    return [*made, *(body for place in sorted(places) for body in granted(GIVEN, user, rules(places[place]), place))]


def _namespace(name: str) -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def cluster_role(name: str, wanted: Sequence[Body]) -> Body:
    """A ClusterRole with these rules."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": list(wanted),
    }


def bound(name: str, user: str, role: str, namespace: str = "") -> Body:
    """The binding of a ClusterRole to a user or service account, in one namespace or in the whole cluster."""
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [subject(user)],
    }


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
