"""Works out anew what the parts of the presets need: `make needs` writes configs/needs from the releases' archives."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from kfinstall.engine.state_folder import cache_folder
from kfinstall.guide.needs import needs, written
from tests.golden.test_releases import ARCHIVES, preset, rendered

FOLDER = Path(__file__).parents[2] / "configs" / "needs"
PRESETS = ("starter", "kubeflow-26.03", "kubeflow-1.10", "kfctl-k8s-istio-1.2", "kfctl-istio-dex-1.2",
           "kfctl-k8s-istio-1.0", "kfctl-istio-dex-1.0")  # fmt: skip


def text(name: str, cache: Path) -> str:
    """The file of a preset."""
    rendering = rendered(preset(name), cache)
    data = {application.name: written(needs(application.manifests)) for application in rendering.applications}
    return yaml.safe_dump(data, sort_keys=False, width=10_000)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in PRESETS:
        (FOLDER / f"{name}.yaml").write_text(text(name, cache_folder()), encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    if not ARCHIVES.is_dir():
        sys.exit(f"the archives of the releases are not in {ARCHIVES}")
    main()
