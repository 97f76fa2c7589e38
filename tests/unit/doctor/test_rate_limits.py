"""Registries, GitHub and the API server that ask to go slower; on servers that answer as the real ones do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from checks.rate_limits import CHECKS, allowance_left, complaints, refused_pulls
from kfinstall.contracts.check import CouldNotLook
from kfinstall.contracts.finding import Severity
from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Reply
from kfinstall.doctor.asking import asked
from kfinstall.doctor.examination import Status, examine
from kfinstall.doctor.snapshot import Collected, Recorded
from kfinstall.facts.images.allowance import DOCKER_HUB_PREVIEW, GITHUB_API, docker_hub, github
from tests.unit.doctor.clusters import body, event, pod, snapshot, waiting

LIMITED = (
    'failed to pull and unpack image "docker.io/istio/pilot:1": failed to copy: httpReadSeeker: failed open: '
    "unexpected status code https://registry-1.docker.io/v2/istio/pilot/manifests/1: 429 Too Many Requests - Server "
    "message: toomanyrequests: You have reached your unauthenticated pull rate limit. "
    "https://www.docker.com/increase-rate-limit"
)
HUB = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "1;w=21600", "docker-ratelimit-source": "203.0.113.7"}
QUAY = "unexpected status code https://quay.io/v2/a/b/manifests/1: 429 Too Many Requests"


def on_hub(name: str, image: str, message: str = "") -> Body:
    reason = "ErrImagePull" if message else "ContainerCreating"
    return pod(name, status=waiting(reason, message, image), containers=[{"name": "main", "image": image}])


def answering(whole: Collected, **replies: Reply | None) -> Collected:
    urls = {"hub": DOCKER_HUB_PREVIEW, "github": GITHUB_API}
    return replace(whole, outside=Recorded(replies={urls[name]: reply for name, reply in replies.items()}))


def test_docker_hub_has_counted_enough() -> None:
    whole = snapshot(on_hub("a", "istio/pilot:1", LIMITED), on_hub("b", "quay.io/c/d:1"))
    [found] = refused_pulls(answering(whole, hub=Reply(200, {**HUB, "ratelimit-remaining": "0;w=21600"})))
    assert (found.cause, found.severity) == ("rl-dockerhub-pull", Severity.ERROR)
    assert found.title == "docker.io refuses 1 image: too many pulls"
    assert [key.name for key in found.objects] == ["a"]
    assert [each.text for each in found.evidence][1:] == [
        "Docker Hub's limit for the address of this machine: 100 in 6h, 0 of them left",
        "1 of the 2 images in this cluster are on Docker Hub; each node pulls each of them once",
    ]
    assert "--docker-server=https://index.docker.io/v1/" in found.remedy.commands[0]
    assert found.remedy.commands[-1] == "kustomize edit set image istio/pilot=m.daocloud.io/docker.io/istio/pilot:1"


def test_offline_the_finding_says_what_was_not_checked() -> None:
    [found] = refused_pulls(snapshot(on_hub("a", "istio/pilot:1", LIMITED)))
    assert found.evidence[1].text == "How much is left was not checked: no way to registry-1.docker.io."


def test_another_registry_is_named() -> None:
    [found] = refused_pulls(snapshot(on_hub("a", "quay.io/a/b:1", QUAY)))
    assert (found.cause, found.title) == ("rl-ecr-public", "quay.io refuses 1 image: too many pulls")
    assert len(found.evidence) == 1


def test_more_images_than_docker_hub_gives_out() -> None:
    whole = snapshot(on_hub("a", "istio/pilot:1"), on_hub("b", "mysql:8"), on_hub("c", "quay.io/x/y:1"))
    [found] = allowance_left(answering(whole, hub=Reply(200, HUB)))
    assert (found.cause, found.severity) == ("rl-dockerhub-pull", Severity.WARNING)
    assert found.title == "Docker Hub gives out 1 image more, and 2 are still to be pulled"
    assert [each.text for each in found.evidence[1:]] == ["docker.io/istio/pilot:1", "docker.io/library/mysql:8"]


def test_planned_workloads_count_too() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": "mysql:8"}]}}}
    planned = [body("Deployment", name, "kubeflow", group="apps", spec=spec) for name in "ab"]
    other = {"template": {"spec": {"containers": [{"name": "main", "image": "redis:7"}]}}}
    whole = snapshot(*planned, body("StatefulSet", "c", "kubeflow", group="apps", spec=other))
    [found] = allowance_left(answering(whole, hub=Reply(200, HUB)))
    assert "2 are still to be pulled" in found.title


@pytest.mark.parametrize(
    "reply", [Reply(200, {}), Reply(200, {**HUB, "ratelimit-remaining": "2;w=21600"}), Reply(503, {})]
)
def test_enough_or_no_limit_is_no_finding(reply: Reply) -> None:
    """Without the headers there is no limit, or the pull goes through a mirror."""
    whole = snapshot(on_hub("a", "istio/pilot:1"), on_hub("b", "mysql:8"))
    assert not list(allowance_left(answering(whole, hub=reply)))


def test_images_that_a_node_has_are_not_pulled_again() -> None:
    there = body("Node", "n", status={"images": [{"names": ["docker.io/istio/pilot:1"], "sizeBytes": 1}]})
    assert not list(allowance_left(snapshot(on_hub("a", "istio/pilot:1"), there)))


def test_nobody_is_asked_where_nothing_is_to_be_pulled() -> None:
    """Outside is empty here: to ask it would raise CouldNotLook."""
    assert not list(allowance_left(snapshot(pod("a", status={"phase": "Running"}))))


def test_without_a_way_out_the_check_says_so() -> None:
    whole = snapshot(on_hub("a", "istio/pilot:1"))
    with pytest.raises(CouldNotLook):
        list(allowance_left(whole))
    answers = {answer.check.id: answer for answer in examine(whole, CHECKS).checks}
    answer = answers["rate-limits.docker-hub"]
    assert (answer.status, answer.reason) == (Status.SKIPPED, "could not check: no way to registry-1.docker.io")


def complaint(message: str) -> Body:
    return event(body("Revision", "r", "kubeflow", group="serving.knative.dev"), "Failed", message)


def test_github_primary_limit() -> None:
    said = "403 API rate limit exceeded for 203.0.113.7. (But here's the good news: Authenticated requests get more.)"
    headers = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225600"}
    [found] = complaints(answering(snapshot(complaint(said)), github=Reply(200, headers)))
    assert (found.cause, found.severity) == ("rl-github-primary", Severity.WARNING)
    assert found.evidence[-1].text == (
        "GitHub's limit for the address of this machine, without a token: "
        "60 in 1h, 0 of them left, anew at 2026-01-01T00:00:00Z"
    )
    assert "export GITHUB_TOKEN=TOKEN" in found.remedy.commands


def test_github_with_a_token_and_secondary_limit() -> None:
    said = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "retry-after": "60"}
    [found] = complaints(answering(snapshot(complaint(said)), github=Reply(403, headers)))
    assert found.cause == "rl-github-secondary"
    assert found.evidence[-1].text == (
        "GitHub's limit for this machine with its token: 5000 in 1h, 4999 of them left; asks to wait 1m"
    )


def test_the_api_server_asks_to_go_slower() -> None:
    said = "the server has received too many requests and has asked us to try again later (get pods)"
    [found] = complaints(snapshot(complaint(said), complaint(said)))
    assert found.cause == "rl-apiserver-429"
    assert len(found.evidence) == 1


def test_other_warnings_are_not_complaints() -> None:
    assert not list(complaints(snapshot(complaint("Readiness probe failed: HTTP probe failed with statuscode: 429"))))


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"ratelimit-limit": "200;w=21600", "ratelimit-remaining": "196;w=21600"}, "200 in 6h, 196 of them left"),
        ({}, "no limit"),
        ({"ratelimit-limit": "x"}, "no limit"),
    ],
)
def test_docker_hubs_headers(headers: dict[str, str], text: str) -> None:
    assert str(docker_hub(Reply(200, headers))) == text


def test_what_says_nothing_of_limits() -> None:
    assert docker_hub(Reply(401, {})) is None
    assert github(Reply(407, {})) is None


class _Registry(BaseHTTPRequestHandler):
    """The token dance of a registry, with Docker Hub's headers."""

    def do_GET(self) -> None:
        seen: list[Any] = self.server.seen  # type: ignore[attr-defined]
        seen.append((self.command, self.path, self.headers.get("authorization")))
        port = self.server.server_port  # type: ignore[attr-defined]
        if self.path.startswith("/token"):
            return self._reply(200, {}, b'{"token": "for-anybody"}')
        if self.headers.get("authorization") != "Bearer for-anybody":
            challenge = f'Bearer realm="{self.server.realm.format(port=port)}",service="hub",scope="a:b:pull"'  # type: ignore[attr-defined]
            return self._reply(401, {"www-authenticate": challenge}, b"{}")
        return self._reply(200, HUB, b"")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _reply(self, status: int, headers: dict[str, str], text: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_words: object) -> None:
        """Quiet."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def registry(realm: str = "http://127.0.0.1:{port}/token") -> Iterator[tuple[str, list[Any]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    server.seen, server.realm = [], realm  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.seen  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def test_a_registry_is_asked_as_a_stranger_and_not_made_to_count_a_pull() -> None:
    with registry() as (address, seen):
        reply = asked(f"{address}/v2/ratelimitpreview/test/manifests/latest")
    assert reply is not None
    assert str(docker_hub(reply)) == "100 in 6h, 1 of them left"
    path = "/v2/ratelimitpreview/test/manifests/latest"
    assert seen == [
        ("GET", path, None),
        ("GET", "/token?service=hub&scope=a%3Ab%3Apull", None),
        ("HEAD", path, "Bearer for-anybody"),
    ]


def test_a_token_is_fetched_from_no_less_safe_a_place() -> None:
    with registry(realm="ftp://elsewhere.example.com/token") as (address, seen):
        reply = asked(f"{address}/v2/")
    assert reply is not None
    assert reply.status == 401
    assert len(seen) == 1


def test_nobody_there_is_no_answer() -> None:
    with registry() as (address, _seen):
        pass
    assert asked(f"{address}/v2/") is None
