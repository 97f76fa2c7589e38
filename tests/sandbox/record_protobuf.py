"""Writes configs/sandbox/kubernetes.pb.xz anew: the messages of Kubernetes' API, from the Go modules of the tests.

The .proto files (Apache-2.0) are those of the versions in tests/controlplane/go.mod. Run with `make sandbox-data`.
"""

import json
import lzma
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "configs" / "sandbox" / "kubernetes.pb.xz"
MODULES = ("k8s.io/api", "k8s.io/apimachinery")


def main() -> int:
    """Compile them and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        include, output = Path(folder, "include"), Path(folder, "out")
        for module in MODULES:
            (include / module).parent.mkdir(parents=True, exist_ok=True)
            (include / module).symlink_to(_source(module))
        names = [
            str(path.relative_to(include))
            for module in MODULES
            for path in sorted((include / module).rglob("v1/generated.proto"))
        ]
        names += [f"{MODULES[1]}/pkg/{name}/generated.proto" for name in ("runtime", "util/intstr", "api/resource")]
        names.append(f"{MODULES[0]}/autoscaling/v2/generated.proto")
        arguments = [f"-I{include}", "--include_imports", f"--descriptor_set_out={output}", *names]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True)
        DATA.write_bytes(lzma.compress(output.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    return 0


def _source(module: str) -> str:
    command = ["go", "list", "-m", "-json", module]
    listed = subprocess.run(command, cwd=ROOT / "tests" / "controlplane", check=True, capture_output=True, text=True)
    return str(json.loads(listed.stdout)["Dir"])


if __name__ == "__main__":
    sys.exit(main())
