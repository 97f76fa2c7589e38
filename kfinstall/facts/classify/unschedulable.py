"""Signals of a pod that no node takes: which reason decides, which resource, which taint."""

from kfinstall.contracts.explanation import Json
from kfinstall.facts.classify.catalogue import Catalogue
from kfinstall.facts.classify.scheduling import Reason, Refusal, gpu_kind, refusal
from kfinstall.facts.classify.signals import Signals

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_CORDONED = "node.kubernetes.io/unschedulable"
_GPU = "nvidia.com/gpu"
_ACCELERATORS = ("nvidia.com/", "amd.com/gpu", "gpu.intel.com/", "google.com/tpu", "sku: gpu", "habana.ai/")
_GROUPS = {"ephemeral-storage": "ephemeral-storage", "cpu": "cpu", "memory": "memory", "pods": "pods"}


def read_refusal(signals: Signals, catalogue: Catalogue) -> None:
    """Adds `scheduler`: the kind of the reason that is most worth mending, and what the scheduler counted."""
    refused = refusal(signals.text)
    if refused is None:
        return
    kinds = [(_kind(reason, catalogue), reason) for reason in refused.reasons]
    known = [(kind, reason) for kind, reason in kinds if kind]
    signals.name("nodes", refused.nodes)
    signals.name("reasons", [_described(reason) for reason in refused.reasons])
    if refused.nodes == 0:
        signals.add("scheduler", "no-nodes")
    if not known:
        return
    kind, reason = _decisive(known, catalogue)
    signals.name("resource", reason.resource or ("pods" if kind == "pods" else ""))
    signals.name("taint", reason.taint)
    signals.name("count", reason.count)
    signals.add("scheduler", _refined(kind, refused, dict(known)))
    for other, _reason in known:
        signals.add("refused", other)


def _described(reason: Reason) -> Json:
    described: dict[str, Json] = {"reason": reason.text, "count": reason.count}
    return described


def _kind(reason: Reason, catalogue: Catalogue) -> str:
    if reason.resource:
        return _resource_kind(reason.resource)
    if reason.taint:
        return _taint_kind(reason.taint)
    lowered = reason.text.lower()
    for known in catalogue.scheduler:
        if any(phrase.find(reason.text, lowered) for phrase in known.phrases):
            return known.kind
    return ""


def _resource_kind(resource: str) -> str:
    if resource == _GPU:
        return "gpu"
    if "/" in resource:
        return "extended"
    if resource.startswith("hugepages-"):
        return "memory"
    return _GROUPS.get(resource.lower(), "extended")


def _taint_kind(taint: str) -> str:
    if taint.startswith(_CONTROL_PLANE):
        return "taint-control-plane"
    if taint.startswith(_CORDONED):
        return "cordoned"
    return "taint-gpu" if taint.startswith(_ACCELERATORS) else "taint"


def _decisive(known: list[tuple[str, Reason]], catalogue: Catalogue) -> tuple[str, Reason]:
    """The reason to mend first: by the catalogue's order, and among cpu and memory by how many nodes lack it.

    Restrictions (taints, selectors, volumes that stand elsewhere) say where a pod may run at all; what is short there
    is what has to be mended, so shortages come first in the order.
    """
    order = [reason.kind for reason in catalogue.scheduler]

    def place(entry: tuple[str, Reason]) -> tuple[int, int]:
        kind, reason = entry
        return order.index("memory" if kind == "cpu" else kind), -(reason.count or 0)

    return min(known, key=place)


def _refined(kind: str, refused: Refusal, reasons: dict[str, Reason]) -> str:
    if kind == "gpu":
        return f"gpu-{gpu_kind(refused, reasons)}"
    if kind == "taint-control-plane":
        return "taint-single" if refused.nodes == 1 else "taint"
    return kind
