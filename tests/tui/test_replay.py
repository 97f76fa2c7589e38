"""What a walk saved installs what its review showed: the same plan, or the same refusal, on every platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kfinstall.cli.main import kfinstall
from kfinstall.engine.clusters import unmade
from kfinstall.engine.host import host_of
from kfinstall.engine.release import resolve
from kfinstall.guide.draft import Draft
from kfinstall.guide.outlook import Objects, Outlook
from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.sandbox import running
from tests.tui.places import everywhere
from tests.tui.playing import Player
from tests.tui.walking import REQUIRED, to_the_review, walking
from tests.unit.platforms.cluster_manager import PROJECT, ZONE

MADE = ("aks", "gke", "kind", "minikube")
"""Platforms whose clusters are to be made; the others' are there, or stand at once."""


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch, everywhere(tmp_path_factory.mktemp("places"), patch) as path:
        yield path


@pytest.fixture(autouse=True)
def no_sandbox_stays() -> Iterator[None]:
    yield
    running.stop()


def run(*command: str) -> tuple[str, str]:
    """What a command of the unattended kind prints, and what it tells beside it."""
    done = CliRunner().invoke(kfinstall, command, standalone_mode=False)
    return done.stdout, done.stderr + str(done.exception or "")


def by_application(lines: list[tuple[str, str]]) -> Objects:
    found: dict[str, list[str]] = {}
    for application, key in lines:
        found.setdefault(application, []).append(key)
    return {application: sorted(keys) for application, keys in found.items()}


def shown(objects: Objects) -> Objects:
    return {application: sorted(keys) for application, keys in objects.items()}


@pytest.mark.parametrize("platform", platforms().names)
def test_the_saved_file_has_the_plan_of_the_review(
    platform: str, kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setitem(REQUIRED, "gke", {"platform.project": PROJECT, "platform.location": ZONE})
    seen: list[Outlook] = []

    async def play(player: Player) -> None:
        review = await to_the_review(player, platform)
        await player.until(lambda: review.outlook is not None)
        assert isinstance(review.outlook, Outlook), review.outlook
        seen.append(review.outlook)
        await player.press("f6")
        await player.until(lambda: review.origin.file)

    walking(play, Draft())
    [outlook] = seen
    file = str(tmp_path / "install.yaml")
    assert bool(outlook.making) is (platform in MADE)
    if not outlook.making:
        printed, told = run("plan", "-f", file, "-o", "json")
        if outlook.refused:
            assert outlook.refused.what in told
            assert platform in ("ack", "openshift"), "these want a cluster of their own kind"
            return
        objects = json.loads(printed)["objects"]
        created = [(each["application"], f"{each['kind']}/{each['name']}") for each in objects]
        assert {each["verb"] for each in objects} == {"create"}
    else:
        install = resolve(load([file], platforms=platforms().options, environ={})).install
        to_make = unmade(install, host_of(platform))
        assert to_make is not None
        assert outlook.making == f"{to_make.told}\n{to_make.offered}"
        printed, told = run("build", "-f", file)
        built = [line.split(maxsplit=1) for line in printed.splitlines()]
        created = [(application, _kind_and_name(key)) for application, key in built]
    assert len(created) >= 15, told
    assert shown(outlook.create) == by_application(created)


def _kind_and_name(key: str) -> str:
    """Deployment.apps/kubeflow/web is Deployment/web."""
    parts = key.split("/")
    return f"{parts[0].partition('.')[0]}/{parts[-1]}"
