"""What the chosen cluster offers for questions about it: GPUs, storage classes, nodes."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kfinstall.contracts.platform import Choice
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.errors import UsageError
from kfinstall.facts.objects.kinds import NODE, STORAGE_CLASS
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.accelerators import vendor_of
from kfinstall.facts.scheduling.capacity import amounts
from kfinstall.facts.storage.volumes import default_classes
from kfinstall.guide.chosen_cluster import PATIENCE, access, platform_options
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Question
from kfinstall.words import _, counted


@dataclass(frozen=True, slots=True)
class Offering:
    """kind: what is read for it. where: of which storage the field is, "" for every one. minor: as Question has it."""

    kind: GroupKind
    choices: Callable[[Snapshot], list[Choice]]
    where: str = ""
    minor: bool = False


def offering(question: Question, draft: Draft) -> Offering | None:
    """What the cluster would be asked for a question; None where it has nothing to say."""
    found = _OFFERINGS.get(question.dotted)
    return found if found and found.where in ("", draft.get(("storage", "type"))) else None


def offered(wanted: Offering, draft: Draft) -> Sequence[Choice]:
    """Ask the cluster. Raises KfinstallError where there is none yet, or it does not answer."""
    from kfinstall.doctor.reading import from_cluster  # noqa: PLC0415 - imports the client library
    from kfinstall.engine.connecting import connected  # noqa: PLC0415 - as above

    options = platform_options(draft)
    way = access(options) if options else None
    if way is None:
        raise UsageError(_("The cluster does not run yet, so it cannot be asked."))
    return wanted.choices(from_cluster(connected(way, timeout=PATIENCE), {wanted.kind}))


def _accelerators(snapshot: Snapshot) -> list[Choice]:
    """Every resource that a device plugin announces, with how many there are."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for node in snapshot.all(NODE):
        for name, value in amounts((node.get("status") or {}).get("allocatable")).items():
            if value and vendor_of(name):
                found[name].append(value)
    return [Choice(name, _on_nodes(sum(values, Decimal(0)), len(values))) for name, values in sorted(found.items())]


def _on_nodes(amount: Decimal, nodes: int) -> str:
    return _("{amount} on {nodes}").format(
        amount=readable("", amount), nodes=counted("{count} node", "{count} nodes", nodes)
    )


def _classes(snapshot: Snapshot) -> list[Choice]:
    default = [each["metadata"]["name"] for each in default_classes(snapshot)][:1]
    found = []
    for each in snapshot.all(STORAGE_CLASS):
        name, made_by = each["metadata"]["name"], str(each.get("provisioner") or "")
        found.append(Choice(name, _("{provisioner}, the default").format(provisioner=made_by)
                            if name in default else made_by))  # fmt: skip
    return sorted(found, key=lambda each: (each.value not in default, each.value))


def _nodes(snapshot: Snapshot) -> list[Choice]:
    return [Choice(name) for name in sorted(each["metadata"]["name"] for each in snapshot.all(NODE))]


_OFFERINGS: Mapping[str, Offering] = {
    "gpu.notebooks.resources": Offering(NODE, _accelerators),
    "storage.name": Offering(STORAGE_CLASS, _classes, "class"),
    "storage.disk": Offering(STORAGE_CLASS, _classes, "nfs-server", minor=True),
    "storage.notebooks.class": Offering(STORAGE_CLASS, _classes, minor=True),
    "storage.node": Offering(NODE, _nodes, "hostpath"),
}
