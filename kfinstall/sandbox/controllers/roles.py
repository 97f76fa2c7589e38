"""ClusterRoles that collect the rules of others (pkg/controller/clusterroleaggregation)."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.selectors import matches
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.storage.store import Change
from kfinstall.sandbox.types.kinds import GroupResource

ROLES = GroupResource("rbac.authorization.k8s.io", "clusterroles")


class Roles:
    """Fills in the rules of aggregated ClusterRoles."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ROLES:
            yield from ((ROLES, name_of(role)) for role in self._client.all(ROLES) if role.get("aggregationRule"))

    def reconcile(self, key: Key) -> float | None:
        role = self._client.get(*key)
        selectors = ((role or {}).get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
        if role is None or not selectors:
            return None
        rules: list[Body] = []
        for each in self._client.all(ROLES):
            labels = each["metadata"].get("labels") or {}
            if each is not role and any(matches(selector, labels) for selector in selectors):
                rules += [rule for rule in each.get("rules") or () if rule not in rules]
        if rules != (role.get("rules") or []):
            self._client.patch(ROLES, key[1], {"rules": rules})
        return None
