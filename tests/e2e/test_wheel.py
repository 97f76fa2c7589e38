"""The wheel, installed into an empty environment outside the tree: it works there, and has its data with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.e2e.release import Release

TREE = Path(__file__).resolve().parents[2]
PACKAGED = ("pyproject.toml", "README.md", "LICENSE", "kfinstall", "platforms", "checks", "configs")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel and what it depends on, and nothing else.

    The dependencies are those of the environment of the tests, for which pip has downloaded them by the same metadata.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGED:  # building in the tree would leave folders there
        path = TREE / name
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, source / name)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source, cwd=folder)
    [wheel] = folder.glob("kfinstall-*.whl")
    venv.create(folder / "venv", symlinks=True)
    [site] = (folder / "venv" / "lib").glob("python*/site-packages")
    python = folder / "venv" / "bin" / "python"
    _run(*pip, "--python", python, "install", "--no-deps", "--no-compile", wheel, cwd=folder)
    [written] = site.glob("kfinstall-*.dist-info")
    for needed in _needed(PathDistribution(written), set(), {}).values():
        _link(needed, site)
    return python.parent


def _needed(of: Distribution, extras: set[str], found: dict[str, Distribution]) -> dict[str, Distribution]:
    """What a distribution depends on, as it is installed here, and what that depends on: what pip would install."""
    for requirement in map(Requirement, of.requires or ()):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": each}) for each in ("", *extras)):
            continue
        here = metadata.distribution(requirement.name)
        assert requirement.specifier.contains(here.version, prereleases=True), f"{requirement}: {here.version} is here"
        if here.name not in found or requirement.extras:
            found[here.name] = here
            _needed(here, requirement.extras, found)
    return found


def _link(distribution: Distribution, site: Path) -> None:
    """Its files, but what pip writes into other folders than site-packages."""
    for file in distribution.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            path = site / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.symlink_to(str(distribution.locate_file(file)))


def _run(*command: str | Path, cwd: Path) -> str:
    """Without what could lead Python back to the tree."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_works_where_no_tree_is(installed: Path, release: Release, tmp_path: Path) -> None:
    kfinstall = installed / "kfinstall"
    assert _run(kfinstall, "--version", cwd=tmp_path).startswith("kfinstall ")
    assert _run(installed / "python", "-m", "kfinstall", "--version", cwd=tmp_path).startswith("kfinstall ")
    presets = json.loads(_run(kfinstall, "configs", "-o", "json", cwd=tmp_path))
    assert "kubeflow-26.03" in [preset["name"] for preset in presets["items"]]
    assert all(preset["applications"] for preset in presets["items"])
    assert "katib" in _run(kfinstall, "configs", "kubeflow-1.10", cwd=tmp_path)
    assert "existing" in _run(kfinstall, "platforms", cwd=tmp_path)
    assert json.loads(_run(kfinstall, "config", "schema", cwd=tmp_path))["properties"]["platform"]
    built = _run(kfinstall, "build", "-f", release.install, "--dump", cwd=tmp_path)
    assert len(list(yaml.safe_load_all(built))) == release.objects
    assert "kfinstall" in _run(kfinstall, "completion", "bash", cwd=tmp_path)
    assert "用法: kfinstall" in _run(kfinstall, "--lang", "zh_CN", "--help", cwd=tmp_path)


def test_the_wheel_has_every_file_of_data(installed: Path) -> None:
    [site] = (installed.parent / "lib").glob("python*/site-packages")
    data = {
        path.relative_to(TREE) for path in (TREE / "configs").rglob("*") if path.suffix in {".yaml", ".json", ".md"}
    }
    assert len(data) > 6
    assert not [str(path) for path in data if not (site / path).is_file()]
    assert (site / "kfinstall" / "py.typed").is_file()
    assert not (site / "tests").exists()
    assert not (site / "pytest").exists(), "what only the tests need is not there"
