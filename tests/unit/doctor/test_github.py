"""What GitHub lets a plan fetch, asked before anything is: on a server that counts and refuses as GitHub does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from kfinstall.cli.doctor import doctor
from kfinstall.contracts.snapshot import Reply
from kfinstall.doctor import github as asking
from kfinstall.errors import FetchError
from kfinstall.facts.images.allowance import github_limit
from kfinstall.render import github
from kfinstall.render.fetch import Fetcher
from kfinstall.render.limits import Limits

TOKEN = "ghp_planted0123456789planted0123456789"
ARCHIVE = "/acme/manifests/archive/v1.tar.gz"
RESET = {"x-ratelimit-reset": "1767225600"}


@dataclass
class GitHub:
    """left: requests that a stranger has. refusal: what downloads get. known: the token that is good."""

    url: str = ""
    left: int = 3
    refusal: tuple[int, dict[str, str]] | None = None
    known: str = TOKEN
    seen: list[tuple[str, str, bool]] = field(default_factory=list)

    def answer(self, method: str, path: str, token: str) -> tuple[int, dict[str, str], bytes]:
        self.seen.append((method, path, bool(token)))
        if path == "/rate_limit":
            if token and token != self.known:
                return 401, {}, b'{"message": "Bad credentials"}'
            limit, left = (5000, 4999) if token else (60, self.left)
            return 200, {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(left), **RESET}, b"{}"
        if path == ARCHIVE:
            return 302, {"location": f"{self.url}/codeload"}, b""
        if self.refusal and token != self.known:
            return *self.refusal, b""
        return 200, {}, b"a: 1\n"


@contextmanager
def serving(hub: GitHub) -> Iterator[GitHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            status, headers, content = hub.answer(self.command, self.path, token)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(GitHub()) as running:
        monkeypatch.setattr(github, "ORIGINS", {running.url})
        monkeypatch.setattr(asking, "GITHUB_API", f"{running.url}/rate_limit")
        yield running


@pytest.fixture
def plan(tmp_path: Path, hub: GitHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Install file whose KfDef is fetched from GitHub, for a cluster that does not answer."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    nowhere = {
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}], "users": [{"name": "u", "user": {}}],
    }  # fmt: skip
    (tmp_path / "config").write_text(json.dumps(nowhere))
    kfdef = {
        "apiVersion": "kfdef.apps.kubeflow.org/v1", "kind": "KfDef", "metadata": {"name": "kf", "namespace": "kf"},
        "spec": {
            "repos": [{"name": "manifests", "uri": f"{hub.url}{ARCHIVE}"}],
            "applications": [{"name": "a", "kustomizeConfig": {"repoRef": {"name": "manifests", "path": "a"}}}],
        },
    }  # fmt: skip
    path = tmp_path / "kfdef.yaml"
    path.write_text(json.dumps(kfdef))
    return path


def printed(plan: Path, output: str) -> str:
    done = CliRunner().invoke(
        doctor,
        ["--phase", "pre", "-f", str(plan), "--kubeconfig", str(plan.parent / "config"), "--only", "rate-limits.github",
         "-o", output],
        standalone_mode=False,
    )  # fmt: skip
    assert done.exception is None, done.exception
    assert TOKEN not in done.output
    return done.stdout


def finding(plan: Path) -> dict[str, Any] | None:
    found = json.loads(printed(plan, "json"))["findings"]
    return found[0] if found else None


def test_little_is_left_and_it_is_said_before_anything_is_fetched(hub: GitHub, plan: Path) -> None:
    found = finding(plan)
    assert found is not None
    assert found["title"] == "GitHub: 3 of 60 requests left, anew at 2026-01-01T00:00:00Z; set GITHUB_TOKEN"
    assert (found["severity"], found["cause"]) == ("info", "rl-github-primary")
    assert "export GITHUB_TOKEN=TOKEN" in found["remedy"]["commands"]
    assert hub.seen[:3] == [("GET", "/rate_limit", False), ("HEAD", ARCHIVE, False), ("HEAD", "/codeload", False)]
    assert "GitHub: 3 of 60 requests left" in printed(plan, "text")


def test_by_name_there_is_enough(hub: GitHub, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    assert finding(plan) is None
    assert ("GET", "/rate_limit", True) in hub.seen


def test_a_token_that_is_not_accepted(hub: GitHub, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.known = "another"
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    found = finding(plan)
    assert found is not None
    assert (found["cause"], found["severity"]) == ("github-token-refused", "warning")
    assert "unset GITHUB_TOKEN GH_TOKEN" in found["remedy"]["commands"]


@pytest.mark.parametrize(
    ("refusal", "cause"),
    [
        ((429, {"retry-after": "60"}), "rl-github-secondary"),
        ((403, {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", **RESET}), "rl-github-primary"),
    ],
)
def test_a_download_that_is_refused(
    hub: GitHub, plan: Path, refusal: tuple[int, dict[str, str]], cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.refusal = refusal
    found = finding(plan)
    assert found is not None
    assert found["title"] == f"GitHub refuses what the plan fetches: HTTP {refusal[0]}"
    assert (found["cause"], found["severity"]) == (cause, "error")
    assert not any(method == "GET" and path != "/rate_limit" for method, path, _known in hub.seen), "nor fetched"


def test_nobody_is_asked_where_a_mirror_has_it(hub: GitHub, plan: Path) -> None:
    plan.write_text(plan.read_text().replace(f"{hub.url}{ARCHIVE}", str(plan.parent)))
    assert finding(plan) is None
    assert hub.seen == []


@pytest.mark.parametrize(
    ("reply", "limit"),
    [
        (Reply(403, {"x-ratelimit-remaining": "0"}), "rl-github-primary"),
        (Reply(429, {"x-ratelimit-remaining": "0"}), "rl-github-primary"),
        (Reply(403, {"x-ratelimit-remaining": "0", "retry-after": "30"}), "rl-github-secondary"),
        (Reply(403, {"x-ratelimit-remaining": "9"}, "… exceeded a secondary rate limit."), "rl-github-secondary"),
        (Reply(429, {}), "rl-github-secondary"),
        (Reply(403, {"x-ratelimit-remaining": "41"}), ""),
        (Reply(404, {"x-ratelimit-remaining": "0"}), ""),
    ],
)  # fmt: skip
def test_the_two_limits_are_told_apart(reply: Reply, limit: str) -> None:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
    assert github_limit(reply) == limit


def fetched(hub: GitHub, cache: Path) -> str:
    getter = Fetcher(cache, limits=Limits(pause=0.01, retries=2))
    return getter.file(f"{hub.url}/acme/raw/a.yaml").read_text()


def test_what_strangers_are_refused_is_fetched_by_name(
    hub: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    hub.refusal = (429, {})
    assert fetched(hub, tmp_path) == "a: 1\n"
    assert [known for _method, _path, known in hub.seen] == [False, True]
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_refused_stranger_is_told_of_the_token(hub: GitHub, tmp_path: Path) -> None:
    late = {"x-ratelimit-reset": "4102444800"}
    hub.refusal = (403, {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", **late})
    with pytest.raises(FetchError) as caught:
        fetched(hub, tmp_path)
    assert caught.value.why == "API rate limit exceeded: 60 in 1h, 0 of them left, anew at 2100-01-01T00:00:00Z."
    assert "GITHUB_TOKEN" in caught.value.fix


def test_a_burst_is_waited_for_no_longer_than_a_minute(hub: GitHub, tmp_path: Path) -> None:
    hub.refusal = (429, {"retry-after": "61"})
    with pytest.raises(FetchError, match="HTTP 429") as caught:
        fetched(hub, tmp_path)
    assert "secondary rate limit" in caught.value.why
    assert len(hub.seen) == 1
