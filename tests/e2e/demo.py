"""What `make demo` shows: an install into a real control plane, from nothing, with pods that are played.

The images are not pulled and no container runs: the tests' Player writes what a kubelet would. Everything else is
real: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kfinstall.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.controlplane.build import ControlPlaneUnavailable, ensure_built
from tests.controlplane.fixtures import started
from tests.controlplane.player import Player
from tests.controlplane.provisioner import Provisioner

WORKBENCH = Path(__file__).parent / "workbench" / "install.yaml"


def main() -> int:
    """Run the demo; the exit code of the first command that fails, or 0."""
    try:
        binaries = ensure_built()
    except ControlPlaneUnavailable as error:
        sys.stderr.write(f"The demo needs a control plane: {error}\n")
        return 1
    with tempfile.TemporaryDirectory() as home, started(binaries) as cluster:
        kubeconfig = cluster.kubeconfig()
        environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "XDG_STATE_HOME": home,
            "KFINSTALL_KUSTOMIZE": str(cluster.kubectl),
        }
        with Player(kubeconfig), Provisioner(kubeconfig):
            return _shown(environment)


def _shown(environment: dict[str, str]) -> int:
    commands = (
        ["install", "-f", str(WORKBENCH), "--yes"],
        ["status"],
        ["install", "-f", str(WORKBENCH), "--yes"],
        ["uninstall", "workbench", "--yes"],
    )
    for command in commands:
        sys.stdout.write(f"\n$ kfinstall {' '.join(command)}\n")
        sys.stdout.flush()
        code = subprocess.run([sys.executable, "-m", "kfinstall", *command], env=environment, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
