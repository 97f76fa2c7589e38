"""Which object must stand before which other one.

Objects are independent unless something orders them; all that does is in this module.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.plan import Condition
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.engine.graph import Graph
from kfinstall.facts.network.webhooks import Labels, Webhook, pod_labels, pod_template, webhooks
from kfinstall.facts.objects.kinds import DEFINITION
from kfinstall.facts.objects.selectors import matches
from kfinstall.facts.pods.pod_needs import pod_needs
from kfinstall.words import _

NAMES = frozenset({"kind", "plural"})


def apply_step(key: ObjectKey) -> str:
    return f"apply {key}"


def await_step(condition: Condition, key: ObjectKey) -> str:
    return f"await {condition} {key}"


class Ordering:
    """The graph of the steps that apply some manifests, with the waits that lie between them.

    in_force: kinds that manifests define and that are served as they define them already.
    """

    def __init__(
        self,
        manifests: Sequence[Manifest],
        resources: Mapping[GroupKind, Resource],
        in_force: frozenset[GroupKind] = frozenset(),
    ) -> None:
        self._resources = resources
        self._manifests = {manifest.key: manifest for manifest in manifests}
        self.graph = Graph(apply_step(key) for key in self._manifests)
        self.waits: dict[str, tuple[Condition, ObjectKey]] = {}
        self.notes: list[str] = []
        defined = {_defined(manifest): manifest.key for manifest in manifests if _is_definition(manifest)}
        self._definitions = {kind: key for kind, key in defined.items() if kind not in in_force}
        self._administrators = [manifest.key for manifest in manifests if _makes_administrator(manifest)]
        self._storage = [key for key in self._manifests if key.kind in {"StorageClass", "PersistentVolume"}]

    def build(self, *, waiting: bool) -> None:
        """Add every edge. waiting False leaves out what nothing in the plan needs, or only a pod can bring about."""
        for manifest in self._manifests.values():
            self._follow_containers(manifest)
        if waiting:
            for definition in self._definitions.values():
                self.wait_for(Condition.SERVED, definition)
            self._follow_webhooks()

    def replace_ending(self, key: ObjectKey) -> None:
        """Let an object that is being deleted go before it is made again."""
        gone = await_step(Condition.GONE, key)
        self.waits[gone] = (Condition.GONE, key)
        self.graph.add(gone)
        self.graph.need(apply_step(key), gone)

    def manifest(self, key: ObjectKey) -> Manifest:
        return self._manifests[key]

    def served(self, definition: ObjectKey) -> str:
        """The collection at which it shows that a definition has come into force."""
        resource = _resource(self._manifests[definition].body["spec"])
        return resource.path(resource.versions[0])

    def _need(self, key: ObjectKey, first: ObjectKey) -> None:
        if first in self._manifests:
            self.graph.need(apply_step(key), apply_step(first))

    def wait_for(self, condition: Condition, key: ObjectKey) -> str:
        """The step that waits for a condition of a planned object; made when it is first asked for."""
        step = await_step(condition, key)
        if step not in self.waits:
            self.waits[step] = (condition, key)
            self.graph.add(step)
            if key in self._manifests:
                self.graph.need(step, apply_step(key))
        return step

    def _follow_containers(self, manifest: Manifest) -> None:
        key = manifest.key
        for administrator in self._administrators:
            if key != administrator:
                self._need(key, administrator)
        if key.namespace:
            self._need(key, ObjectKey("", "Namespace", "", key.namespace))
        definition = self._definitions.get(GroupKind(key.group, key.kind))
        if definition:
            self.graph.need(apply_step(key), self.wait_for(Condition.SERVED, definition))
        if key.kind in {"RoleBinding", "ClusterRoleBinding"}:
            self._need(key, _bound_role(manifest))
        if key.kind == "PersistentVolumeClaim":
            for storage in self._storage:
                self._need(key, storage)

    def _follow_webhooks(self) -> None:
        served = [webhook for webhook in webhooks(self._manifests.values()) if webhook.service in self._manifests]
        for webhook in served:
            self._serve(webhook.service)
        for webhook in served:
            if webhook.body.get("failurePolicy", "Fail") == "Fail":
                self._intercept(webhook)

    def _serve(self, service: ObjectKey) -> str:
        """The step that waits until a webhook's Service has endpoints, behind all that its pods need to start."""
        step = self.wait_for(Condition.SERVING, service)
        selector = (self._manifests[service].body.get("spec") or {}).get("selector") or {}
        for workload in self._workloads(service.namespace, selector):
            for key in [workload.key, *self._required(workload)]:
                if key in self._manifests:
                    self.graph.need(step, apply_step(key))
        return step

    def _workloads(self, namespace: str, selector: Body) -> Iterator[Manifest]:
        for manifest in self._manifests.values():
            labels = pod_labels(manifest) if manifest.namespace == namespace else None
            if labels is not None and selector and matches({"matchLabels": selector}, labels):
                yield manifest

    def _required(self, workload: Manifest) -> Iterator[ObjectKey]:
        """What a pod must find to start: account, configuration, claims, and what issues its certificates."""
        spec = (pod_template(workload.body) or {}).get("spec") or {}
        for key in pod_needs(spec, workload.namespace):
            yield key
            if key.kind == "Secret":
                yield from self._issued(key.namespace, key.name)

    def _issued(self, namespace: str, secret: str) -> Iterator[ObjectKey]:
        """The cert-manager objects that fill a Secret."""
        for manifest in self._manifests.values():
            spec = manifest.body.get("spec")
            if manifest.kind != "Certificate" or manifest.namespace != namespace or not isinstance(spec, dict):
                continue
            if spec.get("secretName") == secret:
                issuer = spec.get("issuerRef") or {}
                kind = str(issuer.get("kind") or "Issuer")
                yield manifest.key
                yield ObjectKey(
                    manifest.group, kind, "" if kind == "ClusterIssuer" else namespace, str(issuer.get("name"))
                )

    def _intercept(self, webhook: Webhook) -> None:
        serving = await_step(Condition.SERVING, webhook.service)
        for manifest in self._intercepted(webhook):
            step = apply_step(manifest.key)
            if self.graph.need(step, serving):
                continue
            # The webhook's own pods need this object: it goes first, before the webhook can refuse it.
            self.graph.need(apply_step(webhook.configuration), step)
            self.notes.append(
                _("{object} is needed by webhook {webhook} and is checked by it too: it is applied first.").format(
                    object=manifest.key, webhook=webhook.configuration.name
                )
            )

    def _intercepted(self, webhook: Webhook) -> Iterator[Manifest]:
        for manifest in self._manifests.values():
            resource = self._resources.get(GroupKind(manifest.group, manifest.kind))
            namespace = self._namespace_labels(manifest.namespace)
            version = manifest.api_version.rpartition("/")[2]
            own = Labels(manifest.body["metadata"].get("labels") or {}, namespace)
            if resource and webhook.intercepts(manifest.group, [version, *resource.versions], resource.plural, own):
                yield manifest
                continue
            pods = pod_labels(manifest)
            if pods is not None and webhook.intercepts("", ["v1"], "pods", Labels(pods, namespace)):
                yield manifest

    def _namespace_labels(self, name: str) -> Mapping[str, str]:
        if not name:
            return {}
        manifest = self._manifests.get(ObjectKey("", "Namespace", "", name))
        labels = manifest.body["metadata"].get("labels") or {} if manifest else {}
        return {"kubernetes.io/metadata.name": name, **labels}


def defined_resources(manifests: Iterable[Manifest]) -> dict[GroupKind, Resource]:
    """The kinds that the CustomResourceDefinitions among some manifests define."""
    return {_defined(manifest): _resource(manifest.body["spec"]) for manifest in manifests if _is_definition(manifest)}


def _is_definition(manifest: Manifest) -> bool:
    """Whether it defines a kind that is served; one without the names that are required is left for the server."""
    spec = manifest.body.get("spec")
    names = spec.get("names") if isinstance(spec, dict) and "group" in spec else None
    named = (manifest.group, manifest.kind) == DEFINITION and isinstance(names, dict) and names.keys() >= NAMES
    return named and bool(_resource(manifest.body["spec"]).versions)


def _defined(manifest: Manifest) -> GroupKind:
    spec = manifest.body["spec"]
    return GroupKind(spec["group"], spec["names"]["kind"])


def _resource(spec: Body) -> Resource:
    # apiextensions.k8s.io/v1beta1 names a single version in spec.version
    versions = spec.get("versions") or [{"name": spec.get("version"), "served": True}]
    return Resource(
        group=spec["group"],
        kind=spec["names"]["kind"],
        plural=spec["names"]["plural"],
        namespaced=spec.get("scope", "Namespaced") == "Namespaced",
        versions=tuple(str(entry["name"]) for entry in versions if entry.get("served") and entry.get("name")),
    )


def _makes_administrator(manifest: Manifest) -> bool:
    """Whether it may be whoever installs who gets the right to apply the rest."""
    subjects = manifest.body.get("subjects") or ()
    administrator = manifest.kind == "ClusterRoleBinding" and _bound_role(manifest).name == "cluster-admin"
    return administrator and any(subject.get("kind") == "User" for subject in subjects)


def _bound_role(binding: Manifest) -> ObjectKey:
    role = binding.body.get("roleRef") or {}
    kind = str(role.get("kind"))
    return ObjectKey(binding.group, kind, binding.namespace if kind == "Role" else "", str(role.get("name")))
