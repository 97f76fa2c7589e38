"""Authorities of webhooks: what cert-manager's injector, and operators for their own webhooks, put into `caBundle`."""

import base64
from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.endpoints import SLICES
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change
from kfinstall.sandbox.types.kinds import GroupResource

ADMISSION = "admissionregistration.k8s.io"
CONFIGURATIONS = tuple(
    GroupResource(ADMISSION, plural) for plural in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
)
SERVICE_NAME = "kubernetes.io/service-name"


class Authorities:
    """Fills in the cluster's own authority where a configuration names none, once the webhook's pods are ready."""

    def __init__(self, client: Client, authority: str) -> None:
        self._client = client
        self._bundle = base64.b64encode(authority.encode()).decode()

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource in CONFIGURATIONS and change.after is not None:
            yield change.resource, change.name
        elif change.resource == SLICES:
            yield from ((each, name_of(body)) for each in CONFIGURATIONS for body in self._client.all(each))

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        webhooks = [self._trusted(each) for each in (body or {}).get("webhooks") or ()]
        if body is not None and self._bundle and webhooks != (body.get("webhooks") or []):
            self._client.patch(*key, {"webhooks": webhooks})
        return None

    def _trusted(self, webhook: Body) -> Body:
        client = webhook["clientConfig"]
        if client.get("caBundle") or not client.get("service") or not self._is_served(client["service"]):
            return webhook
        return {**webhook, "clientConfig": {**client, "caBundle": self._bundle}}

    def _is_served(self, service: Body) -> bool:
        return any(
            endpoint["conditions"].get("ready")
            for body in self._client.all(SLICES, service["namespace"])
            if (body["metadata"].get("labels") or {}).get(SERVICE_NAME) == service["name"]
            for endpoint in body.get("endpoints") or ()
        )
