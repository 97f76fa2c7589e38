"""Whether somebody answers behind a Service, as its EndpointSlices have it."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.objects.kinds import ENDPOINT_SLICE

SERVICE_NAME = "kubernetes.io/service-name"


def has_ready_endpoint(service: ObjectKey, snapshot: Snapshot) -> bool:
    """One whose readiness is not told counts as ready (kubernetes/pkg/apis/discovery/types.go)."""
    return any(
        endpoint.get("addresses") and (endpoint.get("conditions") or {}).get("ready") is not False
        for endpoint in _endpoints(service, snapshot)
    )


def _endpoints(service: ObjectKey, snapshot: Snapshot) -> Iterator[Body]:
    for body in snapshot.all(ENDPOINT_SLICE):
        metadata = body["metadata"]
        labels = metadata.get("labels") or {}
        if metadata.get("namespace") == service.namespace and labels.get(SERVICE_NAME) == service.name:
            yield from body.get("endpoints") or ()
