"""`kfinstall capacity`: the table of nodes and resources, as text and as JSON, from a folder of lists."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kfinstall.cli.capacity import capacity
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.nodes import node, refused, standing

GPU = "nvidia.com/gpu"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    taint = {"key": "sku", "value": "gpu", "effect": "NoSchedule"}
    gpu = node("gpu-0", cpu="8", memory="16Gi", capacity={GPU: "4"}, devices={GPU: "3"}, taints=[taint])
    pods = [
        standing("train-0", "gpu-0", namespace="team", cpu="2", devices={GPU: "2"}),
        refused("train-1", namespace="team", requests={"cpu": "500m", GPU: "2"}),
    ]
    _written(tmp_path / "nodes.json", [gpu, node("cpu-0", cpu="2")])
    _written(tmp_path / "pods.json", pods)
    return tmp_path


def _written(path: Path, items: list[Body]) -> None:
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")


def run(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(capacity, ["--from", str(folder), *arguments], standalone_mode=False)
    assert result.return_value == 0
    return result


def test_the_accelerators(folder: Path) -> None:
    assert run(folder, "--gpu").stdout.splitlines()[:3] == [
        "NODE   RESOURCE        CAPACITY  ALLOCATABLE  USED  FREE  USED BY",
        "gpu-0  nvidia.com/gpu  4         3            2     1     team/train-0 (2)",
        "Waiting for nvidia.com/gpu: team/train-1 (2)",
    ]


def test_what_the_notebooks_web_app_needs_can_be_pasted(folder: Path) -> None:
    text = run(folder, "--gpu").stdout.partition("spawner_ui_config.yaml:\n")[2]
    settings = json.loads(text)
    assert settings["gpus"]["value"]["vendors"] == [{"limitsKey": GPU, "uiName": "NVIDIA"}]
    [option] = settings["tolerationGroup"]["options"]
    assert option["tolerations"] == [{"key": "sku", "operator": "Exists", "effect": "NoSchedule"}]
    assert json.loads(run(folder, "--gpu", "-o", "json").stdout)["notebooks"] == settings
    assert "spawner" not in run(folder).stdout


def test_parts_of_gpus_have_names_that_tell(tmp_path: Path) -> None:
    mixed = node("gpu-0", devices={"nvidia.com/mig-1g.5gb": "7", "gpu.intel.com/xe": "1"})
    _written(tmp_path / "nodes.json", [mixed])
    _written(tmp_path / "pods.json", [])
    settings = json.loads(run(tmp_path, "--gpu", "-o", "json").stdout)["notebooks"]
    names = {each["limitsKey"]: each["uiName"] for each in settings["gpus"]["value"]["vendors"]}
    assert names == {"nvidia.com/mig-1g.5gb": "NVIDIA mig-1g.5gb", "gpu.intel.com/xe": "Intel xe"}
    assert "tolerationGroup" not in settings


def test_everything_that_nodes_offer(folder: Path) -> None:
    lines = [line.split() for line in run(folder).stdout.splitlines()]
    assert [line[:2] for line in lines[1:7]] == [
        ["cpu-0", "cpu"], ["cpu-0", "pods"],
        ["gpu-0", "cpu"], ["gpu-0", "memory"], ["gpu-0", "pods"], ["gpu-0", GPU],
    ]  # fmt: skip
    assert lines[3] == ["gpu-0", "cpu", "8", "8", "2", "6", "team/train-0", "(2)"]
    assert "Waiting for cpu: team/train-1 (500m)" in run(folder).stdout


def test_numbers_for_a_program(folder: Path) -> None:
    document = json.loads(run(folder, "--gpu", "-o", "json").stdout)
    assert (document["apiVersion"], document["kind"]) == ("kfinstall.io/v1alpha1", "Capacity")
    assert document["nodes"] == [
        {
            "node": "gpu-0", "resource": GPU, "capacity": 4.0, "allocatable": 3.0, "used": 2.0, "free": 1.0,
            "usedBy": [{"namespace": "team", "pod": "train-0", "amount": 2.0}],
        }
    ]  # fmt: skip
    assert document["waiting"] == [{"resource": GPU, "namespace": "team", "pod": "train-1", "amount": 2.0}]


def test_a_cluster_without_any(tmp_path: Path) -> None:
    _written(tmp_path / "nodes.json", [node("n", cpu="2")])
    assert run(tmp_path, "--gpu").stdout == "No node offers any.\n"
