"""The pods that objects will make once they are applied."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.facts.network.webhooks import pod_template

ON_EVERY_NODE = "DaemonSet"
LATER = "CronJob"
COUNTS = {"Job": "parallelism"}
"""The field that says how many pods there are at a time, where it is not `replicas`."""


@dataclass(frozen=True, slots=True)
class Planned:
    """pod: its template. count: how many at a time; on_every_node: one for each node that takes it instead."""

    owner: ObjectKey
    pod: Body
    count: int
    on_every_node: bool = False


def planned_pods(manifests: Iterable[Manifest]) -> Iterator[Planned]:
    """Pods of workloads of built-in kinds; those of a CronJob come and go."""
    for manifest in manifests:
        template = pod_template(manifest.body)
        if template is None or manifest.kind == LATER or "." in manifest.group:
            continue
        spec = manifest.body.get("spec") or {}
        count = None if manifest.kind == "Pod" else spec.get(COUNTS.get(manifest.kind, "replicas"))
        yield Planned(
            manifest.key, template, 1 if count is None else int(count), on_every_node=manifest.kind == ON_EVERY_NODE
        )
