"""What `make demo` shows: the preset `starter` on a practice cluster that is started for it, and its status."""

import os
import subprocess
import sys
import tempfile

COMMANDS = (
    (
        "A practice cluster: a Kubernetes API on this machine with simulated nodes. No image is pulled.",
        "sandbox start --speed 2",
    ),
    (
        "A file that says what to install: a workbench with JupyterLab, MLflow and a sample training.",
        "init install.yaml --platform sandbox --preset starter --name workbench",
    ),
    (
        "The install. `wait` says what is not ready yet, `ready` how long it took.",
        "install -f install.yaml --yes",
    ),
    ("What is there now.", "status"),
)
STOP = ("Nothing stays behind.", "sandbox stop")
NEXT = """
The same on a cluster of your own, which kubectl reaches already:
$ kfinstall init install.yaml --platform existing --preset starter --name workbench
$ kfinstall install -f install.yaml
A whole Kubeflow: leave out --preset starter. Stuck? kfinstall doctor
"""


def main() -> int:
    """Run the demo in a folder of its own; the exit code of the first command that fails, or 0."""
    with tempfile.TemporaryDirectory(prefix="kfinstall-demo-") as folder:
        try:
            for why, command in COMMANDS:
                _show(why, command, folder)
        except subprocess.CalledProcessError as failed:
            return failed.returncode
        finally:
            _show(*STOP, folder)
    print(NEXT, end="")
    return 0


def _show(why: str, command: str, folder: str) -> None:
    print(f"\n# {why}\n$ kfinstall {command}", flush=True)
    state = {"XDG_STATE_HOME": f"{folder}/state", "KUBECONFIG": f"{folder}/state/kfinstall/sandbox/kubeconfig"}
    subprocess.run(
        [sys.executable, "-m", "kfinstall", *command.split()], env={**os.environ, **state}, cwd=folder, check=True
    )


if __name__ == "__main__":
    sys.exit(main())
