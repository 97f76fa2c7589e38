"""What a pod must find to start: the objects that its specification names and does not call optional."""

from collections.abc import Iterator
from typing import Any

from kfinstall.contracts.manifest import Body, ObjectKey


def pod_needs(spec: Body, namespace: str) -> Iterator[ObjectKey]:
    """Account, configuration and claims of a pod's specification; one may come twice."""
    if spec.get("serviceAccountName"):
        yield ObjectKey("", "ServiceAccount", namespace, str(spec["serviceAccountName"]))
    for kind, name in _named(spec):
        yield ObjectKey("", kind, namespace, name)


def _named(spec: Body) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes") or ():
        yield from _of_volume(volume)
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        for source in container.get("envFrom") or ():
            yield from _references(source, "secretRef", "configMapRef")
        for variable in container.get("env") or ():
            yield from _references(variable.get("valueFrom"), "secretKeyRef", "configMapKeyRef")


def _of_volume(volume: Body) -> Iterator[tuple[str, str]]:
    yield from _reference(volume.get("secret"), "Secret", "secretName")
    yield from _reference(volume.get("configMap"), "ConfigMap")
    yield from _reference(volume.get("persistentVolumeClaim"), "PersistentVolumeClaim", "claimName")
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield from _references(source, "secret", "configMap")


def _references(source: Body | None, secret: str, config_map: str) -> Iterator[tuple[str, str]]:
    yield from _reference((source or {}).get(secret), "Secret")
    yield from _reference((source or {}).get(config_map), "ConfigMap")


def _reference(reference: Any, kind: str, field: str = "name") -> Iterator[tuple[str, str]]:
    if reference and reference.get(field) and not reference.get("optional"):
        yield kind, str(reference[field])
