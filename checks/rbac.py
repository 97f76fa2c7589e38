"""Rights that are given to nobody, or that somebody lacks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.fix import Fix, Patch
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Right, Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.cluster.rights import ACCOUNT, applied, can_i, granted, refused_rights, rules
from kfinstall.facts.objects.kinds import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    EVENT,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
)
from kfinstall.facts.objects.owners import command_name, key_of
from kfinstall.words import _, joined

OWN = "system:"
"""What the names of Kubernetes' own bindings begin with; their accounts are made when a controller first needs them."""

BOOTSTRAPPED = "kubernetes.io/bootstrapping"
EVERYWHERE = "default"
"""The service account that every namespace has: to find it elsewhere tells nothing."""

BINDINGS = frozenset({ROLE_BINDING, CLUSTER_ROLE_BINDING})
RBAC = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"


def _bindings(snapshot: Snapshot) -> Iterator[tuple[ObjectKey, Body]]:
    """Those that Kubernetes did not make for itself."""
    for kind in sorted(BINDINGS):
        for body in snapshot.all(kind):
            own = body["metadata"]["name"].startswith(OWN) or BOOTSTRAPPED in (body["metadata"].get("labels") or {})
            if not own:
                yield key_of(kind, body), body


def without_role(snapshot: Snapshot) -> Iterator[Finding]:
    """Bindings to a role that does not exist: they give nothing."""
    for key, body in _bindings(snapshot):
        role = _role(key, body)
        if snapshot.get(role) is None:
            yield Finding(
                cause="rbac-role-missing",
                severity=Severity.WARNING,
                title=_("{binding} gives no rights, because {role} does not exist").format(binding=key, role=role),
                objects=(key,),
                remedy=Remedy(
                    _("Apply the component that has the role again, or delete the binding if nobody needs it."),
                    (f"{_kubectl(key)} get {command_name(key)} -o yaml", f"{_kubectl(key)} delete {command_name(key)}"),
                ),
                evidence=tuple(Evidence(_named(each), key) for each in body.get("subjects") or ()),
                docs=RBAC,
            )


def _role(key: ObjectKey, body: Body) -> ObjectKey:
    reference = body.get("roleRef") or {}
    if reference.get("kind") == ROLE.kind:
        return ObjectKey(*ROLE, key.namespace, str(reference.get("name")))
    return ObjectKey(*CLUSTER_ROLE, "", str(reference.get("name")))


def _named(subject: Body) -> str:
    where = f"{subject['namespace']}/" if subject.get("namespace") else ""
    return f"{subject.get('kind')} {where}{subject.get('name')}"


def _kubectl(key: ObjectKey) -> str:
    return f"kubectl -n {key.namespace}" if key.namespace else "kubectl"


def without_subject(snapshot: Snapshot) -> Iterator[Finding]:
    """Bindings to a service account that sits in another namespace, or whose namespace is gone.

    One that only does not exist yet is no fault: Kubeflow's own manifests bind some that users may make.
    """
    homes: dict[str, list[str]] = defaultdict(list)
    for each in snapshot.all(SERVICE_ACCOUNT):
        homes[each["metadata"]["name"]].append(str(each["metadata"].get("namespace")))
    for key, body in _bindings(snapshot):
        for subject in body.get("subjects") or ():
            account = _account(key, subject)
            if account and snapshot.get(account) is None:
                others = [] if account.name == EVERYWHERE else homes[account.name]
                if others:
                    yield _misplaced(key, body, account, others)
                elif snapshot.get(ObjectKey(*NAMESPACE, "", account.namespace)) is None:
                    yield _nobody(key, account)


def _account(key: ObjectKey, subject: Body) -> ObjectKey | None:
    """A RoleBinding may leave out the namespace and mean its own (kubernetes/pkg/registry/rbac/validation/rule.go)."""
    if subject.get("kind") != SERVICE_ACCOUNT.kind:
        return None
    return ObjectKey(*SERVICE_ACCOUNT, str(subject.get("namespace") or key.namespace), str(subject.get("name")))


def _misplaced(key: ObjectKey, body: Body, account: ObjectKey, homes: list[str]) -> Finding:
    there = joined(f"{home}/{account.name}" for home in sorted(homes))
    fix = _moved(key, body, account, homes[0]) if len(homes) == 1 else None
    return Finding(
        cause="rbac-subject-elsewhere",
        severity=Severity.WARNING,
        title=_("{binding} gives rights to {account}, which does not exist; there is {there}").format(
            binding=key, account=account, there=there
        ),
        objects=(key,),
        remedy=Remedy(
            _("Name the namespace in the binding in which the service account is."),
            (f"{_kubectl(key)} edit {command_name(key)}", _as_account(account._replace(namespace=homes[0]))),
        ),
        docs=RBAC,
        fix=fix,
    )


def _moved(key: ObjectKey, body: Body, account: ObjectKey, home: str) -> Fix:
    subjects = [
        {**each, "namespace": home} if _account(key, each) == account else each for each in body.get("subjects") or ()
    ]
    return Fix(
        title=_("Let {binding} name {namespace}/{name}").format(binding=key, namespace=home, name=account.name),
        patches=(Patch(key, {"subjects": subjects}),),
        risk=_("{namespace}/{name} gets the rights of {role}.").format(
            namespace=home, name=account.name, role=_role(key, body)
        ),
    )


def _as_account(account: ObjectKey) -> str:
    return f"kubectl auth can-i --list --as={ACCOUNT}{account.namespace}:{account.name}"


def _nobody(key: ObjectKey, account: ObjectKey) -> Finding:
    return Finding(
        cause="rbac-subject-missing",
        severity=Severity.INFO,
        title=_("{binding} gives rights to {account}, whose namespace does not exist").format(
            binding=key, account=account
        ),
        objects=(key,),
        remedy=Remedy(
            _("Delete the binding: whoever makes that namespace and account again gets the rights."),
            (f"{_kubectl(key)} delete {command_name(key)}",),
        ),
        docs=RBAC,
    )


def refused(snapshot: Snapshot) -> Iterator[Finding]:
    """Service accounts that were refused something, as events tell."""
    lacking: dict[str, dict[Right, tuple[ObjectKey, str]]] = defaultdict(dict)
    for event in snapshot.all(EVENT):
        message = str(event.get("message") or "")
        if "forbidden" in message and ACCOUNT in message:
            found = classify(message)
            user = str(found.parameters.get("user")) if found else ""
            for right in refused_rights(found.parameters) if found and user.startswith(ACCOUNT) else ():
                lacking[user].setdefault(right, (_about(event), message))
    for user, rights in lacking.items():
        yield _lacking(user, rights)


def _about(event: Body) -> ObjectKey:
    about = event.get("involvedObject") or {}
    group = str(about.get("apiVersion") or "").rpartition("/")[0]
    return ObjectKey(group, str(about.get("kind")), str(about.get("namespace") or ""), str(about.get("name")))


def _lacking(user: str, rights: dict[Right, tuple[ObjectKey, str]]) -> Finding:
    namespace, _separator, name = user.removeprefix(ACCOUNT).partition(":")
    wanted = joined(f"{right.verb} {right.resource}" for right in sorted(rights))
    return Finding(
        cause="rbac-forbidden-verb",
        severity=Severity.ERROR,
        title=_("The service account {namespace}/{name} may not do what it tries: {rights}").format(
            namespace=namespace, name=name, rights=wanted
        ),
        objects=tuple(dict.fromkeys(about for about, _message in rights.values())),
        remedy=Remedy(
            _("Apply the component's roles again. Where they never had this right, grant exactly it."),
            (
                *(can_i(right, user) for right in sorted(rights)),
                applied(granted(f"{name}-more", user, rules(rights), _only_namespace(rights))),
            ),
        ),
        evidence=tuple(Evidence(" ".join(message.split()), about) for about, message in rights.values()),
        docs=RBAC,
    )


def _only_namespace(rights: Iterable[Right]) -> str:
    namespaces = {right.namespace for right in rights}
    return namespaces.pop() if len(namespaces) == 1 else ""


CHECKS = (
    Check(
        "rbac.roles",
        _("Does every role exist that is bound?"),
        BINDINGS | {ROLE, CLUSTER_ROLE},
        without_role,
    ),
    Check(
        "rbac.subjects",
        _("Does every service account exist that has rights?"),
        BINDINGS | {NAMESPACE, SERVICE_ACCOUNT},
        without_subject,
    ),
    Check("rbac.refused", _("May every service account do what it tries?"), frozenset({EVENT}), refused),
)
