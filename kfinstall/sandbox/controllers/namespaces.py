"""What every namespace has, and its end with all that is in it."""

from collections.abc import Iterable

from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

NAMESPACES = GroupResource("", "namespaces")
ACCOUNTS = GroupResource("", "serviceaccounts")
MAPS = GroupResource("", "configmaps")
ROOT_CA = "kube-root-ca.crt"
ANNOTATION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal "
    "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


class Namespaces:
    """The namespace, serviceaccount and root-ca-cert-publisher controllers. authority: the API server's CA, as PEM."""

    def __init__(self, client: Client, authority: str) -> None:
        self._client = client
        self._authority = authority

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == NAMESPACES:
            yield NAMESPACES, change.name
        elif change.after is None and change.name.namespace:
            yield NAMESPACES, Name("", change.name.namespace)

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None:
            return None
        if body["metadata"].get("deletionTimestamp"):
            return self._end(body["metadata"]["name"])
        self._furnish(key[1].name)
        return None

    def _furnish(self, namespace: str) -> None:
        if not self._client.get(ACCOUNTS, Name(namespace, "default")):
            self._create(
                ACCOUNTS, namespace, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            )
        if not self._client.get(MAPS, Name(namespace, ROOT_CA)):
            metadata = {"name": ROOT_CA, "annotations": {"kubernetes.io/description": ANNOTATION}}
            self._create(
                MAPS,
                namespace,
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": self._authority}},
            )

    def _create(self, resource: GroupResource, namespace: str, body: dict[str, object]) -> None:
        try:
            self._client.create(resource, namespace, body)
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise

    def _end(self, name: str) -> float | None:
        left = 0
        for resource in self._client.resources():
            for body in self._client.all(resource, name):
                if body["metadata"].get("namespace") != name:
                    continue
                left += 1
                if not body["metadata"].get("deletionTimestamp"):
                    self._client.delete(resource, Name(name, body["metadata"]["name"]), propagationPolicy="Background")
        if (
            any(self._client.all(resource, name) for resource in self._client.resources() if resource != NAMESPACES)
            and left
        ):
            return 0.05
        standing = self._client.get(NAMESPACES, Name("", name))
        if standing is not None:
            self._client.put(
                NAMESPACES,
                Name("", name),
                {**standing, "spec": {**standing["spec"], "finalizers": []}},
                subresource="finalize",
            )
        return None
