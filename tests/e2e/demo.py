"""What `make demo` shows: the preset `starter` on a practice cluster that is started for it, and its status."""

import os
import subprocess
import sys
import tempfile

COMMANDS = (
    "sandbox start --speed 2",
    "init install.yaml --platform sandbox --preset starter --name workbench",
    "install -f install.yaml --yes",
    "status",
)


def main() -> int:
    """Run the demo in a folder of its own; the exit code of the first command that fails, or 0."""
    with tempfile.TemporaryDirectory(prefix="kfinstall-demo-") as folder:
        try:
            for command in COMMANDS:
                _show(command, folder)
        except subprocess.CalledProcessError as failed:
            return failed.returncode
        finally:
            _show("sandbox stop", folder)
    return 0


def _show(command: str, folder: str) -> None:
    print(f"\n$ kfinstall {command}", flush=True)
    state = {"XDG_STATE_HOME": f"{folder}/state", "KUBECONFIG": f"{folder}/state/kfinstall/sandbox/kubeconfig"}
    subprocess.run(
        [sys.executable, "-m", "kfinstall", *command.split()], env={**os.environ, **state}, cwd=folder, check=True
    )


if __name__ == "__main__":
    sys.exit(main())
