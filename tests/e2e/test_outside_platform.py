"""A platform of another distribution: built, installed, and Kubeflow's small preset installed with it.

It is found by its entry point and nothing else; kfinstall does not know its name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.e2e.conftest import Kfinstall
from tests.patience import PATIENCE
from tests.sandbox.conftest import served

SOURCE = Path(__file__).parent / "outside"
TEAM = "lab.example.com/team"
DOCUMENT = (
    "apiVersion: kfinstall.io/v1alpha1\nkind: Install\nmetadata: {name: workbench}\nkubeflow: {preset: starter}\n"
)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the wheel of the package."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(SOURCE, folder / "source")
    # what builds is in the tests' own environment: nothing is downloaded
    _pip("wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", folder / "wheels", folder / "source")
    [wheel] = (folder / "wheels").glob("lab_platform-1.0-*.whl")
    _pip("install", "--no-index", "--no-deps", "--target", folder / "site", wheel)
    assert list((folder / "site").glob("lab_platform-1.0.dist-info/entry_points.txt"))
    return folder / "site"


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def extended(kfinstall: Kfinstall, distribution: Path) -> Kfinstall:
    """kfinstall, with the package beside it."""
    kfinstall.environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(distribution), os.environ.get("PYTHONPATH")])
    )
    return kfinstall


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of the laboratory's cluster."""
    (tmp_path / "cluster").mkdir()
    with served("healthy", tmp_path / "cluster") as kubeconfig:
        yield kubeconfig


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "install.yaml"
    written.write_text(DOCUMENT)
    return written


def test_it_is_listed_and_in_the_schema(extended: Kfinstall) -> None:
    listed = extended("platforms")
    assert "lab              The laboratory: The cluster in the basement.\n" in listed.out
    assert "labctl is not here; it would be useful: https://lab.example.com/labctl" in listed.out
    assert listed.err == ""
    schema = extended("config", "schema").json
    assert {"$ref": "#/definitions/LabOptions"} in schema["properties"]["platform"]["oneOf"]
    assert schema["definitions"]["LabOptions"]["properties"]["team"]["enum"] == ["genomics", "optics"]


def test_its_options_are_checked_as_all_others(extended: Kfinstall, file: Path) -> None:
    file.write_text(f"{DOCUMENT}platform: {{type: lab, kubeconfig: k, team: optic}}\n")
    refused = extended("config", "validate", "-f", file)
    assert refused.code == 2
    assert f'{file}:5:44: platform.team: "optic" is not known. Did you mean "optics"?' in refused.err


def test_kubeflow_is_installed_with_it_and_taken_away(extended: Kfinstall, file: Path, cluster: Path) -> None:
    lab = ("-f", file, "--set", "platform.type=lab", "--set", f"platform.kubeconfig={cluster}")
    planned = extended("plan", "-f", file, "--platform", "lab", *lab[2:], "--set", "platform.team=optics")
    assert planned.code == 0, planned.err
    assert "15 to create" in planned.err
    installed = extended("install", *lab, "--set", "platform.team=optics", "--yes")
    assert installed.code == 0, installed.err
    assert "15 created" in installed.err
    with Api(cluster) as api:
        [namespace] = [
            each["metadata"] for each in api.get("/api/v1/namespaces")["items"] if TEAM in each["metadata"]["labels"]
        ]
        deployments = api.get(f"/apis/apps/v1/namespaces/{namespace['name']}/deployments")["items"]
    assert {each["metadata"]["labels"][TEAM] for each in deployments} == {"optics"}
    status = extended("status", *lab, "--set", "platform.team=optics")
    assert (status.code, status.out.splitlines()[0]) == (0, "workbench: 15 of 15 objects are ready")
    moved = extended("install", *lab, "--set", "platform.team=genomics", "--yes", "-o", "json")
    assert (moved.code, moved.json["counts"]["changed"]) == (0, 15)
    removed = extended("uninstall", *lab, "--set", "platform.team=genomics", "--yes", "--delete-data")
    assert removed.code == 0, removed.err


def test_without_the_package_there_is_no_such_platform(kfinstall: Kfinstall, file: Path) -> None:
    refused = kfinstall("plan", "-f", file, "--platform", "lab")
    assert refused.code == 2
    assert "lab" in refused.err
