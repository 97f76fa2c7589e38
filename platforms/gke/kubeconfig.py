"""A kubeconfig of kfinstall's own for a GKE cluster; it holds no token, but the program that gets one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from kfinstall.contracts.platform import ClusterAccess, Host
from kfinstall.errors import CloudError, ToolMissing
from kfinstall.words import _
from platforms.gke.options import GkeOptions

if TYPE_CHECKING:
    from google.cloud.container_v1 import Cluster

PLUGIN = "gke-gcloud-auth-plugin"
GET_PLUGIN = "https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin"


def path(options: GkeOptions, host: Host) -> Path:
    return host.folder / f"{context(options)}.yaml"


def context(options: GkeOptions) -> str:
    """As gcloud names it."""
    return f"gke_{options.project}_{options.location}_{options.cluster}"


def access(cluster: "Cluster", options: GkeOptions, host: Host) -> ClusterAccess:
    """Write the kubeconfig. Raises ToolMissing without the plugin, CloudError when GKE did not say where to connect."""
    if host.find(PLUGIN) is None:
        raise ToolMissing(
            _("{program} is not installed, or not on the PATH.").format(program=PLUGIN),
            why=_("Clusters of GKE accept only what it gets from Google."),
            fix=_("Install it with: gcloud components install {program}").format(program=PLUGIN),
            docs=GET_PLUGIN,
        )
    if not cluster.endpoint:
        raise CloudError(_("The cluster {name} has no address yet.").format(name=cluster.name))
    file = path(options, host)
    _write(file, yaml.safe_dump(_content(cluster, context(options))))
    return ClusterAccess(kubeconfig=file, context=context(options))


def _content(cluster: "Cluster", name: str) -> dict[str, Any]:
    """The plugin acts as whoever made the cluster: with the credentials of applications, not those of gcloud."""
    server = {
        "server": f"https://{cluster.endpoint}",
        "certificate-authority-data": cluster.master_auth.cluster_ca_certificate,
    }
    login = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": PLUGIN,
        "args": ["--use_application_default_credentials=true"],
        "provideClusterInfo": True,
        "interactiveMode": "IfAvailable",
        "installHint": GET_PLUGIN,
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": {"exec": login}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }


def _write(file: Path, text: str) -> None:
    """Appears whole, so that another kfinstall never reads half of it."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with open(draft, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        stream.write(text)
    draft.replace(file)
