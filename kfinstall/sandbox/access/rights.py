"""What the user of a scenario may do, and the objects that give it: namespaces, roles, bindings."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.authorization import BINDINGS, CLUSTER_BINDINGS, CLUSTER_ROLES, GROUP, ROLES
from kfinstall.sandbox.access.users import AUTHENTICATED, MASTERS, User
from kfinstall.sandbox.types.kinds import GroupResource

API_VERSION = f"{GROUP}/v1"
NAMESPACES = GroupResource("", "namespaces")
Furniture = tuple[GroupResource, str, Body]
Member = Literal["apiGroups", "resources", "resourceNames", "nonResourceURLs", "verbs"]


class Grant(BaseModel):
    """namespaces: where it holds, and which the cluster then has; none for all of the cluster.

    cluster_role: one that the cluster has, such as edit. rules: as in a Role, where no ClusterRole fits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    namespaces: tuple[str, ...] = ()
    cluster_role: str = Field(default="", alias="clusterRole")
    rules: tuple[dict[Member, tuple[str, ...]], ...] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.cluster_role) == bool(self.rules):
            raise ValueError("a grant has either a clusterRole or rules")
        return self


class ScenarioUser(BaseModel):
    """Whom the kubeconfig of the sandbox is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()

    def user(self) -> User:
        return User(self.name, (*self.groups, AUTHENTICATED))

    def furniture(self) -> Iterator[Furniture]:
        """The objects that give the user its rights: resource, namespace and body of each."""
        for name in dict.fromkeys(name for grant in self.grants for name in grant.namespaces):
            yield NAMESPACES, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for number, grant in enumerate(self.grants, 1):
            name = f"{self.name}-{number}"
            for namespace in grant.namespaces or ("",):
                yield from self._granted(grant, name, namespace)

    def _granted(self, grant: Grant, name: str, namespace: str) -> Iterator[Furniture]:
        prefix = "" if namespace else "Cluster"
        head = {"apiVersion": API_VERSION, "metadata": {"name": name}}
        reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": grant.cluster_role}
        if grant.rules:
            rules = [{member: list(values) for member, values in rule.items()} for rule in grant.rules]
            yield (ROLES if namespace else CLUSTER_ROLES), namespace, {**head, "kind": f"{prefix}Role", "rules": rules}
            reference |= {"kind": f"{prefix}Role", "name": name}
        subjects = [{"apiGroup": GROUP, "kind": "User", "name": self.name}]
        binding = {**head, "kind": f"{prefix}RoleBinding", "roleRef": reference, "subjects": subjects}
        yield (BINDINGS if namespace else CLUSTER_BINDINGS), namespace, binding


CLUSTER_ADMIN = ScenarioUser(name="kubernetes-admin", groups=(MASTERS,))
