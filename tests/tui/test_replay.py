"""What a walk saved installs what its review showed: the same plan, on every platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from textual.widgets import Button

from kfinstall.cli.main import kfinstall
from kfinstall.engine.clusters import unmade
from kfinstall.engine.host import host_of
from kfinstall.engine.release import resolve
from kfinstall.guide.draft import Draft
from kfinstall.guide.outlook import Objects, Outlook
from kfinstall.model.load import load
from kfinstall.registry import platforms
from kfinstall.sandbox import running
from kfinstall.tui.asking import Asking
from tests.tui.places import Places, everywhere
from tests.tui.playing import Player
from tests.tui.walking import REQUIRED, to_the_review, walking
from tests.unit.platforms.arm_server import SUBSCRIPTION
from tests.unit.platforms.cluster_manager import PROJECT, ZONE

MADE = ("aks", "gke", "kind", "minikube")
"""Platforms whose clusters are to be made; the others' are there, or stand at once."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with pytest.MonkeyPatch.context() as patch, everywhere(tmp_path_factory.mktemp("places"), patch) as found:
        yield found


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


ACCOUNTS = {
    "aks": {"platform.subscription": SUBSCRIPTION, "platform.resourceGroup": "ml", "platform.location": "eastus"},
    "gke": {"platform.project": PROJECT, "platform.location": ZONE},
}
"""What the clouds of the tests know."""

BESIDE = {"storage": {"type": "local-path"}, "images": {"mirror": "daocloud"}}
"""What is no matter of the platform's."""

MORE: dict[str, dict[str, Any]] = {
    "aks": {"nodes": {"count": 4}, "tier": "Standard"},
    "gke": {"nodes": {"count": 3, "spot": True}},
    "kind": {"cluster": "replayed", "workers": 2},
    "minikube": {"profile": "replayed", "cpus": 6, "memory": "12g"},
}
"""Answers beyond what has to be answered, of platforms that make clusters: as many kinds of them as there are."""


@pytest.mark.parametrize("platform", platforms().names)
def test_the_saved_file_has_the_plan_of_the_review(
    platform: str, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(places.kubeconfig))
    for name, required in ACCOUNTS.items():
        monkeypatch.setitem(REQUIRED, name, required)
    if platform == "openshift":
        places.serve_constraints()
    seen: list[Outlook] = []
    guided: list[object] = []

    async def play(player: Player) -> None:
        review = await to_the_review(player, platform)
        await player.until(lambda: review.outlook is not None)
        assert isinstance(review.outlook, Outlook), review.outlook
        seen.append(review.outlook)
        await player.press("f6")
        await player.until(lambda: review.origin.file)
        again = load([str(review.origin.file)], platforms=platforms().options, environ={})
        assert again.install == review.loaded.install
        if review.outlook.making:
            assert review.outlook.refused is None, review.outlook.refused
            guided.extend(await made(player, places, platform))

    more = {"platform": {"type": platform, **MORE[platform]}, **BESIDE} if platform in MORE else {}
    walking(play, Draft(more))
    [outlook] = seen
    file = str(tmp_path / "install.yaml")
    assert bool(outlook.making) is (platform in MADE)
    if outlook.making:
        created = to_create(file, platform, outlook)
        places.refuse(platform)
        run("install", "-f", file, "--yes")
        assert guided
        assert places.asked(platform) == guided, "the cloud, or the program, is told the same"
    else:
        assert outlook.refused is None, outlook.refused
        printed, _told = run("plan", "-f", file, "-o", "json")
        objects = json.loads(printed)["objects"]
        created = [(each["application"], f"{each['kind']}/{each['name']}") for each in objects]
        assert {each["verb"] for each in objects} == {"create"}
    assert len(created) >= 15
    assert shown(outlook.create) == by_application(created)


async def made(player: Player, places: Places, platform: str) -> list[object]:
    """Have the cluster made, which is refused; what was asked for by then."""
    places.refuse(platform)
    player.screen.query_one("#install", Button).focus()
    await player.press("enter")
    await player.until(lambda: isinstance(player.screen, Asking))
    assert places.asked(platform) == [], "nothing is made without a word"
    await player.press("down", "enter")
    await player.until("is not installed")
    return places.asked(platform)


def to_create(file: str, platform: str, outlook: Outlook) -> list[tuple[str, str]]:
    """Application and object of all that an unattended install of a file creates once it has made a cluster."""
    install = resolve(load([file], platforms=platforms().options, environ={})).install
    to_make = unmade(install, host_of(platform))
    assert to_make is not None
    assert outlook.making == f"{to_make.told}\n{to_make.offered}"
    printed, _told = run("build", "-f", file)
    built = [line.split(maxsplit=1) for line in printed.splitlines()]
    return [(application, _kind_and_name(key)) for application, key in built]


def _kind_and_name(key: str) -> str:
    """Deployment.apps/kubeflow/web is Deployment/web."""
    parts = key.split("/")
    return f"{parts[0].partition('.')[0]}/{parts[-1]}"
