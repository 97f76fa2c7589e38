"""Pods read configuration when they start: those whose ConfigMap or Secret is changed here have to start again."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.facts.pods.pod_needs import pod_needs

ANNOTATION = "kfinstall.io/configuration"
"""On a pod template: a digest of the changed configuration that its pods read."""

CONFIGURATION = frozenset({("", "ConfigMap"), ("", "Secret")})


def with_restarts(before: Sequence[Manifest], after: Sequence[Manifest]) -> list[Manifest]:
    """The manifests as they are after a transformation, with another pod template where its configuration changed."""
    known = {manifest.key: manifest.body for manifest in before}
    changed = {
        each.key: each.body
        for each in after
        if (each.group, each.kind) in CONFIGURATION and known.get(each.key) != each.body
    }
    return [_restarted(manifest, changed) for manifest in after] if changed else list(after)


def _restarted(manifest: Manifest, changed: Mapping[ObjectKey, Body]) -> Manifest:
    spec = manifest.body.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    if not isinstance(template, dict) or "containers" not in (template.get("spec") or {}):
        return manifest
    read = sorted({key for key in pod_needs(template["spec"], manifest.namespace) if key in changed})
    if not read:
        return manifest
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: _digest([changed[key] for key in read])}
    marked = {**template, "metadata": {**metadata, "annotations": annotations}}
    return Manifest({**manifest.body, "spec": {**manifest.body["spec"], "template": marked}}, manifest.application)


def _digest(bodies: Sequence[Body]) -> str:
    """Slow on purpose: more people read annotations than Secrets, and could try passwords."""
    content = json.dumps(bodies, sort_keys=True).encode()
    return hashlib.scrypt(content, salt=ANNOTATION.encode(), n=2**14, r=8, p=1, dklen=16).hex()
