"""One AKS cluster: how far it is, made, started, deleted."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.containerservice import models as m

from kfinstall.contracts.platform import ClusterPhase, ClusterStatus, Host, Progress
from kfinstall.errors import CloudError, Interrupted
from kfinstall.words import _, joined
from platforms.aks import arm
from platforms.aks.operations import LOOK, followed
from platforms.aks.options import AksOptions, Pool

RESOURCES = "2021-04-01"
"""The api-version of resource groups."""

PODS = 110
"""On one node, at most: Kubeflow has 50, and its users' notebooks and pipelines come on top."""


class AksCluster:
    """The cluster that the options name; folder has what kfinstall must remember of it."""

    def __init__(self, service: ContainerServiceClient, options: AksOptions, host: Host, folder: Path) -> None:
        self.service = service
        self._clusters = service.managed_clusters
        self._options = options
        self._host = host
        self._folder = folder
        self._names = (options.resource_group, options.name)

    def status(self) -> ClusterStatus:
        """How far it is. Raises AzureError."""
        found = self._found()
        if found is None or found.properties is None:
            return ClusterStatus(ClusterPhase.ABSENT)
        return ClusterStatus(_phase(found.properties), _detail(found, found.properties))

    def create(self) -> Iterator[Progress]:
        """Make it, start it, or wait for the one that is being made. Raises AzureError, CloudError, Interrupted."""
        memory = self._folder / "create.operation"
        match self.status().phase:
            case ClusterPhase.RUNNING:
                return
            case ClusterPhase.STOPPED:
                memory.unlink(missing_ok=True)
                step = _("Starting the cluster")
                begin = self._clusters.begin_start
                yield from followed(lambda **token: begin(*self._names, **token), memory, lambda: self._progress(step))
            case ClusterPhase.CREATING if not memory.is_file():
                yield from self._awaited(_("Waiting for the cluster that is being made"))
            case phase:
                if phase is not ClusterPhase.CREATING:
                    memory.unlink(missing_ok=True)
                    self._in_resource_group()
                step = _("Making the cluster")
                wanted = _wanted(self._options, self.location)
                make = self._clusters.begin_create_or_update
                yield from followed(
                    lambda **token: make(*self._names, wanted, **token), memory, lambda: self._progress(step)
                )

    def stop(self) -> Iterator[Progress]:
        """Let its nodes go, and keep what is in it. Raises AzureError, Interrupted."""
        memory = self._folder / "stop.operation"
        found = self._found()
        if found is None or _state(found) != "Stopping":
            memory.unlink(missing_ok=True)
            if self.status().phase is not ClusterPhase.RUNNING:
                return
        begin = self._clusters.begin_stop
        step = _("Stopping the cluster")
        yield from followed(lambda **token: begin(*self._names, **token), memory, lambda: self._progress(step))

    def delete(self) -> Iterator[Progress]:
        """Delete it, with its nodes and disks. Raises AzureError, Interrupted."""
        memory = self._folder / "delete.operation"
        found = self._found()
        if found is None:
            return
        if _state(found) != "Deleting":
            memory.unlink(missing_ok=True)
        begin = self._clusters.begin_delete
        step = _("Deleting the cluster")
        yield from followed(lambda **token: begin(*self._names, **token), memory, lambda: self._progress(step))

    def kubeconfig(self) -> bytes:
        """What kubectl needs to talk to it. Raises AzureError."""
        if self._options.admin_credentials:
            answer = self._clusters.list_cluster_admin_credentials(*self._names)
        else:
            answer = self._clusters.list_cluster_user_credentials(*self._names, format="exec")
        value = answer.kubeconfigs[0].value if answer.kubeconfigs else None
        if not value:
            raise CloudError(_("Azure gave no credentials for the cluster {name}.").format(name=self._options.name))
        return bytes(value)

    def _found(self) -> m.ManagedCluster | None:
        with contextlib.suppress(ResourceNotFoundError):
            return self._clusters.get(*self._names)
        return None

    def _awaited(self, step: str) -> Iterator[Progress]:
        while self.status().phase is ClusterPhase.CREATING:
            yield self._progress(step)
            if self._host.wait(LOOK):
                raise Interrupted(_("Stopped while Azure makes the cluster."), fix=_("Run the same command again."))

    def _progress(self, step: str) -> Progress:
        """Azure tells no share that is done, only what state each part is in."""
        found = self._found()
        if found is None or found.properties is None:
            return Progress(step)
        pools = found.properties.agent_pool_profiles or ()
        parts = [f"{pool.name}: {pool.provisioning_state or '?'}" for pool in pools]
        return Progress(step, joined([_state(found), *parts]))

    def _in_resource_group(self) -> None:
        if self._options.create_resource_group:
            body = {"location": self._options.location, "tags": {"created-by": "kfinstall"}}
            arm.put(self.service, self._group(), RESOURCES, body)

    @property
    def location(self) -> str:
        """Where it is made. Raises AzureError."""
        return self._options.location or str(arm.got(self.service, self._group(), RESOURCES)["location"])

    def _group(self) -> str:
        return f"/subscriptions/{self._options.subscription}/resourcegroups/{self._options.resource_group}"


def _state(cluster: m.ManagedCluster) -> str:
    return str(cluster.properties.provisioning_state or "") if cluster.properties else ""


def _phase(properties: m.ManagedClusterProperties) -> ClusterPhase:
    state = str(properties.provisioning_state or "")
    if state in {"Creating", "Starting"}:
        return ClusterPhase.CREATING
    if state in {"Failed", "Canceled", "Deleting"}:
        return ClusterPhase.BROKEN
    power = properties.power_state.code if properties.power_state else None
    return ClusterPhase.STOPPED if state == "Stopping" or power == "Stopped" else ClusterPhase.RUNNING


def _detail(cluster: m.ManagedCluster, properties: m.ManagedClusterProperties) -> str:
    pools = [f"{pool.count} x {pool.vm_size}" for pool in properties.agent_pool_profiles or ()]
    version = properties.current_kubernetes_version or properties.kubernetes_version
    detail = _("{state}: Kubernetes {version}, {pools} in {location}")
    return detail.format(state=_state(cluster), version=version, pools=joined(pools), location=cluster.location)


def _wanted(options: AksOptions, location: str) -> m.ManagedCluster:
    pools = [_pool("system", "System", options.nodes, os_disk_size_gb=options.nodes.disk_size)]
    if options.gpu:
        pools.append(_pool("gpu", "User", options.gpu, gpu_profile=m.GPUProfile(driver="Install")))
    properties = m.ManagedClusterProperties(
        dns_prefix=options.name.replace("_", "-")[:54],
        kubernetes_version=options.kubernetes_version,
        agent_pool_profiles=pools,
        network_profile=m.ContainerServiceNetworkProfile(
            network_plugin="azure", network_plugin_mode="overlay", load_balancer_sku="standard"
        ),
        oidc_issuer_profile=m.ManagedClusterOIDCIssuerProfile(enabled=True),
        security_profile=m.ManagedClusterSecurityProfile(
            workload_identity=m.ManagedClusterSecurityProfileWorkloadIdentity(enabled=True)
        ),
    )
    return m.ManagedCluster(
        location=location, tags={"created-by": "kfinstall"}, identity=_identity(options.identity),
        sku=m.ManagedClusterSKU(name="Base", tier=options.tier), properties=properties,
    )  # fmt: skip


def _identity(resource_id: str | None) -> m.ManagedClusterIdentity:
    if resource_id is None:
        return m.ManagedClusterIdentity(type="SystemAssigned")
    own = {resource_id: m.ManagedServiceIdentityUserAssignedIdentitiesValue()}
    return m.ManagedClusterIdentity(type="UserAssigned", user_assigned_identities=own)


def _pool(name: str, mode: str, pool: Pool, **more: Any) -> m.ManagedClusterAgentPoolProfile:
    if pool.max_count is not None:
        more |= {"enable_auto_scaling": True, "min_count": pool.count, "max_count": pool.max_count}
    return m.ManagedClusterAgentPoolProfile(
        name=name, mode=mode, count=pool.count, vm_size=pool.vm_size, os_type="Linux", max_pods=PODS,
        type="VirtualMachineScaleSets", **more,
    )  # fmt: skip
