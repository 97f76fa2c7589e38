"""What the API server warns of in an object that it takes (pkg/api/pod/warnings.go, pkg/api/service/warnings.go)."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import Kind

_TEMPLATE = "spec.template.spec"
POD_SPECIFICATIONS = {
    "Pod": "spec",
    "CronJob": f"spec.jobTemplate.{_TEMPLATE}",
    **dict.fromkeys(
        ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"), _TEMPLATE
    ),
}


def cautions(kind: Kind, body: Body) -> Iterator[str]:
    """Texts for Warning headers."""
    if kind.key == ("", "services"):
        yield from _of_service(body["spec"])
    elif path := POD_SPECIFICATIONS.get(kind.kind if not kind.custom else ""):
        spec: Body = body
        for name in path.split("."):
            spec = spec.get(name) or {}
        for part in ("initContainers", "containers"):
            for n, container in enumerate(spec.get(part) or ()):
                yield from _of_variables(container, f"{path}.{part}[{n}]")


def _of_service(spec: Body) -> Iterator[str]:
    if spec.get("clusterIP") != "None":
        return
    if spec.get("externalIPs"):
        yield "spec.externalIPs is ignored for headless services"
    if spec.get("sessionAffinity", "None") != "None":
        yield "spec.SessionAffinity is ignored for headless services"


def _of_variables(container: Body, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for n, variable in enumerate(container.get("env") or ()):
        name = variable["name"]
        if name in seen:
            why = f'hides previous definition of "{name}", which may be dropped when using apply'
            yield f"{path}.env[{n}]: {why}"
        seen.add(name)
