"""The claims of a release: its PersistentVolumeClaims, and those that its StatefulSets will make."""

from collections.abc import Callable, Iterator, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.facts.objects.kinds import CLAIM

Change = Callable[[Body], Body]


def claims(manifests: Sequence[Manifest], namespace: str) -> Iterator[Body]:
    """One for each volume that is asked for. namespace: of those that name none."""
    for manifest in manifests:
        where = manifest.namespace or namespace
        if (manifest.group, manifest.kind) == CLAIM:
            yield _placed(manifest.body, manifest.name, where)
        for template in _templates(manifest.body):
            for ordinal in range(_replicas(manifest.body)):
                # the name of a StatefulSet's claim: getPersistentVolumeClaimName, kubernetes/pkg/controller/statefulset
                name = f"{template['metadata']['name']}-{manifest.name}-{ordinal}"
                yield _placed(template, name, where)


def with_claims(manifest: Manifest, change: Change) -> Manifest:
    """The manifest, with every claim in it changed."""
    body = manifest.body
    if (manifest.group, manifest.kind) == CLAIM:
        return Manifest(change(body), manifest.application)
    templates = _templates(body)
    if not templates:
        return manifest
    spec = {**body["spec"], "volumeClaimTemplates": [change(each) for each in templates]}
    return Manifest({**body, "spec": spec}, manifest.application)


def without_class(claim: Body) -> bool:
    """Whether a claim leaves its class to the cluster; one with an empty class does not."""
    return (claim.get("spec") or {}).get("storageClassName") is None


def with_class(name: str) -> Change:
    """Give claims that name no class this one; "" means a volume of no class, which somebody made for them."""

    def change(claim: Body) -> Body:
        spec = claim.get("spec") or {}
        return {**claim, "spec": {**spec, "storageClassName": name}} if without_class(claim) else claim

    return change


def _templates(body: Body) -> Sequence[Body]:
    spec = body.get("spec")
    return (spec.get("volumeClaimTemplates") or ()) if isinstance(spec, dict) else ()


def _replicas(body: Body) -> int:
    replicas = body["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _placed(claim: Body, name: str, namespace: str) -> Body:
    return {**claim, "metadata": {**claim["metadata"], "name": name, "namespace": namespace}}
