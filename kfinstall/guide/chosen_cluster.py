"""The way to the cluster that the answers mean, where it runs already: it can be asked what it has."""

from kfinstall.contracts.platform import ClusterAccess, ClusterPhase, Lifecycle
from kfinstall.engine.clusters import detected
from kfinstall.engine.host import host_of
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft
from kfinstall.model.install import PlatformOptions
from kfinstall.registry import platforms

PATIENCE = 10.0
"""Seconds for a request."""


def platform_options(draft: Draft) -> PlatformOptions | None:
    """The options of the platform; None while they are not answered."""
    loaded = checked(Draft({"platform": draft.get(("platform",))})).loaded
    return loaded.install.platform if loaded else None


def access(options: PlatformOptions) -> ClusterAccess | None:
    """None for a cluster that is not made yet, or does not run. Raises KfinstallError."""
    platform, host = platforms().get(options.type), host_of(options.type)
    if isinstance(platform, Lifecycle):
        runs = platform.status(options, host).phase is ClusterPhase.RUNNING
    else:
        runs = hasattr(options, "context") or _found_running(options)
    return platform.access(options, host) if runs else None


def _found_running(options: PlatformOptions) -> bool:
    clusters = detected(platforms().get(options.type)).clusters
    return any(each.status.phase is ClusterPhase.RUNNING for each in clusters)
