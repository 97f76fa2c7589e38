"""What is asked of a time that the server has forgotten is answered with 410 Gone, and how to go on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane.api import JSON, Api
from tests.controlplane.server import ControlPlane
from tests.sandbox.conftest import running
from tests.sandbox.test_watching import create, read_events

MAPS = "/api/v1/namespaces/default/configmaps"


@dataclass(frozen=True)
class Forgetful:
    """A server, and what makes it forget all that was before a resourceVersion."""

    api: Api
    forget: Callable[[str], None]

    def ask(self, **query: str) -> tuple[int, Any]:
        with self.api.open("GET", MAPS, query, None, JSON) as response:
            return response.status, response.json()


@pytest.fixture(scope="module", params=["sandbox", "kubernetes"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgetful]:
    if request.param == "sandbox":
        with running("healthy", tmp_path_factory.mktemp("forgets")) as (cluster, path), Api(path) as api:
            yield Forgetful(api, lambda _version: cluster.api.store.forget())
        return
    binaries: Path = request.getfixturevalue("control_plane_binaries")
    uncached = ["--watch-cache=false"]  # the cache remembers for longer than etcd
    plane = ControlPlane(binaries, scheduler=False, controller_manager=False, apiserver_args=uncached)
    with plane, Api(plane.kubeconfig()) as api:
        yield Forgetful(api, plane.compact)


@pytest.fixture
def forgotten(server: Forgetful, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Of three objects made for the test: the version before the last, and the token of the second page by then."""
    prefix = request.node.name.partition("[")[0].replace("_", "-")
    create(server.api, MAPS, f"{prefix}-a", made=prefix)
    version = create(server.api, MAPS, f"{prefix}-b", made=prefix)
    _code, page = server.ask(limit="1", labelSelector=f"made={prefix}")
    server.forget(create(server.api, MAPS, f"{prefix}-c", made=prefix))
    return version, page["metadata"]["continue"]


def test_a_list_of_the_past(server: Forgetful, forgotten: tuple[str, str]) -> None:
    code, answer = server.ask(resourceVersion=forgotten[0], resourceVersionMatch="Exact")
    assert (code, answer["reason"], answer["code"]) == (410, "Expired", 410)
    assert answer["message"] == "The resourceVersion for the provided list is too old."


def test_a_page_of_the_past(server: Forgetful, forgotten: tuple[str, str]) -> None:
    selector = "made=test-a-page-of-the-past"
    code, answer = server.ask(limit="1", labelSelector=selector, **{"continue": forgotten[1]})
    assert (code, answer["reason"]) == (410, "Expired")
    assert answer["message"].startswith("The provided continue parameter is too old to display a consistent list")
    # the token in the answer goes on with what is there now
    code, rest = server.ask(labelSelector=selector, **{"continue": answer["metadata"]["continue"]})
    assert (code, [each["metadata"]["name"][-1] for each in rest["items"]]) == (200, ["b", "c"])


def test_a_watch_of_the_past(server: Forgetful, forgotten: tuple[str, str]) -> None:
    with server.api.watch(MAPS, resourceVersion="1", timeoutSeconds="5") as response:
        (event,) = read_events(response)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_what_is_remembered_is_still_there(server: Forgetful, forgotten: tuple[str, str]) -> None:
    code, answer = server.ask(labelSelector="made=test-what-is-remembered-is-still-there")
    assert (code, len(answer["items"])) == (200, 3)
