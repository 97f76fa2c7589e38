"""Registries are asked politely what they have: with a token, a login, or nothing, and no faster than they allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kfinstall.facts.classify.image_reference import parse
from kfinstall.registries.authentication import Login, authorization
from kfinstall.registries.registry import ATTEMPTS, Outcome, Presence, Registry
from kfinstall.registries.requests import address, is_safe
from tests.registries.docker_registry import PASSWORD, USER, DockerRegistry
from tests.registries.strict import Strict

ROBOT = Login("robot", "planted-token-password")


@pytest.fixture
def strict() -> Iterator[Strict]:
    with Strict().serving() as running:
        yield running


def look(host: str, image: str, login: Login | None = None) -> Presence:
    return Registry(host, login, sleep=lambda _seconds: None).look(parse(f"{host}/{image}"))


def test_a_real_registry_open_and_with_a_login(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_text("an image")
    registry = DockerRegistry.start(tmp_path)
    try:
        registry.push("team/app", "1", content)
        found = look(registry.host, "team/app:1")
        assert found.outcome is Outcome.PRESENT
        assert look(registry.host, f"team/app@{found.digest}") == found
        assert look(registry.host, "team/app:2").outcome is Outcome.MISSING
        assert look(registry.host, "team/other:1").outcome is Outcome.MISSING
        assert look(registry.host, f"team/app@sha256:{'0' * 64}").outcome is Outcome.MISSING
    finally:
        registry.stop()
    closed = DockerRegistry.start(tmp_path, login=True)
    try:
        assert look(closed.host, "team/app:1").outcome is Outcome.REFUSED
        assert look(closed.host, "team/app:1", Login(USER, "wrong")).outcome is Outcome.REFUSED
        assert look(closed.host, "team/app:1", Login(USER, PASSWORD)) == found
        assert look(closed.host, "team/app:2", Login(USER, PASSWORD)).outcome is Outcome.MISSING
    finally:
        closed.stop()


def test_a_token_for_strangers_opens_what_is_public(strict: Strict) -> None:
    assert look(strict.host, "open/app:1") == Presence(Outcome.PRESENT, "sha256:" + "b" * 64)
    assert strict.scopes == ["repository:open/app:pull"]
    assert look(strict.host, "closed/app:1").outcome is Outcome.REFUSED


def test_a_login_gets_a_token_of_its_own(strict: Strict) -> None:
    strict.tokens["robot"] = "closed/"
    assert look(strict.host, "closed/app:1", ROBOT).outcome is Outcome.PRESENT
    assert look(strict.host, "closed/app:1", Login("robot", "wrong")).outcome is Outcome.REFUSED


def test_a_token_is_asked_for_once_for_each_repository(strict: Strict) -> None:
    registry = Registry(strict.host)
    for tag in ("1", "2", "3"):
        registry.look(parse(f"{strict.host}/open/app:{tag}"))
    assert len(strict.scopes) == 1
    assert str(registry.allowance) == "100 in 6h, 96 of them left"


def test_credentials_go_nowhere_without_tls(strict: Strict) -> None:
    challenge = {"www-authenticate": 'Bearer realm="http://tokens.example.com/",service="x"'}
    assert authorization(challenge, ROBOT) == {}
    assert not is_safe("http://registry.example.com")
    assert is_safe("https://registry.example.com")
    assert address("registry.example.com:5000") == "https://registry.example.com:5000"
    assert address("docker.io") == "https://registry-1.docker.io"
    assert address("localhost:5000") == "http://localhost:5000"
    assert "planted" not in repr(ROBOT)


def test_credentials_do_not_follow_to_another_host(strict: Strict) -> None:
    with Strict().serving() as elsewhere:
        strict.moved = elsewhere.host
        look(strict.host, "open/app:1")
    assert elsewhere.asked == ["/v2/open/app/manifests/1"]
    assert elsewhere.credentials == [None]


def test_a_registry_that_asks_for_a_pause_gets_it(strict: Strict) -> None:
    strict.busy = 2
    pauses: list[float] = []
    registry = Registry(strict.host, sleep=pauses.append)
    assert registry.look(parse(f"{strict.host}/open/app:1")).outcome is Outcome.PRESENT
    assert pauses == [1.0, 1.0]


def test_one_that_asks_for_hours_is_not_asked_again(strict: Strict) -> None:
    strict.busy, strict.retry_after = 10, "21600"
    pauses: list[float] = []
    registry = Registry(strict.host, sleep=pauses.append)
    busy = Presence(Outcome.BUSY, detail="asks to wait 21600 s")
    assert registry.look(parse(f"{strict.host}/open/app:1")) == busy
    asked = len(strict.asked)
    assert registry.look(parse(f"{strict.host}/open/other:1")) == busy
    assert (len(strict.asked), pauses) == (asked, [])


def test_patience_ends(strict: Strict) -> None:
    strict.busy = 10
    assert look(strict.host, "open/app:1").outcome is Outcome.BUSY
    assert 10 - strict.busy == ATTEMPTS


def test_a_registry_that_is_not_there_is_unknown_and_says_why(strict: Strict) -> None:
    found = look("127.0.0.1:1", "app:1")
    assert found.outcome is Outcome.UNKNOWN
    assert "refused" in found.detail
    strict.realm = "http://127.0.0.1:1/token"
    assert look(strict.host, "open/app:1").outcome is Outcome.UNKNOWN


def test_the_users_proxy_is_asked(strict: Strict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{strict.host}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert look("registry.example.com", "app:1").outcome is Outcome.UNKNOWN
    assert strict.asked == ["registry.example.com:443"]
