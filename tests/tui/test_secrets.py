"""Secrets that a person types: nowhere but in the process, and in the Secrets of the cluster that they are for."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from kfinstall.engine.state_folder import state_home
from kfinstall.guide import saving
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Kind
from kfinstall.guide.steps import steps
from kfinstall.model.document import path_text
from kfinstall.tui.doctor_screen import DoctorScreen
from kfinstall.tui.review import Review
from kfinstall.tui.walk import Walk
from tests.controlplane.api import Api
from tests.sandbox.conftest import served
from tests.tui.playing import Player
from tests.tui.walking import fill, go_on, walk, walking

TYPED, REFERRED = "Hunter2TypedBySomebody", "Hunter3OfTheEnvironment"
INVENTORY = "/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-traced"


def told(text: str, *secrets: str) -> list[str]:
    """The secrets that a text gives away: as they are, in base64, or broken into lines."""
    forms = {each: (each, base64.b64encode(each.encode()).decode(), _login(each)) for each in secrets}
    joined = re.sub(r"\s|&#160;", "", text)
    return [each for each, written in forms.items() if any(form in text or form in joined for form in written)]


def _login(password: str) -> str:
    """As a registry's credentials have it."""
    return base64.b64encode(f"ada:{password}".encode()).decode()


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """All files below a folder, and those in its archives."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.name.endswith(".tar.gz"):
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive.getmembers():
                    inner = archive.extractfile(member)
                    yield f"{path}:{member.name}", (inner.read() if inner else b"").decode(errors="replace")
        else:
            yield str(path), data.decode(errors="replace")


def whole(archive: Path) -> bool:
    """Whether it is written to its end."""
    try:
        with tarfile.open(archive) as opened:
            return bool(opened.getmembers())
    except (tarfile.TarError, EOFError, OSError):
        return False


def pull_secrets() -> Draft:
    """All but the passwords of two registries is answered."""
    registries = {"jupyter": "quay.io", "mlflow": "ghcr.io"}
    secrets = [{"name": name, "registry": place, "username": "ada"} for name, place in registries.items()]
    document = {
        "metadata": {"name": "traced"},
        "platform": {"type": "existing"},
        "kubeflow": {"preset": "starter"},
        "images": {"pullSecrets": secrets},
    }
    return Draft(document, step="images")


def test_no_trace_of_a_run_tells_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REGISTRY_PASSWORD", REFERRED)
    seen: list[str] = []

    def look(player: Player) -> None:
        seen.extend([player.text(), player.pilot.app.export_screenshot()])

    async def play(player: Player) -> None:
        await fill(player, "images.pullSecrets[0].password", TYPED)
        await fill(player, "images.pullSecrets[1].password", "${REGISTRY_PASSWORD}")
        look(player)
        while not isinstance(player.screen, Review):
            await go_on(player)
            look(player)
        await player.until("Will create")
        await player.press("f6")
        await player.until((folder / "install.yaml").exists)
        look(player)
        player.screen.query_one("#install", Button).focus()
        await player.press("enter")
        await player.until(lambda: not isinstance(player.screen, Review))
        look(player)
        await player.until("✗ traced is not ready in time")
        await player.press("b")
        await player.until(lambda: any(map(whole, folder.glob("kfinstall-bundle-*.tar.gz"))))
        look(player)
        await player.press("d")
        await player.until(lambda: isinstance(player.screen, DoctorScreen) and not player.screen._busy)
        look(player)

    with served("gcr-blocked", tmp_path) as kubeconfig, Api(kubeconfig) as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        draft = pull_secrets()
        draft.put(("wait",), {"timeout": "5s"})
        walking(play, draft, size=(120, 40))
        kept = json.dumps(api.get("/api/v1/namespaces/workbench/secrets"))
        inventory = json.dumps(api.get(INVENTORY))
    decoded = "".join(map(_decoded, re.findall(r'"\.dockerconfigjson": "([^"]+)"', kept)))
    assert told(decoded, TYPED, REFERRED) == [TYPED, REFERRED], "the cluster has them: what is below can fail"
    assert [text for text in (inventory, *seen) if told(text, TYPED, REFERRED)] == []
    written = dict(files(state_home())) | dict(files(folder))
    names = " ".join(written)
    for trace in ("journal-traced.jsonl", "/logs/", "draft.yaml", "install.yaml", "kfinstall-bundle"):
        assert trace in names, f"{trace} is not among {names}"
    assert [name for name, text in written.items() if told(text, TYPED, REFERRED)] == []


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def everything() -> Draft:
    """A document with every part in which a secret can be typed."""
    return Draft(
        {
            "platform": {"type": "kind"},
            "kubeflow": {"preset": "kubeflow-1.10"},
            "objectStore": {"type": "s3", "bucket": "models"},
            "serving": {"models": {"type": "s3"}},
            "access": {"type": "node-port", "users": [{"email": "ada@example.com"}], "oidc": {}},
            "images": {"pullSecrets": [{"name": "login"}]},
        },
        step="storage",
    )


def test_no_password_field_shows_what_is_typed_and_the_draft_has_a_reference() -> None:
    draft = everything()
    places = [each.path for step in steps(draft) for each in step.ask(draft) if each.kind is Kind.SECRET]
    planted = {path_text(path): f"Hunter{number}Planted" for number, path in enumerate(places)}
    assert len(planted) >= 7, planted

    async def play(player: Player) -> None:
        while True:
            walk(player)._folded = False
            await walk(player).show()
            step = walk(player).step
            for question in step.ask(draft):
                if question.kind is Kind.SECRET:
                    place = path_text(question.path)
                    await fill(player, place, planted[place])
                    assert player.screen.query(Input)
            assert told(player.text() + player.pilot.app.export_screenshot(), *planted.values()) == []
            if step.name == "rights":
                break
            await walk(player)._go(steps(draft)[[each.name for each in steps(draft)].index(step.name) + 1].name)
        await player.press("f2")
        await player.until(lambda: not isinstance(player.screen, Walk))
        assert told(player.pilot.app.export_screenshot(), *planted.values()) == []

    walking(play, draft, size=(120, 40))
    assert sorted(draft.secrets.values()) == sorted(planted.values()), "all of them are known to the process"
    assert told(draft.text, *planted.values()) == []
    assert [name for name, text in files(state_home()) if told(text, *planted.values())] == []
    assert all(f"${{{name}}}" in draft.text for name in draft.secrets)
    assert not told("".join(saving.exports(draft)), *planted.values())
