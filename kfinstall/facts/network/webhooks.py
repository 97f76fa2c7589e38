"""Which objects and pods an admission webhook stands in the way of.

https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.facts.objects.selectors import matches

CONFIGURATIONS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of an object, and those of the namespace that it is in."""

    own: Mapping[str, str]
    namespace: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook of a configuration, with the Service that serves it."""

    configuration: ObjectKey
    service: ObjectKey
    body: Body

    def intercepts(self, group: str, versions: Iterable[str], plural: str, labels: Labels) -> bool:
        """Whether it is asked about the creation of such an object; labels are the object's and its namespace's.

        versions: that of the object, then the others of its kind, which count unless the webhook wants exact matches.
        """
        considered = list(versions)[: 1 if self.body.get("matchPolicy") == "Exact" else None]
        rules = self.body.get("rules") or ()
        return any(_rule_matches(rule, group, version, plural) for rule in rules for version in considered) and (
            matches(self.body.get("objectSelector"), labels.own)
            and matches(self.body.get("namespaceSelector"), labels.namespace)
        )


def webhooks(manifests: Iterable[Manifest]) -> Iterator[Webhook]:
    """Every webhook that is served from inside the cluster."""
    for manifest in manifests:
        if manifest.kind in CONFIGURATIONS and manifest.group == "admissionregistration.k8s.io":
            for body in manifest.body.get("webhooks") or ():
                service = (body.get("clientConfig") or {}).get("service")
                if service:
                    yield Webhook(manifest.key, _service_key(service), body)


def pod_labels(manifest: Manifest) -> Mapping[str, str] | None:
    """The labels of the pods that a workload makes; None for what makes no pods."""
    template = pod_template(manifest.body)
    if template is None:
        return None
    return (template.get("metadata") or {}).get("labels") or {}


def pod_template(body: Body) -> Body | None:
    """The pod template of a workload object, of a CronJob's too, or the object itself when it is a Pod."""
    if body.get("kind") == "Pod":
        return body
    spec = body.get("spec")
    if not isinstance(spec, dict):
        return None
    if body.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template = spec.get("template")
    return template if isinstance(template, dict) and "spec" in template else None


def _service_key(service: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey("", "Service", str(service.get("namespace", "")), str(service.get("name", "")))


def _rule_matches(rule: Mapping[str, Any], group: str, version: str, plural: str) -> bool:
    return (
        _listed(rule.get("apiGroups"), group)
        and _listed(rule.get("apiVersions"), version)
        and any(name in {"*", "*/*", plural} for name in rule.get("resources") or ())
        and _listed(rule.get("operations"), "CREATE")
    )


def _listed(names: Iterable[str] | None, name: str) -> bool:
    names = names or ()
    return "*" in names or name in names
