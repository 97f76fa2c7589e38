"""From a release to a plan for its cluster, and carrying it out: what every front door does."""

from collections.abc import Iterator
from dataclasses import dataclass

from kfinstall.contracts.event import Event
from kfinstall.contracts.manifest import Manifest
from kfinstall.engine import install as installs
from kfinstall.engine import permissions
from kfinstall.engine.adaptation import adapted, notices
from kfinstall.engine.clusters import cramped
from kfinstall.engine.connecting import TIMEOUT, connected
from kfinstall.engine.control import Control
from kfinstall.engine.host import host_of
from kfinstall.engine.install import Prepared
from kfinstall.engine.release import Release, wishes
from kfinstall.engine.runner import RunOptions
from kfinstall.engine.state_folder import state_folder
from kfinstall.engine.surroundings import ClusterSurroundings
from kfinstall.kube.cluster import Cluster
from kfinstall.registry import platforms
from kfinstall.render.renderer import Rendering
from kfinstall.transform.storage import refuse_unprovisioned


@dataclass(frozen=True, slots=True)
class Preparation:
    """A plan, and what it was made for and from. warnings: what the user should know before it is carried out."""

    release: Release
    cluster: Cluster
    prepared: Prepared
    warnings: tuple[str, ...]


def target(release: Release, *, timeout: float = TIMEOUT, user: str = "") -> Cluster:
    """The cluster that a document means; it has to run. Raises as connected()."""
    options = release.install.platform
    access = platforms().get(options.type).access(options, host_of(options.type))
    return connected(access, timeout=timeout, user=user)


def planned(
    release: Release, cluster: Cluster, rendering: Rendering, *, prune: bool = False, any_version: bool = False
) -> Preparation:
    """Look at the cluster, adapt the objects and plan; nothing is written. Raises KfinstallError."""
    wanted = wishes(release, prune=prune, any_version=any_version)
    surroundings = ClusterSurroundings(cluster, wanted.namespace)
    manifests = adapted(rendering.manifests, release.install, surroundings)
    refuse_unprovisioned(manifests, release.install.storage, surroundings)
    folder = state_folder(cluster.connection.target.server)
    with permissions.explained(cluster, manifests, wanted.namespace):
        prepared = installs.prepare(cluster, manifests, wanted, folder)
    small = cramped(release.install, host_of(release.install.platform.type), manifests)
    warnings = (
        *release.warnings,
        *rendering.warnings,
        *notices(release.install),
        *small,
        *prepared.plan.warnings,
    )
    return Preparation(release, cluster, prepared, warnings)


def intended(release: Release, cluster: Cluster, rendering: Rendering) -> list[Manifest]:
    """The objects that an install would apply, found out with no more rights than everybody has.

    Raises KfinstallError.
    """
    wanted = wishes(release)
    surroundings = ClusterSurroundings(cluster, wanted.namespace)
    return installs.intended(cluster, adapted(rendering.manifests, release.install, surroundings), wanted)


def carried_out(preparation: Preparation, control: Control) -> Iterator[Event]:
    """Carry the plan out. Raises PlanRefused when the user lacks rights for it, and as the runner does."""
    cluster, prepared = preparation.cluster, preparation.prepared
    permissions.refuse_lacking(cluster, prepared.plan)
    wait = preparation.release.install.wait
    options = RunOptions(wait.timeout.total_seconds(), wait.enabled, prepared.state.version)
    return installs.install(prepared, cluster, control, options)
