"""From kubectl apply to kubectl apply --server-side: what the annotation of the first means to the second.

k8s.io/apimachinery/pkg/util/managedfields/internal: lastappliedmanager.go, lastappliedupdater.go.
"""

import json

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.fields.fieldset import Fields, compare, fields_of
from kfinstall.sandbox.types.schema import Schema

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
KUBECTL = "kubectl"
"""The field manager that the annotation is for; with any other it is an annotation like all others."""


def taken_over(live: Body, schema: Schema) -> Fields:
    """The fields that kubectl applied itself and nobody changed since; these are no conflicts."""
    try:
        applied = json.loads(_annotations(live).get(ANNOTATION) or "null")
    except ValueError:
        return set()
    if not isinstance(applied, dict) or applied.get("apiVersion") != live["apiVersion"]:
        return set()
    difference = compare(applied, live, schema)
    return fields_of(applied, schema) - difference.modified - difference.added - difference.removed


def synced(body: Body, applied: Body) -> Body:
    """The body whose annotation, if it has one, is of what was applied now."""
    if not _annotations(body).get(ANNOTATION):
        return body
    metadata = dict(applied["metadata"])
    if ANNOTATION in _annotations(applied):
        metadata["annotations"] = {name: text for name, text in _annotations(applied).items() if name != ANNOTATION}
    wanted = {**applied, "metadata": metadata}
    text = json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    annotations = {**_annotations(body), ANNOTATION: text}
    return {**body, "metadata": {**body["metadata"], "annotations": annotations}}


def _annotations(body: Body) -> Body:
    found = body["metadata"].get("annotations")
    return found if isinstance(found, dict) else {}
