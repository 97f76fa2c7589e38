"""Rights that a document grants beyond those of the release: to whoever installs, to notebooks, to users."""

from collections.abc import Iterator, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.cluster.rights import ACCOUNT, bound, cluster_role, installer_binding
from kfinstall.model.rights import NotebookRights, Rbac
from kfinstall.transform.profiles import home, profiles, with_profiles
from kfinstall.words import _

APPLICATION = "kfinstall/rbac"
ADMINISTRATOR = "cluster-admin"
"""Kubernetes' own role: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles."""

NOTEBOOKS = "default-editor"
"""The service account of notebooks, which the profile controller makes in the namespace of each profile."""


def transformed(manifests: Sequence[Manifest], rbac: Rbac, install: str, surroundings: Surroundings) -> list[Manifest]:
    """The objects, and the rights that the document grants. Raises PlanRefused."""
    wanted = with_profiles(manifests, rbac.profiles, APPLICATION)
    added: list[Body] = []
    if rbac.cluster_admin:
        added.append(_administrator(rbac.user or surroundings.user, install))
    if rbac.notebooks:
        added += _notebooks(wanted, rbac.notebooks, install)
    known = {manifest.key for manifest in wanted}
    made = [Manifest(body, APPLICATION) for body in added]
    return [*(manifest for manifest in made if manifest.key not in known), *wanted]


def notice(rbac: Rbac) -> str:
    """The risk of what the document grants to whoever installs; "" where it grants nothing."""
    if not rbac.cluster_admin:
        return ""
    return _("Whoever installs becomes a cluster administrator, who may read and change everything in the cluster.")


def _administrator(user: str | None, install: str) -> Body:
    if user is None:
        raise PlanRefused(
            _("rbac.clusterAdmin is set, and the API server does not say who you are."),
            fix=_("Name the user as the API server does: --set rbac.user=NAME"),
        )
    return bound(installer_binding(install), user, ADMINISTRATOR)


def _notebooks(manifests: Sequence[Manifest], rights: NotebookRights, install: str) -> Iterator[Body]:
    found = profiles(manifests)
    if not found:
        raise PlanRefused(
            _("rbac.notebooks gives rights to the notebooks of profiles, and there is no profile."),
            fix=_("Add one under rbac.profiles, or leave rbac.notebooks out."),
        )
    name = f"kfinstall-{install}-notebooks"
    if rights.rules:
        yield cluster_role(name, [rule.model_dump(by_alias=True, mode="json") for rule in rights.rules])
    for profile, owner in found.items():
        yield home(profile, owner)
        yield bound(name, f"{ACCOUNT}{profile}:{NOTEBOOKS}", rights.cluster_role or name, profile)
