"""Kubeflow's components: which of them do not work, and versions that do not fit."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import parsed
from kfinstall.facts.kubeflow.components import Component, component_needs, components, standing
from kfinstall.facts.kubeflow.releases import PIPELINES, minor, release_of, released_together
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import DEPLOYMENT, POD, REPLICA_SET, STATEFUL_SET
from kfinstall.facts.objects.moments import between
from kfinstall.words import _, joined

PATIENCE = timedelta(minutes=5)
"""How long a component may take to start."""

SHOWN = 3
RELEASES = "https://www.kubeflow.org/docs/kubeflow-platform/releases/"


def not_working(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each installed component that lacks workloads or has some that are not available."""
    for component in components():
        if standing(component.marks, snapshot):
            down = sorted(set(_down(component, snapshot)))
            if down:
                yield _not_working(component, down, snapshot)


def _down(component: Component, snapshot: Snapshot) -> Iterator[ObjectKey]:
    for name in component.workloads:
        found = standing(name, snapshot)
        if found and _is_down(found[1], snapshot.taken):
            yield found[0]
        for need in component_needs(found[0], snapshot) if found else ():
            if snapshot.get(need) is None:
                yield need


def _is_down(body: Body, taken: str) -> bool:
    """Whether it should have pods, has none that are available, and had time to."""
    wanted = (body.get("spec") or {}).get("replicas", 1)
    status = body.get("status") or {}
    ready = status.get("availableReplicas") or status.get("readyReplicas") or 0
    since = condition(body, "Available").get("lastTransitionTime") or body["metadata"].get("creationTimestamp")
    age = between(since, taken)
    return bool(wanted) and not ready and (age is None or age > PATIENCE)


def _not_working(component: Component, down: list[ObjectKey], snapshot: Snapshot) -> Finding:
    missing = [key for key in down if snapshot.get(key) is None]
    names = joined(key.name for key in down[:SHOWN]) + (" …" if len(down) > SHOWN else "")
    why = _("{names} not there") if missing == down else _("{names} not available")
    return Finding(
        cause="kubeflow-component-down",
        severity=Severity.ERROR,
        title=_("Not working: {component} ({why})").format(component=component.name, why=why.format(names=names)),
        objects=tuple(down),
        remedy=_installed_again() if missing else _look(down[0].namespace),
        evidence=tuple(Evidence(_state(key, snapshot), key) for key in down),
        needs=frozenset(need for key in down for need in component_needs(key, snapshot)) - set(down),
    )


def _installed_again() -> Remedy:
    return Remedy(_("Install what is missing again."), ("kfinstall install",))


def _look(namespace: str) -> Remedy:
    where = f"kubectl -n {namespace}"
    return Remedy(_("Mend its pods; each says what it waits for."), (f"{where} get pods", f"{where} get events"))


def _state(key: ObjectKey, snapshot: Snapshot) -> str:
    body = snapshot.get(key)
    return str(condition(body, "Available").get("message") or _("not available")) if body else _("does not exist")


def old_kubernetes(snapshot: Snapshot) -> Iterator[Finding]:
    """A Kubeflow that needs a newer Kubernetes than this."""
    for key, tag in _tags(snapshot).items():
        release = release_of(tag) if key[1] in PIPELINES else None
        if release and (1, 0) <= minor(snapshot.version) < release.kubernetes:
            needed = ".".join(map(str, release.kubernetes))
            yield Finding(
                cause="kubeflow-kubernetes-too-old",
                severity=Severity.WARNING,
                title=_("Kubeflow {release} needs Kubernetes {needed} or later; this is {version}").format(
                    release=release.kubeflow, needed=needed, version=snapshot.version
                ),
                objects=(),
                evidence=(Evidence(_("Pipelines {tag}").format(tag=tag), key[0]),),
                remedy=Remedy(
                    _("Upgrade the cluster, or install a release of Kubeflow that fits it."), ("kfinstall configs",)
                ),
                docs=RELEASES,
            )


def mixed_versions(snapshot: Snapshot) -> Iterator[Finding]:
    """Parts of one component that are of different releases: an upgrade that was not finished."""
    tags = _tags(snapshot)
    for names in released_together():
        by_tag: dict[str, list[ObjectKey]] = defaultdict(list)
        for (key, name), tag in tags.items():
            if name in names and tag:
                by_tag[tag].append(key)
        if len(by_tag) > 1:
            yield _mixed(by_tag)


def _tags(snapshot: Snapshot) -> dict[tuple[ObjectKey, str], str]:
    """The tag of each image of each workload of Kubeflow, by the last part of the image's name."""
    found: dict[tuple[ObjectKey, str], str] = {}
    for component in components():
        for name in component.workloads:
            stands = standing(name, snapshot)
            template = ((stands[1].get("spec") or {}).get("template") or {}) if stands else {}
            for container in (template.get("spec") or {}).get("containers") or ():
                image = parsed(f'image "{container.get("image")}"')
                if stands and image.get("repository"):
                    found[stands[0], str(image["repository"]).rpartition("/")[2]] = str(image.get("tag") or "")
    return found


def _mixed(by_tag: dict[str, list[ObjectKey]]) -> Finding:
    said = "; ".join(f"{tag}: {', '.join(key.name for key in keys)}" for tag, keys in sorted(by_tag.items()))
    return Finding(
        cause="kubeflow-versions-mixed",
        severity=Severity.WARNING,
        title=_("Parts that are released together have different versions: {versions}").format(versions=said),
        objects=(),
        evidence=tuple(Evidence(tag, key) for tag, keys in sorted(by_tag.items()) for key in keys),
        remedy=Remedy(
            _("Install the release again as a whole: an upgrade was not finished, or a part was changed by hand."),
            ("kfinstall diff", "kfinstall install"),
        ),
        docs=RELEASES,
    )


WORKLOADS = frozenset({DEPLOYMENT, STATEFUL_SET})

CHECKS = (
    Check(
        "kubeflow.components",
        _("Does every component of Kubeflow work?"),
        WORKLOADS,
        not_working,
        also=frozenset({POD, REPLICA_SET}),
    ),
    Check("kubeflow.kubernetes", _("Is the cluster new enough for this Kubeflow?"), WORKLOADS, old_kubernetes),
    Check("kubeflow.versions", _("Are all parts of one release?"), WORKLOADS, mixed_versions),
)
