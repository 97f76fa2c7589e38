"""What a pod requests and is limited to as a whole, in the quantities that it was written in."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import amount, canonical
from kfinstall.facts.scheduling import capacity


def total(pod: Body, which: Literal["requests", "limits"]) -> dict[str, str]:
    """The sum over a pod, by resource name, as kube-scheduler adds it up."""
    spec = pod["spec"]
    containers = {
        field: [{**each, "resources": {"requests": (each.get("resources") or {}).get(which)}} for each in spec[field]]
        for field in ("containers", "initContainers")
        if spec.get(field)
    }
    summed = capacity.requests({"spec": {**containers, "resources": {"requests": _whole(spec, which)}}})
    written = [each["resources"]["requests"] or {} for field in containers.values() for each in field]
    written.append(_whole(spec, which))
    named = {name for each in written for name in each}
    return {name: quantity(summed.get(name, Decimal(0)), (e.get(name, "") for e in written)) for name in sorted(named)}


def _whole(spec: Body, which: str) -> Mapping[str, str]:
    found: Mapping[str, str] = (spec.get("resources") or {}).get(which) or {}
    return found


def added(quantities: Iterable[str]) -> str:
    """The sum, in the notation of its parts."""
    given = list(quantities)
    return quantity(sum(map(amount, given), Decimal(0)), given)


def quantity(value: Decimal, like: Iterable[str]) -> str:
    """A number as a quantity: in binary multiples if the first of the others that is not zero is."""
    first = next((each for each in like if each and amount(each)), "")
    if first.endswith("i") and value % 1024 == 0:
        return canonical(f"{value / 1024:f}Ki")
    return canonical(f"{value:f}")
