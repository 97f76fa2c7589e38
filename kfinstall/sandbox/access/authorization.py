"""Who may do what: RBAC over the roles and bindings that stand (plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.users import User, account_name
from kfinstall.sandbox.server.requests import Request, parse_path
from kfinstall.sandbox.server.status import StatusError, forbidden, not_found, shown
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types.kinds import GroupResource

GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES = GroupResource(GROUP, "clusterroles")
CLUSTER_BINDINGS = GroupResource(GROUP, "clusterrolebindings")
ROLES = GroupResource(GROUP, "roles")
BINDINGS = GroupResource(GROUP, "rolebindings")
VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""Nothing that a browser could take for HTML (apiserver pkg/endpoints/handlers/responsewriters/errors.go)."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What somebody wants to do; path: of what is no resource, "" for a resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def combined(self) -> str:
        """The resource as rules name it, such as pods/log."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def attributes_of(request: Request) -> Attributes:
    """What a request wants (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go)."""
    target = parse_path(request.path)
    if target is None:
        return Attributes(request.method.lower(), path=request.path)
    verb, name = VERBS.get(request.method, ""), target.name
    if not name and verb == "get":
        verb = "watch" if request.flag("watch") else "list"
        field, _, value = request.query.get("fieldSelector", "").replace("==", "=").partition("=")
        name = value if field == "metadata.name" and "," not in value else ""
    elif not name and verb == "delete":
        verb = "deletecollection"
    namespace = target.namespace or (target.name if target.plural == "namespaces" else "")
    return Attributes(verb, target.group, target.plural, target.subresource, namespace, name)


class Authorizer:
    """Answers for the API and for reviews."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, user: User, wanted: Attributes) -> None:
        """Raises StatusError 403."""
        allowed, reason = self.decide(user, wanted)
        if not allowed:
            text = refusal(user, wanted) + (f": {reason}" if reason else "")
            raise forbidden(wanted.group, wanted.resource, wanted.name, text)

    def decide(self, user: User, wanted: Attributes) -> tuple[bool, str]:
        """Whether it is allowed, and by what; or what could not be looked up."""
        if user.is_master:
            return True, ""
        missing: list[str] = []
        for binding, subject in self._bindings(user, wanted.namespace):
            try:
                rules = self.rules_of(binding["roleRef"], binding["metadata"].get("namespace", ""))
            except StatusError as error:
                missing.append(error.message)
                continue
            if any(allows(rule, wanted) for rule in rules):
                return True, f"RBAC: allowed by {_described(binding, subject)}"
        return False, _listed(missing)

    def rules(self, user: User, namespace: str) -> tuple[list[Body], str]:
        """Everything that the user may do in a namespace ("" for cluster-wide rules only), and what is missing."""
        found: list[Body] = []
        missing: list[str] = []
        for binding, _subject in self._bindings(user, namespace):
            try:
                found += self.rules_of(binding["roleRef"], binding["metadata"].get("namespace", ""))
            except StatusError as error:
                missing.append(error.message)
        return found, _listed(missing).removeprefix("RBAC: ")

    def rules_of(self, reference: Body, namespace: str) -> Sequence[Body]:
        """The rules of a binding's role. Raises StatusError 404."""
        cluster = reference["kind"] == "ClusterRole"
        name = Name("" if cluster else namespace, reference["name"])
        role = self._store.get(CLUSTER_ROLES if cluster else ROLES, name)
        if role is None:
            raise not_found(GROUP, reference["kind"].lower(), reference["name"])
        return role.get("rules") or ()

    def _bindings(self, user: User, namespace: str) -> Iterator[tuple[Body, Body]]:
        """The bindings that name the user, each with the subject that does."""
        found = self._store.all(CLUSTER_BINDINGS)
        if namespace:
            found += self._store.all(BINDINGS, namespace)
        for binding in found:
            for subject in binding.get("subjects") or ():
                if _is_named(user, subject, binding["metadata"].get("namespace", "")):
                    yield binding, subject
                    break


def _is_named(user: User, subject: Body, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(user.name == subject["name"])
        case "Group":
            return subject["name"] in user.groups
        case "ServiceAccount":
            return account_name(user.name) == Name(subject.get("namespace") or namespace, subject["name"])
    return False


def allows(rule: Body, wanted: Attributes) -> bool:
    """Whether a rule of a role covers a request (pkg/apis/rbac/v1/evaluation_helpers.go)."""
    verbs = rule.get("verbs") or ()
    if wanted.verb not in verbs and "*" not in verbs:
        return False
    if wanted.path:
        return any(covers_path(each, wanted.path) for each in rule.get("nonResourceURLs") or ())
    groups, resources, names = (rule.get(name) or () for name in ("apiGroups", "resources", "resourceNames"))
    wildcard = {f"*/{wanted.subresource}"} if wanted.subresource else set()
    return (
        (wanted.group in groups or "*" in groups)
        and not {wanted.combined, "*", *wildcard}.isdisjoint(resources)
        and (not names or wanted.name in names)
    )


def covers_path(pattern: str, path: str) -> bool:
    return path == pattern or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def refusal(user: User, wanted: Attributes) -> str:
    who = f"User {shown(user.name)} cannot {wanted.verb}"
    if wanted.path:
        text = f"{who} path {shown(wanted.path)}"
    else:
        where = f"in the namespace {shown(wanted.namespace)}" if wanted.namespace else "at the cluster scope"
        text = f"{who} resource {shown(wanted.combined)} in API group {shown(wanted.group)} {where}"
    return text.translate(ESCAPES)


def _described(binding: Body, subject: Body) -> str:
    metadata, reference = binding["metadata"], binding["roleRef"]
    space = metadata.get("namespace", "")
    bound = f"{metadata['name']}/{space}" if space else metadata["name"]
    name = subject["name"]
    if subject["kind"] == "ServiceAccount":
        name = f"{name}/{subject.get('namespace') or space}"
    role = f"{reference['kind']} {shown(reference['name'])}"
    return f"{binding['kind']} {shown(bound)} of {role} to {subject['kind']} {shown(name)}"


def _listed(missing: list[str]) -> str:
    """As utilerrors.Aggregate prints errors: several in brackets, each once."""
    once = list(dict.fromkeys(missing))
    if not once:
        return ""
    return f"RBAC: {once[0]}" if len(once) == 1 else f"RBAC: [{', '.join(once)}]"
