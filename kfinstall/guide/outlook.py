"""What an install would do: looked up at the cluster, told before anything is done."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kfinstall.contracts.check import Phase
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.plan import Apply, Delete, Plan, Verb
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import adapted, notices
from kfinstall.engine.clusters import Unmade, unmade
from kfinstall.engine.host import host_of
from kfinstall.engine.release import NO_NAMESPACE, Release, rendered, resolve
from kfinstall.errors import KfinstallError, PlanRefused
from kfinstall.facts.scheduling.sizing import demand
from kfinstall.model.load import LoadedInstall
from kfinstall.render.renderer import RenderEvent
from kfinstall.words import _, joined

if TYPE_CHECKING:
    from kfinstall.engine.preparation import Preparation

Objects = Mapping[str, Sequence[str]]
"""Application -> its objects, as Kind/name."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """where: the cluster in a line. making: what it takes to have a cluster first, "" where it runs.

    create, change: objects by application. keep: how many stand as wanted already. delete: what goes. size: what the
    pods need together. warnings: with a mark in front. rights: what whoever installs may not do, "" for nothing.
    refused: why this cannot be installed like this, None where it can.
    """

    where: str
    making: str = ""
    create: Objects = field(default_factory=dict)
    change: Objects = field(default_factory=dict)
    keep: int = 0
    delete: Sequence[str] = ()
    size: str = ""
    warnings: Sequence[str] = ()
    rights: str = ""
    refused: KfinstallError | None = None


def outlook(loaded: LoadedInstall, tell: Callable[[str], None] = lambda _doing: None) -> Outlook:
    """Render, look at the cluster, plan, and let the doctor look at the plan; nothing is written.

    tell: what is being done, in a few words. Raises KfinstallError where nothing can be said at all.
    """
    from kfinstall.engine import preparation  # noqa: PLC0415 - imports the client library

    release = resolve(loaded)
    tell(_("Fetching and rendering the release …"))
    rendering = rendered(release, lambda event: tell(doing) if (doing := _begun(event)) else None)
    to_make = unmade(release.install, host_of(release.install.platform.type))
    if to_make:
        return _of_a_cluster_to_come(to_make, release, rendering.manifests)
    tell(_("Looking at the cluster …"))
    cluster = preparation.target(release)
    target = cluster.connection.target
    where = _("Context {context} ({server})").format(context=target.title, server=target.server)
    size = demand(rendering.manifests).arithmetic
    try:
        prepared = preparation.planned(release, cluster, rendering)
    except PlanRefused as error:
        return Outlook(where, size=size, refused=error)
    tell(_("The doctor looks at the plan …"))
    plan = prepared.prepared.plan
    found = [*(f"! {each}" for each in prepared.warnings), *_doctor(prepared)]
    return Outlook(
        joined([where, f"Kubernetes {prepared.prepared.state.version}"]),
        create=_objects(plan, Verb.CREATE),
        change=_objects(plan, Verb.CHANGE),
        keep=plan.count(Verb.KEEP),
        delete=[str(step.action.key) for step in plan.steps if isinstance(step.action, Delete)],
        size=size,
        warnings=list(dict.fromkeys(found)),
        rights=_rights(prepared),
    )


def _begun(event: RenderEvent) -> str:
    """What begins with an event of rendering; "" where something only ended."""
    if event.kind == "fetching":
        return _("Fetching {name} …").format(name=event.subject)
    return _("Rendering {name} …").format(name=event.subject) if event.kind == "rendering" else ""


def _of_a_cluster_to_come(to_make: Unmade, release: Release, manifests: Sequence[Manifest]) -> Outlook:
    making = "\n".join([to_make.told, to_make.offered])
    warnings = [f"! {each}" for each in (*release.warnings, *notices(release.install))]
    wanted = demand(manifests)
    refused: KfinstallError | None = None
    try:
        manifests = adapted(manifests, release.install, Nowhere(release.kfdef.namespace or NO_NAMESPACE))
        warnings += [f"! {each}" for each in to_make.cluster.checked(wanted)]
    except KfinstallError as error:
        refused = error
    objects: dict[str, list[str]] = {}
    for manifest in manifests:
        objects.setdefault(manifest.application, []).append(f"{manifest.kind}/{manifest.name}")
    return Outlook(
        to_make.cluster.title, making, create=objects, size=wanted.arithmetic, warnings=warnings, refused=refused
    )


def _objects(plan: Plan, verb: Verb) -> Objects:
    found: dict[str, list[str]] = {}
    for step in plan.steps:
        if isinstance(step.action, Apply) and step.action.verb is verb:
            manifest = step.action.manifest
            found.setdefault(step.application, []).append(f"{manifest.kind}/{manifest.name}")
    return found


def _doctor(prepared: "Preparation") -> list[str]:
    """The findings of `doctor -f FILE`, a line or two for each."""
    from kfinstall.doctor.looking import at_cluster, checks_of  # noqa: PLC0415 - as above
    from kfinstall.doctor.telling import SEVERITY_MARKS  # noqa: PLC0415 - as above

    planned = [each.manifest for each in prepared.prepared.plan.applies]
    report = at_cluster(prepared.cluster, checks_of(Phase.PRE), planned).report
    lines = []
    for root in report.roots:
        finding = root.finding
        lines.append(f"{SEVERITY_MARKS[finding.severity]} {finding.title} {finding.remedy.text}".strip())
    return lines


def _rights(prepared: "Preparation") -> str:
    from kfinstall.engine.permissions import refuse_lacking  # noqa: PLC0415 - as above

    try:
        refuse_lacking(prepared.cluster, prepared.prepared.plan)
    except PlanRefused as error:
        return str(error)
    return ""


def kinds(objects: Iterable[str]) -> str:
    """How many objects of which kinds, most first: 12 ConfigMap, 4 Deployment."""
    count = Counter(each.partition("/")[0] for each in objects)
    return joined(f"{number} {kind}" for kind, number in count.most_common())


def total(objects: Objects) -> int:
    return sum(map(len, objects.values()))
