"""The practice cluster that comes with kfinstall: no Docker, no machine, no account."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from kfinstall.contracts.platform import (
    Choice,
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    KnownCluster,
)
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _


class SandboxOptions(PlatformOptions):
    """Which practice cluster; without options it is the one that runs, or a healthy one."""

    type: Literal["sandbox"] = Field(title=_("Platform"), description=_("The practice cluster of kfinstall."))
    scenario: str | None = Field(
        default=None,
        min_length=1,
        title=_("Scenario"),
        description=_("What the cluster is like: see `kfinstall sandbox scenarios`."),
    )
    speed: float = Field(
        default=10.0,
        gt=0,
        le=1000,
        title=_("Speed"),
        description=_("How much faster than in reality images are pulled and pods start."),
    )


class Sandbox:
    """The platform for trying, showing and rehearsing."""

    name = "sandbox"
    title = _("Practice cluster")
    summary = _("A simulated cluster on this machine: nothing is downloaded and nothing runs.")
    options = SandboxOptions
    chosen = frozenset({"scenario"})

    def detect(self, host: Host) -> Detection:  # noqa: ARG002 - the contract's signature
        from kfinstall.sandbox.running import running  # noqa: PLC0415 - listing platforms must not load a cluster

        found = running()
        if found is None:
            return Detection()
        return Detection(clusters=(KnownCluster(found.scenario, ClusterStatus(ClusterPhase.RUNNING, found.url)),))

    def access(self, options: SandboxOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - as above
        """Starts a sandbox in the background when none runs; `kfinstall sandbox stop` ends it."""
        from kfinstall.sandbox.running import ensure  # noqa: PLC0415 - listing platforms must not load a cluster

        return ClusterAccess(kubeconfig=ensure(options.scenario, options.speed))

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        from kfinstall.sandbox import scenario  # noqa: PLC0415 - as above

        return [Choice(name, scenario.load(name).title) for name in scenario.names()]
