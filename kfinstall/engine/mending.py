"""Carrying out a fix of the doctor: a handful of requests, in order, each checked by the server."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kfinstall.contracts.fix import Fix
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import GroupKind, Resource
from kfinstall.errors import ApiError, ClusterError, UsageError
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import METADATA
from kfinstall.model.images import PullSecret
from kfinstall.transform.images import pull_secret
from kfinstall.words import _, joined

MANAGER = "kfinstall-doctor"
"""Field manager of fixes: with that of installs, a fix of one field would give up all the others."""


class Act(StrEnum):
    """What is done to an object."""

    APPLY = "apply"
    PATCH = "patch"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Deed:
    """One request. body: of what is applied or patched. error: why it was refused, None when it was not."""

    act: Act
    key: ObjectKey
    body: Mapping[str, Any] = field(repr=False)
    error: ClusterError | None = None


def mend(
    cluster: Cluster,
    fix: Fix,
    resources: Mapping[GroupKind, Resource],
    secrets: Sequence[PullSecret] = (),
    *,
    dry_run: bool = False,
) -> Iterator[Deed]:
    """Do what a fix says, up to the first refusal. Raises ClusterError, and UsageError before credentials are given.

    secrets: for its logins, in their order. dry_run: only let the server check it.
    """
    if len(secrets) < len(fix.logins) and not dry_run:
        raise UsageError(
            _("This needs credentials of {registries}.").format(
                registries=joined(sorted({each.registry for each in fix.logins}))
            ),
            fix=_("kfinstall doctor --fix asks for them, or takes them from the environment."),
        )
    for deed in (*_logged_in(fix, secrets), *deeds(fix)):
        error = _refusal(cluster, deed, resources, dry_run=dry_run)
        yield Deed(deed.act, deed.key, deed.body, error)
        if error:
            return


def _logged_in(fix: Fix, secrets: Sequence[PullSecret]) -> Iterator[Deed]:
    """The requests that make pull secrets. Not to be shown: they are credentials."""
    for login, secret in zip(fix.logins, secrets, strict=False):
        for namespace in login.namespaces:
            manifest = pull_secret(secret, namespace)
            yield Deed(Act.APPLY, manifest.key, manifest.body)


def deeds(fix: Fix) -> list[Deed]:
    """The requests of a fix, but for its logins."""
    return [
        *(Deed(Act.APPLY, manifest.key, manifest.body) for manifest in fix.manifests),
        *(Deed(Act.PATCH, patch.key, patch.merge) for patch in fix.patches),
        *(Deed(Act.DELETE, key, {}) for key in fix.deletions),
    ]


def _refusal(
    cluster: Cluster, deed: Deed, resources: Mapping[GroupKind, Resource], *, dry_run: bool
) -> ClusterError | None:
    resource = resources.get(GroupKind(deed.key.group, deed.key.kind))
    if resource is None:
        return ClusterError(_("The server does not serve {kind}.").format(kind=deed.key.kind))
    path = resource.path(resource.versions[0], deed.key.namespace, deed.key.name)
    try:
        match deed.act:
            case Act.APPLY:
                cluster.apply(path, dict(deed.body), force=False, dry_run=dry_run, manager=MANAGER)
            case Act.PATCH:
                cluster.patch(path, deed.body, manager=MANAGER, dry_run=dry_run)
            case Act.DELETE:
                standing = cluster.look(path, accept=METADATA)
                if standing:
                    cluster.delete(path, standing["metadata"]["uid"], dry_run=dry_run)
    except ApiError as error:
        return error
    return None
