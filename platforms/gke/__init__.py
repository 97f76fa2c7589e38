"""Google Kubernetes Engine (GKE): clusters made, followed, connected to and deleted through Google's client library.

The library is imported where it is used: that takes a second.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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
from kfinstall.errors import CloudError
from kfinstall.model.base import Model
from kfinstall.model.install import Install
from kfinstall.words import _, joined
from platforms.answers import needed
from platforms.gke import choices, firewall, iap, istio_cni, kubeconfig, pipelines_key, preflight
from platforms.gke.cloud import Cloud
from platforms.gke.lifetime import Lifetime, trouble, usable
from platforms.gke.machines import cpus, memory
from platforms.gke.options import GkeOptions, Pool
from platforms.shared_volumes import with_shared_class

PHASES = {
    "PROVISIONING": ClusterPhase.CREATING,
    "RUNNING": ClusterPhase.RUNNING,
    "RECONCILING": ClusterPhase.RUNNING,
    "DEGRADED": ClusterPhase.RUNNING,
}


FILES = "standard-rwx"
"""The class of Filestore: https://cloud.google.com/kubernetes-engine/docs/how-to/filestore-csi-driver."""


class Gke:
    """The platform for a cluster that Google runs."""

    name = "gke"
    title = _("Google Kubernetes Engine")
    summary = _("A cluster in Google Cloud: one that stands, or a new one. It costs money while it stands.")
    options = GkeOptions
    chosen = choices.CHOSEN

    def detect(self, host: Host) -> Detection:
        """Only programs: a kubeconfig tells which clusters there were, not whether they run."""
        gcloud, plugin = host.find("gcloud"), host.find(kubeconfig.PLUGIN)
        return Detection(
            tools=(
                Tool("gcloud", str(gcloud or ""), "https://cloud.google.com/sdk/docs/install", needed=False),
                Tool(kubeconfig.PLUGIN, str(plugin or ""), kubeconfig.GET_PLUGIN),
            )
        )

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:
        """Asks Google with the user's credentials, page by page."""
        project = "" if field == "project" else needed(options, "project")
        return choices.choices(field, options, Cloud(project, host))

    def offer(self, options: GkeOptions, host: Host) -> Offer:  # noqa: ARG002 - the contract's signature
        """As it would be made; nothing is asked of Google."""
        nodes, gpu = options.nodes, options.gpu
        parts = [_described(nodes, nodes.machine_type, options.zones)]
        if gpu:
            parts.append(f"{_described(gpu, gpu.machine_type, options.zones)} ({gpu.gpus} x {gpu.type})")
        most = nodes.most * options.zones
        each, of_memory = cpus(nodes.machine_type), memory(nodes.machine_type)
        return Offer(
            _("{nodes} in {location}, project {project}").format(
                nodes=joined(parts), location=options.location, project=options.project
            ),
            _(
                "Google charges the project for nodes, disks and the cluster itself, "
                "until `kfinstall platforms delete -f FILE`."
            ),
            Size(cpus=each * most if each else None, memory=of_memory * most if of_memory else None),
        )

    def device_plugin(self, options: GkeOptions) -> str:  # noqa: ARG002 - the contract's signature
        return _("GKE runs its own on nodes that have GPUs, and installs the driver by platform.gpu.driver.")

    def access(self, options: GkeOptions, host: Host) -> ClusterAccess:
        """Asks Google where the cluster is every time: it may have been made anew by somebody else."""
        return kubeconfig.access(usable(_lifetime(options, host).cluster(), options), options, host)

    def preflight(self, options: GkeOptions, host: Host) -> Iterator[Finding]:
        return preflight.findings(options, host)

    def status(self, options: GkeOptions, host: Host) -> ClusterStatus:
        cluster = _lifetime(options, host).cluster()
        if cluster is None:
            return ClusterStatus(ClusterPhase.ABSENT)
        size = _("{nodes} nodes, Kubernetes {version}").format(
            nodes=cluster.current_node_count, version=cluster.current_master_version
        )
        if cluster.status.name == "STOPPING":
            return ClusterStatus(ClusterPhase.BROKEN, _("it is being deleted"))
        return ClusterStatus(PHASES.get(cluster.status.name, ClusterPhase.BROKEN), trouble(cluster) or size)

    def create(self, options: GkeOptions, host: Host) -> Iterator[Progress]:
        lifetime = _lifetime(options, host)
        begun = lifetime.operation()
        if begun:
            yield from lifetime.steps(begun)
        cluster = lifetime.cluster()
        if options.private and options.private.open_webhooks:  # first: who may not do it hears of it before it costs
            yield from firewall.opening(cluster, options, lifetime.cloud)
        if cluster is None:
            yield Progress(_("Asking for the cluster"), self.offer(options, host).summary)
            yield from lifetime.steps(lifetime.begin_create())
        usable(lifetime.cluster(), options)

    def delete(self, options: GkeOptions, host: Host) -> Iterator[Progress]:
        lifetime = _lifetime(options, host)
        begun = lifetime.operation()
        if begun:
            with contextlib.suppress(CloudError):  # what could not be made can be deleted all the same
                yield from lifetime.steps(begun)
        if lifetime.cluster() is not None:
            yield from lifetime.steps(lifetime.begin_delete())
        if options.private:
            yield from firewall.closing(options, lifetime.cloud)
        kubeconfig.path(options, host).unlink(missing_ok=True)
        disks = f"gcloud compute disks list --project {options.project} --filter 'name~^pvc-'"
        yield Progress(
            _("Deleted"), _("Disks of volumes may still stand, and cost: {command}").format(command=disks), 1.0
        )

    def preferred(self, options: GkeOptions) -> Mapping[str, Model]:  # noqa: ARG002 - the contract's signature
        return {}

    def notices(self, options: GkeOptions, install: Install) -> list[str]:  # noqa: ARG002 - as above
        told = iap.notices(options, options.iap) if options.iap else []
        if options.filestore:
            text = _(
                "Volumes for many pods are of Filestore (class {name}): each has 1 TiB at least, and Google bills it."
            )
            told.append(text.format(name=FILES))
        return told

    def transformed(
        self, manifests: Sequence[Manifest], options: GkeOptions, surroundings: Surroundings
    ) -> list[Manifest]:
        wanted = istio_cni.transformed(manifests)
        if options.filestore:
            wanted = [with_shared_class(each, FILES) for each in wanted]
        if options.iap:
            wanted = iap.transformed(wanted, options, options.iap)
        if options.pipelines_key:
            wanted.append(pipelines_key.manifest(options.pipelines_key, surroundings.namespace))
        return wanted


def _described(pool: Pool, machine_type: str, zones: int) -> str:
    most = _(" (up to {count})").format(count=pool.most * zones) if pool.autoscaling else ""
    return f"{pool.count * zones} x {machine_type}{most}"


def _lifetime(options: GkeOptions, host: Host) -> Lifetime:
    return Lifetime(Cloud(options.project, host), options)
