"""What an install asks of a cluster: the sum of its pods, and what it says about a size."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import Size
from kfinstall.facts.scheduling.sizing import Demand, demand

GIB = 1024**3


def deployment(name: str, replicas: int, cpu: str, memory: str) -> Manifest:
    container = {"name": "c", "image": f"example.com/{name}", "resources": {"requests": {"cpu": cpu, "memory": memory}}}
    template = {"spec": {"containers": [container]}}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "n"},
        "spec": {"replicas": replicas, "template": template},
    }
    return Manifest(body, "a")


def test_the_sum_of_all_replicas() -> None:
    config = Manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}, "a")
    found = demand([deployment("a", 2, "500m", "1Gi"), deployment("b", 1, "250m", "512Mi"), config])
    assert found == Demand(pods=3, cpu=Decimal("1.25"), memory=Decimal("2.5") * GIB, images=2)
    assert found.arithmetic == (
        "3 pods request 1.25 CPUs and 2.5Gi of memory; Kubernetes itself takes 0.85 CPUs and 1Gi: 2.1 CPUs and 3.5Gi "
        "are the least. 2 images take about 1Gi of disk."
    )
    assert found.comfortable == "5 CPUs and 7Gi of memory"


@pytest.mark.parametrize(
    ("size", "too_small", "tight"),
    [
        (Size(), False, False),
        (Size(8, 16 * GIB, 100 * GIB), False, False),
        (Size(8, 16 * GIB, 40 * GIB), False, True),
        (Size(4, 9 * GIB), False, True),
        (Size(3, 16 * GIB), True, True),
        (Size(8, 7 * GIB), True, True),
    ],
)
def test_a_size_is_judged(size: Size, too_small: bool, tight: bool) -> None:
    wanted = Demand(pods=52, cpu=Decimal("3.02"), memory=Decimal(7) * GIB, images=50)
    assert (wanted.too_large_for(size), wanted.tight_in(size)) == (too_small, tight)
