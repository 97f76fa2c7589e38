"""The status of ResourceQuotas: what their namespaces hold (pkg/controller/resourcequota)."""

from collections.abc import Iterable

from kfinstall.sandbox.admission.quota import QUOTAS, used
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change, Store


class Quotas:
    """Keeps them; store: what is counted."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client = client
        self._store = store

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.name.namespace:
            yield from ((QUOTAS, name_of(quota)) for quota in self._client.all(QUOTAS, change.name.namespace))

    def reconcile(self, key: Key) -> float | None:
        quota = self._client.get(*key)
        if quota is None:
            return None
        hard = (quota.get("spec") or {}).get("hard") or {}
        before = (quota.get("status") or {}).get("hard") or {}
        gone = dict.fromkeys(before.keys() - hard.keys())
        self._client.set_status(*key, {"hard": {**hard, **gone}, "used": {**used(self._store, quota, hard), **gone}})
        return None
