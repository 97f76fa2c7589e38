"""Kubeflow's users: their profiles, and what a profile's namespace has to have."""

from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import DEPLOYMENT, NAMESPACE, POD, PROFILE, REPLICA_SET, SERVICE_ACCOUNT
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, joined

CONTROLLER = ObjectKey(*DEPLOYMENT, "kubeflow", "profiles-deployment")
OWNER = "owner"
"""Annotation of a profile's namespace: whose it is (kubeflow/kubeflow, profile-controller)."""

EDITOR = "default-editor"
ACCOUNTS = (EDITOR, "default-viewer")
PATIENCE = timedelta(minutes=2)
"""How long the controller takes for a new profile."""

PROFILES = "https://www.kubeflow.org/docs/components/central-dash/profiles/"
LOGS = "kubectl -n kubeflow logs deployment/profiles-deployment -c manager --tail=50"


def incomplete(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each profile that a user cannot work with."""
    for body in snapshot.all(PROFILE):
        age = between(body["metadata"].get("creationTimestamp"), snapshot.taken)
        fault = _fault(body, snapshot) if age is None or age > PATIENCE else None
        if fault:
            why, remedy, objects = fault
            key = key_of(PROFILE, body)
            yield Finding(
                cause="kubeflow-profile-incomplete",
                severity=Severity.ERROR,
                title=_("The profile {name} cannot be used: {why}").format(name=key.name, why=why),
                objects=(key, *objects),
                remedy=remedy,
                evidence=tuple(_said(body)),
                needs=frozenset({CONTROLLER}),
                docs=PROFILES,
            )


def _fault(body: Body, snapshot: Snapshot) -> tuple[str, Remedy, tuple[ObjectKey, ...]] | None:
    name = body["metadata"]["name"]
    owner = ((body.get("spec") or {}).get("owner") or {}).get("name")
    key = ObjectKey(*NAMESPACE, "", name)
    namespace = snapshot.get(key)
    if not owner:
        return _("it has no owner"), _name_owner(name), ()
    if namespace is None:
        return _("its namespace does not exist"), _look(name), (key,)
    holder = (namespace["metadata"].get("annotations") or {}).get(OWNER)
    if holder != owner:
        why = _("the namespace {name} is not its owner's, {owner}").format(name=name, owner=owner)
        return why, _adopt(name, owner), ()
    missing = [ObjectKey(*SERVICE_ACCOUNT, name, each) for each in ACCOUNTS]
    missing = [account for account in missing if snapshot.knows(SERVICE_ACCOUNT) and not snapshot.get(account)]
    if missing:
        accounts = joined(account.name for account in missing)
        return _("its service accounts {names} are missing").format(names=accounts), _look(name), tuple(missing)
    return None


def _name_owner(name: str) -> Remedy:
    text = _("Name the owner in spec.owner, as the identity provider names the user.")
    return Remedy(text, (f"kubectl edit profile {name}",))


def _look(name: str) -> Remedy:
    return Remedy(
        _("The profile controller makes them; its log says why it has not."), (f"kubectl describe profile {name}", LOGS)
    )


def _adopt(name: str, owner: str) -> Remedy:
    return Remedy(
        _("Give the profile another name, or hand the namespace over if nobody else uses it."),
        (f"kubectl annotate namespace {name} {OWNER}={owner} --overwrite", LOGS),
    )


def _said(body: Body) -> Iterator[Evidence]:
    """What the controller says in the profile's conditions."""
    for each in (body.get("status") or {}).get("conditions") or ():
        if each.get("type") == "Failed" and each.get("message"):
            yield Evidence(str(each["message"]), key_of(PROFILE, body))


CHECKS = (
    Check(
        "kubeflow.profiles",
        _("Can every user work in their profile?"),
        frozenset({PROFILE, NAMESPACE}),
        incomplete,
        also=frozenset({SERVICE_ACCOUNT, DEPLOYMENT, REPLICA_SET, POD}),
    ),
)
