"""Nobody grants what they do not have: roles and bindings (pkg/registry/rbac/*/policybased, validation/rule.go)."""

from collections.abc import Iterable, Iterator, Sequence

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.authorization import (
    BINDINGS,
    CLUSTER_BINDINGS,
    CLUSTER_ROLES,
    GROUP,
    ROLES,
    Attributes,
    Authorizer,
    covers_path,
)
from kfinstall.sandbox.access.users import User
from kfinstall.sandbox.server.status import StatusError, forbidden, not_found, shown
from kfinstall.sandbox.types.kinds import Kind

EVERYTHING = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
MEMBERS = {
    "APIGroups": "apiGroups",
    "Resources": "resources",
    "NonResourceURLs": "nonResourceURLs",
    "ResourceNames": "resourceNames",
    "Verbs": "verbs",
}


def check(authorizer: Authorizer, user: User, kind: Kind, body: Body, old: Body | None) -> None:
    """Raises StatusError 403 when a role or a binding gives more than the user has; old: None for a new one."""
    if user.is_master or _only_released(body, old):
        return
    if kind.key in {CLUSTER_ROLES, ROLES}:
        _check_role(authorizer, user, kind, body, old)
    elif kind.key in {CLUSTER_BINDINGS, BINDINGS}:
        _check_binding(authorizer, user, kind, body)


def _only_released(body: Body, old: Body | None) -> bool:
    """Whether only what the garbage collector needs is changed."""
    if old is None:
        return False
    freed = ("ownerReferences", "finalizers", "managedFields")

    def rest(each: Body) -> Body:
        return {**each, "metadata": {name: value for name, value in each["metadata"].items() if name not in freed}}

    return rest(body) == rest(old)


def _check_role(authorizer: Authorizer, user: User, kind: Kind, body: Body, old: Body | None) -> None:
    name, namespace = body["metadata"].get("name", ""), body["metadata"].get("namespace", "")
    addressed = name if old is not None else ""  # the address of a new object does not name it
    if authorizer.decide(user, Attributes("escalate", GROUP, kind.plural, "", namespace, addressed))[0]:
        return
    _confirm(authorizer, user, kind, body, body.get("rules") or ())
    if _collects(body) or _collects(old or {}):
        try:
            _confirm(authorizer, user, kind, body, EVERYTHING)
        except StatusError:
            why = "must have cluster-admin privileges to use the aggregationRule"
            raise forbidden(GROUP, kind.plural, name, why) from None


def _collects(role: Body) -> bool:
    return bool((role.get("aggregationRule") or {}).get("clusterRoleSelectors"))


def _check_binding(authorizer: Authorizer, user: User, kind: Kind, body: Body) -> None:
    reference, namespace = body["roleRef"], body["metadata"].get("namespace", "")
    plural = f"{reference['kind'].lower()}s"
    wanted = Attributes("bind", reference.get("apiGroup", ""), plural, "", namespace, reference["name"])
    if authorizer.decide(user, wanted)[0]:
        return
    try:
        granted = authorizer.rules_of(reference, namespace)
    except StatusError:
        raise not_found(GROUP, kind.plural, reference["name"]) from None  # the API server names the binding's resource
    _confirm(authorizer, user, kind, body, granted)


def _confirm(authorizer: Authorizer, user: User, kind: Kind, body: Body, granted: Iterable[Body]) -> None:
    namespace = body["metadata"].get("namespace", "")
    held, unknown = authorizer.rules(user, namespace)
    missing = [part for rule in granted for part in _parts(rule) if not any(_covers(own, part) for own in held)]
    if not missing:
        return
    listed = "\n".join(sorted({_shown(rule) for rule in _compact(missing)}))
    groups = " ".join(shown(group) for group in user.groups)
    why = (
        f"user {shown(user.name)} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:"
        f"\n{listed}"
    )
    if unknown:
        why += f"; resolution errors: [{unknown}]"
    raise forbidden(GROUP, kind.plural, body["metadata"].get("name", ""), why)


def _parts(rule: Body) -> Iterator[Body]:
    """Rules of one verb and one resource, that together are the rule (BreakdownRule)."""
    for group in rule.get("apiGroups") or ():
        for resource in rule.get("resources") or ():
            for verb in rule["verbs"]:
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames")
                yield from ({**part, "resourceNames": [name]} for name in names) if names else (part,)
    for path in rule.get("nonResourceURLs") or ():
        yield from ({"nonResourceURLs": [path], "verbs": [verb]} for verb in rule["verbs"])


def _covers(own: Body, part: Body) -> bool:
    """Whether a rule that is held includes a part (component-helpers/auth/rbac/validation/policy_comparator.go)."""

    def has(member: str) -> bool:
        held, wanted = own.get(member) or (), part.get(member) or ()
        return "*" in held or set(wanted) <= set(held)

    names = own.get("resourceNames")
    return (
        has("verbs")
        and has("apiGroups")
        and (has("resources") or _covers_subresource(own, part))
        and (not names or bool(part.get("resourceNames") and has("resourceNames")))
        and all(
            any(covers_path(pattern, path) for pattern in own.get("nonResourceURLs") or ())
            for path in part.get("nonResourceURLs") or ()
        )
    )


def _covers_subresource(own: Body, part: Body) -> bool:
    resource = part["resources"][0]
    return "/" in resource and f"*/{resource.partition('/')[2]}" in (own.get("resources") or ())


def _compact(parts: Sequence[Body]) -> list[Body]:
    """Parts that differ by their verb only, as one rule."""
    found: dict[tuple[tuple[str, ...], ...], Body] = {}
    rules = []
    for part in parts:
        if "nonResourceURLs" in part:
            rules.append(part)
            continue
        key = tuple(tuple(part.get(name) or ()) for name in ("apiGroups", "resources", "resourceNames"))
        rule = found.setdefault(key, {**part, "verbs": []})
        rule["verbs"] = [*rule["verbs"], *part["verbs"]]
    return [*rules, *found.values()]


def _shown(rule: Body) -> str:
    """As rbacv1helpers.CompactString prints it."""
    listed = [
        f"{label}:[{' '.join(shown(value) for value in rule[member])}]"
        for label, member in MEMBERS.items()
        if rule.get(member)
    ]
    return "{" + ", ".join(listed) + "}"
