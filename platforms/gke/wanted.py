"""From the options to the cluster that GKE is asked for."""

from typing import TYPE_CHECKING

from platforms.gke.options import GkeOptions, Gpu, Nodes, Pool

if TYPE_CHECKING:
    from google.cloud.container_v1 import AcceleratorConfig, Cluster, NodeConfig, NodePool

DRIVERS = {"default": "DEFAULT", "latest": "LATEST", "none": "INSTALLATION_DISABLED"}
LABELS = {"created-by": "kfinstall"}


def network_tag(options: GkeOptions) -> str:
    """What firewall rules know the nodes by; GKE's own tag has a part that is not known before."""
    return f"kfinstall-{options.cluster}"


def cluster(options: GkeOptions) -> "Cluster":
    """Both pools are in the one request, so that there is one operation to follow."""
    from google.cloud import container_v1 as gke  # noqa: PLC0415 - takes a second

    wanted = gke.Cluster(
        name=options.cluster,
        release_channel=gke.ReleaseChannel(channel=options.release_channel.upper()),
        initial_cluster_version=options.version or "",
        ip_allocation_policy=gke.IPAllocationPolicy(use_ip_aliases=True),
        network=options.network or "",
        subnetwork=options.subnetwork or "",
        resource_labels=LABELS,
        node_pools=[_pool("default-pool", options.nodes, options)],
        addons_config=gke.AddonsConfig(
            gce_persistent_disk_csi_driver_config=gke.GcePersistentDiskCsiDriverConfig(enabled=True),
            gcp_filestore_csi_driver_config=gke.GcpFilestoreCsiDriverConfig(enabled=options.filestore),
        ),
    )
    if options.gpu:
        wanted.node_pools.append(_pool("gpu-pool", options.gpu, options))
    if options.workload_identity:
        wanted.workload_identity_config = gke.WorkloadIdentityConfig(workload_pool=f"{options.project}.svc.id.goog")
    if options.private:
        wanted.private_cluster_config = gke.PrivateClusterConfig(
            enable_private_nodes=True,
            enable_private_endpoint=options.private.private_endpoint,
            master_ipv4_cidr_block=options.private.control_plane_range,
        )
        if options.private.private_endpoint:  # GKE takes one without the other for a mistake
            wanted.master_authorized_networks_config = gke.MasterAuthorizedNetworksConfig(enabled=True)
    return wanted


def _pool(name: str, pool: Nodes | Gpu, options: GkeOptions) -> "NodePool":
    from google.cloud import container_v1 as gke  # noqa: PLC0415 - as above

    wanted = gke.NodePool(
        name=name,
        initial_node_count=pool.count,
        config=_node(pool, pool.machine_type, options),
        management=gke.NodeManagement(auto_upgrade=True, auto_repair=True),
    )
    if isinstance(pool, Gpu):
        wanted.config.accelerators.append(_accelerator(pool))
    if pool.autoscaling:
        wanted.autoscaling = gke.NodePoolAutoscaling(
            enabled=True, min_node_count=pool.autoscaling.minimum, max_node_count=pool.autoscaling.maximum
        )
    return wanted


def _node(pool: Pool, machine_type: str, options: GkeOptions) -> "NodeConfig":
    """What the nodes may do is bounded by their service account; the scope only lets it count."""
    from google.cloud import container_v1 as gke  # noqa: PLC0415 - as above

    wanted = gke.NodeConfig(
        machine_type=machine_type,
        disk_size_gb=pool.disk_gigabytes,
        disk_type=pool.disk_type,
        spot=pool.spot,
        tags=[network_tag(options)],
        service_account=options.service_account or "",
        oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
    )
    if options.workload_identity:
        wanted.workload_metadata_config = gke.WorkloadMetadataConfig(mode="GKE_METADATA")
    return wanted


def _accelerator(pool: Gpu) -> "AcceleratorConfig":
    from google.cloud import container_v1 as gke  # noqa: PLC0415 - as above

    driver = gke.GPUDriverInstallationConfig(gpu_driver_version=DRIVERS[pool.driver])
    return gke.AcceleratorConfig(
        accelerator_count=pool.gpus, accelerator_type=pool.type, gpu_driver_installation_config=driver
    )
