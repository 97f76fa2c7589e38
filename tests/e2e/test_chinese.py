"""The command as a process that speaks Chinese: help, a diagnosis, an explanation, errors, a file that it writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_language import kfinstall
from tests.patience import PATIENCE

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"(?i)\b(and|are|does|for|has|in|is|it|not|of|or|that|the|this|to|what|with)\b")
"""What no English sentence does without, and what is in no command, key or name."""

HELP = """
import click
from kfinstall.words import speak
speak("zh_CN")
from kfinstall.cli.main import in_language, kfinstall

def walk(command, path):
    context = command.context_class(command, info_name=path[-1], parent=None)
    print("##", *path)
    print(command.get_help(context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            walk(command.get_command(context, name), [*path, name])

walk(in_language(kfinstall), ["kfinstall"])
"""

PENDING = {
    "kind": "PodList",
    "items": [
        {
            "kind": "Pod",
            "metadata": {
                "name": "mysql-0",
                "namespace": "kubeflow",
                "uid": "1",
                "creationTimestamp": "2025-01-01T00:00:00Z",
            },
            "spec": {"containers": [{"name": "mysql", "image": "gcr.io/nobody/mysql:8"}]},
            "status": {
                "phase": "Pending",
                "containerStatuses": [
                    {
                        "name": "mysql",
                        "ready": False,
                        "image": "gcr.io/nobody/mysql:8",
                        "state": {
                            "waiting": {
                                "reason": "ErrImagePull",
                                "message": 'failed to resolve reference "gcr.io/nobody/mysql:8": failed to do request: '
                                'Head "https://gcr.io/v2/nobody/mysql/manifests/8": dial tcp 142.250.1.82:443: '
                                "i/o timeout",
                            }
                        },
                    }
                ],
            },
        }
    ],
}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """What somebody got from kubectl of a cluster in which a registry is out of reach."""
    (tmp_path / "pods.json").write_text(json.dumps(PENDING))
    return tmp_path


def test_no_help_is_in_english() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    pages = done.stdout.split("## ")[1:]
    assert len(pages) > 35
    left = [line for page in pages for line in page.splitlines()[1:] if ENGLISH.search(_without_commands(line))]
    assert not left
    assert not [page for page in pages if "用法:" not in page or not CHINESE.search(page.partition("选项:")[0][4:])]


def _without_commands(line: str) -> str:
    return re.sub(r"`[^`]*`|--[\w-]+|[A-Z]{2,}", "", line)


def test_a_diagnosis(lists: Path) -> None:
    done = kfinstall("--lang", "zh_CN", "doctor", "--from", str(lists))
    assert done.returncode == 3
    assert "✗ 1. 节点无法访问镜像仓库" in done.stdout
    assert "→ 通过节点能访问的镜像站拉取" in done.stdout
    assert "Pod/kubeflow/mysql-0" in done.stdout
    kept = [line for line in done.stdout.splitlines() if "i/o timeout" not in line and ENGLISH.search(_plain(line))]
    assert not kept


def _plain(line: str) -> str:
    """Without commands to copy and addresses."""
    return "" if line.lstrip().startswith(("$", "https://")) else _without_commands(line)


def test_ids_keys_and_commands_are_the_same_in_all_languages(lists: Path) -> None:
    english, chinese = (
        json.loads(kfinstall("--lang", language, "doctor", "--from", str(lists), "-o", "json").stdout)
        for language in ("en", "zh_CN")
    )
    assert english["findings"][0]["title"] != chinese["findings"][0]["title"]
    assert _facts(english) == _facts(chinese)


SENTENCES = ("title", "text", "reason", "summary", "fix")


def _facts(value: Any) -> Any:
    """Without what is meant for people, and without moments."""
    if isinstance(value, dict):
        return {key: _facts(inner) for key, inner in value.items() if key not in SENTENCES and "ime" not in key}
    if isinstance(value, list):
        return [_facts(inner) for inner in value]
    return value


def test_an_explanation() -> None:
    message = "0/3 nodes are available: 3 Insufficient cpu."
    done = kfinstall("explain", message, LANG="zh_CN.UTF-8")
    assert done.returncode == 0
    assert "3 个节点中有 3 个不足" in done.stdout
    assert "该怎么做：" in done.stdout
    assert "(sched-insufficient-cpu)" in done.stdout
    facts = json.loads(kfinstall("--lang", "zh_CN", "explain", message, "-o", "json").stdout)
    assert facts["cause"] == "sched-insufficient-cpu"
    assert CHINESE.search(facts["remedy"]["text"])


def test_a_file_with_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform: {type: sandboxx}\nwait: {timeout: 5}\n"
    )
    done = kfinstall("--lang", "zh_CN", "config", "validate", "-f", str(file))
    assert done.returncode == 2
    assert f'{file}:3:18: platform.type: 不认识 "sandboxx"。' in done.stderr
    assert '你是不是想用 "sandbox"？' in done.stderr
    assert f"{file}:4:17: wait.timeout: 时长需要单位" in done.stderr
    assert not ENGLISH.search(done.stderr.replace(str(file), ""))


def test_mistakes_on_the_command_line() -> None:
    for arguments in (
        ["nonsense"],
        ["doctor", "--nonsense"],
        ["init", "--platform"],
        ["config", "show", "-o", "nonsense"],
    ):
        done = kfinstall("--lang", "zh_CN", *arguments)
        assert done.returncode == 2
        assert "错误：" in done.stderr
        assert not ENGLISH.search(_without_commands(done.stderr)), done.stderr


def test_the_comments_of_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "install.yaml"
    done = kfinstall("--lang", "zh_CN", "init", "--platform", "minikube", str(file))
    assert "已写入" in done.stderr
    text = file.read_text(encoding="utf-8")
    assert "# 这次安装的名称。" in text
    assert not [line for line in text.splitlines() if "  # " in line and ENGLISH.search(_without_commands(line))]
    english = kfinstall("init", "--platform", "minikube").stdout
    assert yaml.safe_load(text) == yaml.safe_load(english)
    assert kfinstall("config", "validate", "-f", str(file)).returncode == 0
