"""What the parts of the presets need: the numbers that come with kfinstall are those of the releases' objects."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.engine.release import rendered, resolve
from kfinstall.guide import needs
from kfinstall.model import write
from kfinstall.model.load import load
from kfinstall.registry import platforms
from tests.golden.needs import FOLDER, text
from tests.golden.test_releases import ARCHIVES


def test_the_starter() -> None:
    document = write.init("existing", "starter", platforms=platforms().options)
    loaded = load(["x"], platforms=platforms().options, environ={}, read=lambda _name: document)
    applications = rendered(resolve(loaded)).applications
    assert {each.name: needs.needs(each.manifests) for each in applications} == dict(needs.known("starter"))


@pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")
@pytest.mark.parametrize("preset", ["kubeflow-26.03", "kubeflow-1.10"])
def test_the_releases(preset: str) -> None:
    kept = Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders"
    assert text(preset, kept) == (FOLDER / f"{preset}.yaml").read_text(), "run: make needs"
