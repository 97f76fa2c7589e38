"""What whoever installs may not do of what an install has to do, named as rules of RBAC."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.plan import Plan, Verb
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.contracts.snapshot import Right
from kfinstall.engine.planner import served_resources
from kfinstall.errors import ApiError, PlanRefused
from kfinstall.facts.cluster import rights
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.identity import user
from kfinstall.kube.rights import may, rules
from kfinstall.words import _, counted

ANYWHERE = "default"
"""A namespace to ask in for the rights in the whole cluster, which are among those in every namespace."""


@contextmanager
def explained(cluster: Cluster, manifests: Sequence[Manifest], namespace: str) -> Iterator[None]:
    """Raises PlanRefused with all that is missing instead of the API server's first refusal.

    namespace: of manifests that name none.
    """
    try:
        yield
    except ApiError as error:
        if error.status == 403:
            _refuse(cluster, manifests, namespace, error.message)
        raise


def refuse_lacking(cluster: Cluster, plan: Plan) -> None:
    """Raise PlanRefused, before anything is written, when the user may not write what the plan changes."""
    changed = [action.manifest for action in plan.applies if action.verb is not Verb.KEEP]
    if changed:
        _refuse(cluster, changed, ANYWHERE, "")


def _refuse(cluster: Cluster, manifests: Sequence[Manifest], namespace: str, message: str) -> None:
    missing = _missing(cluster, manifests, namespace)
    if not missing:
        return
    raise PlanRefused(
        counted(
            "You may not install this: {count} right is missing.",
            "You may not install this: {count} rights are missing.",
            len(missing),
        ),
        why="\n".join(filter(None, [message, *_lines(missing), _about_roles(manifests)])),
        fix=_("Have a cluster administrator install, or apply what this prints: kfinstall plan -f FILE --rights"),
    )


def handed_over(cluster: Cluster, manifests: Sequence[Manifest], namespace: str) -> list[Body]:
    """What an administrator applies so that the user may install these; nothing where nothing is missing.

    Each right is asked for by itself, which clouds' authorizers answer, too. Raises ClusterError.
    """
    if may(cluster.connection, Right("*", "*", "*")):
        return []
    known = served_resources(manifests, discovery.discover(cluster.connection))
    applied = {*rights.RECORD, *_needed(manifests, known, namespace)}
    needed = {*applied, *rights.following(applied), *rights.passing_on(manifests)}
    missing = [right for right in sorted(needed) if not may(cluster.connection, right)]
    absent = {place for place in {right.namespace for right in missing} if place and not _stands(cluster, place)}
    return rights.handed_over(user(cluster.connection) or "USER", missing, absent)


def _stands(cluster: Cluster, namespace: str) -> bool:
    """Whoever may not look cannot tell, and a namespace that is made where it stands stays as it is."""
    try:
        return cluster.look(f"/api/v1/namespaces/{namespace}") is not None
    except ApiError:
        return False


def _missing(cluster: Cluster, manifests: Sequence[Manifest], namespace: str) -> list[Right]:
    """Nothing where an authorizer does not list what it allows: then only trying tells."""
    everywhere = rules(cluster.connection, ANYWHERE)
    if not everywhere.complete or rights.allowed(everywhere.rules, Right("*", "*", "*")):
        return []
    known = served_resources(manifests, discovery.discover(cluster.connection))
    needed: dict[str, set[Right]] = defaultdict(set)
    for right in (*rights.RECORD, *_needed(manifests, known, namespace)):
        needed[right.namespace].add(right)
    found: list[Right] = []
    for place, wanted in sorted(needed.items()):
        held = rules(cluster.connection, place).rules if place else everywhere.rules
        found += sorted(right for right in wanted if not rights.allowed(held, right))
    return found


def _needed(manifests: Iterable[Manifest], resources: Mapping[GroupKind, Resource], namespace: str) -> Iterator[Right]:
    for manifest in manifests:
        resource = resources.get(GroupKind(manifest.group, manifest.kind))
        if resource:
            place = (manifest.namespace or namespace) if resource.namespaced else ""
            yield from (Right(verb, resource.group, resource.plural, place) for verb in rights.APPLYING)


def _lines(missing: Sequence[Right]) -> Iterator[str]:
    places: dict[str, list[Right]] = defaultdict(list)
    for right in missing:
        places[right.namespace].append(right)
    for place, lacking in places.items():
        yield _("In namespace {name}:").format(name=place) if place else _("In the whole cluster:")
        yield from (f"  {_rule(rule)}" for rule in rights.rules(lacking))


def _rule(rule: Body) -> str:
    return "apiGroups: [{}], resources: [{}], verbs: [{}]".format(
        ", ".join(group or '""' for group in rule["apiGroups"]),
        ", ".join(rule["resources"]),
        ", ".join(rule["verbs"]),
    )


def _about_roles(manifests: Iterable[Manifest]) -> str:
    if not any(manifest.group == rights.GROUP for manifest in manifests):
        return ""
    return _("There are roles to apply: that takes the rights in them as well, or the verbs escalate and bind.")
