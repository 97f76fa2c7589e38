"""Azure Kubernetes Service (AKS): clusters made, started and deleted through Azure's own client library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import (
    Choice,
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    Offer,
    Progress,
    Size,
    Tool,
)
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import ToolMissing
from kfinstall.words import _, joined
from platforms.aks.kubeconfig import INSTALL, KUBELOGIN, needs_kubelogin, with_login
from platforms.aks.objects import adapted
from platforms.aks.options import AksOptions, Pool, cpus, memory

if TYPE_CHECKING:
    from azure.mgmt.containerservice import ContainerServiceClient

    from platforms.aks.cluster import AksCluster

    Connect = Callable[[str, Host], ContainerServiceClient]

GIB = 1024**3


class Aks:
    """The platform for Microsoft's cloud.

    connect: from a subscription to a client of Azure; without it, with the credentials that the Azure CLI, the
    environment or the machine has.
    """

    name = "aks"
    title = _("Azure Kubernetes Service")
    summary = _("A cluster in Microsoft's cloud, made when it is not there; it costs money while it runs.")
    options = AksOptions
    chosen = frozenset(
        {"subscription", "resourceGroup", "location", "name", "kubernetesVersion", "nodes.vmSize", "gpu.vmSize"}
    )

    def __init__(self, connect: Connect | None = None) -> None:
        self._connect = connect

    def detect(self, host: Host) -> Detection:
        """az is one way to log in; kubelogin is needed where the cluster asks Microsoft Entra ID."""
        az = Tool("az", str(host.find("az") or ""), "https://learn.microsoft.com/cli/azure/install-azure-cli", False)
        kubelogin = Tool(KUBELOGIN, str(host.find(KUBELOGIN) or ""), INSTALL, needed=False)
        return Detection(tools=(az, kubelogin))

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:
        """Asks Azure with the user's credentials, page by page."""
        from platforms.aks import arm  # noqa: PLC0415 - loads the client library
        from platforms.aks.choices import choices  # noqa: PLC0415 - as above

        connect = self._connect or arm.client
        with arm.explained():
            return choices(field, options, lambda subscription: connect(subscription, host))

    def offer(self, options: AksOptions, host: Host) -> Offer:  # noqa: ARG002 - the contract's signature
        """As it would be made: no cloud is asked."""
        nodes = options.nodes
        pools: list[Pool] = [nodes, *([options.gpu] if options.gpu else ())]
        of_memory = memory(nodes.vm_size)
        return Offer(
            _("The AKS cluster {name} in resource group {group}: {pools}").format(
                name=options.name, group=options.resource_group, pools=joined(map(_described, pools))
            ),
            _(
                "Azure bills the subscription for nodes, their disks and a load balancer by the hour, "
                "until `kfinstall platforms delete -f FILE`."
            ),
            Size(
                cpus=nodes.most * cpus(nodes.vm_size),
                memory=nodes.most * of_memory if of_memory else None,
                disk=nodes.most * nodes.disk_size * GIB,
            ),
        )

    def preflight(self, options: AksOptions, host: Host) -> Iterator[Finding]:
        """Asks Azure, and only where a cluster is to be made."""
        from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library
        from platforms.aks.preflight import obstacles  # noqa: PLC0415 - as above

        with explained():
            cluster = self._cluster(options, host)
            if cluster.status().phase is ClusterPhase.ABSENT:
                yield from obstacles(cluster.service, options, cluster.location)

    def status(self, options: AksOptions, host: Host) -> ClusterStatus:
        from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library

        with explained():
            return self._cluster(options, host).status()

    def create(self, options: AksOptions, host: Host) -> Iterator[Progress]:
        from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library

        _forget_access(options, host)
        with explained():
            yield from self._cluster(options, host).create()

    def stop(self, options: AksOptions, host: Host) -> Iterator[Progress]:
        from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library

        with explained():
            yield from self._cluster(options, host).stop()

    def delete(self, options: AksOptions, host: Host) -> Iterator[Progress]:
        from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library

        with explained():
            yield from self._cluster(options, host).delete()
        _forget_access(options, host)

    def access(self, options: AksOptions, host: Host) -> ClusterAccess:
        """Asks Azure once for the kubeconfig, and keeps it where only the user can read it."""
        path = _kubeconfig(options, host)
        if not path.is_file():
            from platforms.aks.arm import explained  # noqa: PLC0415 - loads the client library

            with explained():
                text = with_login(self._cluster(options, host).kubeconfig(), options.login)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        if needs_kubelogin(path.read_text(encoding="utf-8")) and host.find(KUBELOGIN) is None:
            raise ToolMissing(
                _("kubelogin is not installed, or not on the PATH."),
                why=_("The cluster {name} asks Microsoft Entra ID who you are.").format(name=options.name),
                fix=_("Install it: {address}").format(address=INSTALL),
            )
        return ClusterAccess(kubeconfig=path)

    def transformed(
        self,
        manifests: Sequence[Manifest],
        options: AksOptions,  # noqa: ARG002 - the contract's signature
        surroundings: Surroundings,  # noqa: ARG002 - as above
    ) -> list[Manifest]:
        return [adapted(manifest) for manifest in manifests]

    def _cluster(self, options: AksOptions, host: Host) -> AksCluster:
        from platforms.aks import arm  # noqa: PLC0415 - loads the client library
        from platforms.aks.cluster import AksCluster  # noqa: PLC0415 - as above

        connect = self._connect or arm.client
        return AksCluster(connect(options.subscription, host), options, host, _folder(options, host))


def _described(pool: Pool) -> str:
    most = _(" (up to {count})").format(count=pool.max_count) if pool.max_count else ""
    return f"{pool.count} x {pool.vm_size}{most}"


def _folder(options: AksOptions, host: Host) -> Path:
    folder = host.folder / options.subscription / options.resource_group / options.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kubeconfig(options: AksOptions, host: Host) -> Path:
    """Apart for the administrator, so that taking the option back is enough to be somebody else again."""
    return _folder(options, host) / ("admin.kubeconfig" if options.admin_credentials else f"{options.login}.kubeconfig")


def _forget_access(options: AksOptions, host: Host) -> None:
    """A cluster that is made or started may have another address and other certificates than before."""
    for path in _folder(options, host).glob("*.kubeconfig"):
        path.unlink()
