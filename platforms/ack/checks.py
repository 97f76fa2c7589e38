"""What goes wrong, or costs, on Alibaba Cloud only."""

from collections.abc import Iterator

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import NODE, SERVICE
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, counted, joined

LABELS = ("alibabacloud.com/", "ack.aliyun.com")
"""What labels of its nodes begin with."""

DOCS = "https://www.alibabacloud.com/help/en/slb/classic-load-balancer/product-overview/billing-overview"


def is_ack(snapshot: Snapshot) -> bool:
    """Whether nodes say so."""
    return any(
        label.startswith(LABELS) for node in snapshot.all(NODE) for label in node["metadata"].get("labels") or ()
    )


def balancers(snapshot: Snapshot) -> Iterator[Finding]:
    """Load balancers, each of which is billed by the hour, used or not."""
    found = [each for each in snapshot.all(SERVICE) if (each.get("spec") or {}).get("type") == "LoadBalancer"]
    if found:
        keys = tuple(key_of(SERVICE, each) for each in found)
        yield Finding(
            cause="ack-balancers-billed",
            severity=Severity.INFO,
            title=_("Alibaba Cloud bills {balancers} by the hour").format(
                balancers=counted("{count} load balancer", "{count} load balancers", len(found))
            ),
            objects=keys,
            evidence=tuple(Evidence(_address(each), key) for each, key in zip(found, keys, strict=True)),
            remedy=Remedy(
                _("They cost until their Services are gone. access.type: port-forward needs none."),
                ("kubectl get services -A --field-selector spec.type=LoadBalancer",),
            ),
            docs=DOCS,
        )


def _address(service: dict[str, object]) -> str:
    status = service.get("status")
    points = ((status if isinstance(status, dict) else {}).get("loadBalancer") or {}).get("ingress") or ()
    named = [str(each.get("ip") or each.get("hostname")) for each in points]
    return joined(named) or _("it has no address yet")


CHECKS = (
    Check(
        "ack.balancers",
        _("Which load balancers are billed?"),
        frozenset({NODE, SERVICE}),
        balancers,
        docs=DOCS,
        concerns=is_ack,
    ),
)
