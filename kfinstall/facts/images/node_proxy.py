"""The proxy of a node's container runtime: the file that has it, by runtime and by what made the node.

https://docs.docker.com/engine/daemon/proxy/, https://minikube.sigs.k8s.io/docs/handbook/vpn_and_proxy/,
https://kind.sigs.k8s.io/docs/user/quick-start/#configure-kind-to-use-a-proxy, https://docs.k3s.io/advanced#configuring-an-http-proxy.
"""

from collections.abc import Mapping

from kfinstall.contracts.manifest import Body

SERVICES = {"containerd": "containerd", "docker": "docker", "cri-o": "crio"}
"""Runtime -> its service of systemd."""


def commands(node: Body, variables: Mapping[str, str]) -> list[str]:
    """What gives the node's runtime these variables: HTTP_PROXY, HTTPS_PROXY, NO_PROXY."""
    metadata = node["metadata"]
    labels = metadata.get("labels") or {}
    info = (node.get("status") or {}).get("nodeInfo") or {}
    if "minikube.k8s.io/name" in labels:
        given = " ".join(f"{name}={value}" for name, value in variables.items())
        profile = labels["minikube.k8s.io/name"]
        return [f"minikube stop -p {profile}", f"{given} minikube start -p {profile}"]
    if str((node.get("spec") or {}).get("providerID", "")).startswith("kind://"):
        return [
            *(f"export {name}={value}" for name, value in variables.items()),
            "kind delete cluster && kind create cluster",
        ]
    version = str(info.get("kubeletVersion", ""))
    for distribution in ("k3s", "rke2"):
        if distribution in version:
            lines = "\\n".join(f"{name}={value}" for name, value in variables.items())
            return [
                f"printf '{lines}\\n' | sudo tee -a /etc/systemd/system/{distribution}.service.env",
                f"sudo systemctl restart {distribution}",
            ]
    runtime = str(info.get("containerRuntimeVersion", "")).partition(":")[0]
    service = SERVICES.get(runtime, "containerd")
    lines = "\\n".join(f'Environment="{name}={value}"' for name, value in variables.items())
    folder = f"/etc/systemd/system/{service}.service.d"
    return [
        f"sudo mkdir -p {folder} && printf '[Service]\\n{lines}\\n' | sudo tee {folder}/http-proxy.conf",
        f"sudo systemctl daemon-reload && sudo systemctl restart {service}",
    ]
