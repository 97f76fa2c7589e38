"""Watches of the practice cluster and of a real API server: the same events for the same changes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.controlplane.api import Api
from tests.patience import eventually
from tests.sandbox.answers import Server

LABELLED = {"labelSelector": "seen=yes"}


@pytest.fixture
def api(server: Server) -> Api:
    return server.api


@pytest.fixture
def maps(server: Server) -> Iterator[str]:
    """The path of ConfigMaps in a namespace of the test's own."""
    with server.prepared([]) as namespace:
        yield f"/api/v1/namespaces/{namespace}/configmaps"


@contextmanager
def watched(api: Api, path: str, **query: str) -> Iterator[Iterator[Any]]:
    """The events of a watch, as they come."""
    with api.watch(path, timeoutSeconds="20", **query) as response:
        yield read_events(response)


def read_events(response: Any) -> Iterator[Any]:
    rest = b""
    while chunk := response.read1():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from map(json.loads, lines)


def shown(event: Any) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


def create(api: Api, path: str, name: str, **labels: str) -> str:
    """Its resourceVersion."""
    made = api.create(path, {"metadata": {"name": name, "labels": labels}})
    return str(made["metadata"]["resourceVersion"])


def test_changes_since_a_version(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    api.patch(f"{maps}/a", {"data": {"k": "v"}})
    api.delete(f"{maps}/a")
    create(api, maps, "b")
    with watched(api, maps, resourceVersion=version) as events:
        assert [shown(next(events)) for _ in range(3)] == [("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]


def test_what_stands_comes_first(api: Api, maps: str) -> None:
    create(api, maps, "a", seen="yes")
    create(api, maps, "b", seen="yes")
    with watched(api, maps, **LABELLED) as events:
        assert {shown(next(events)) for _ in range(2)} == {("ADDED", "a"), ("ADDED", "b")}
        create(api, maps, "c", seen="yes")
        assert shown(next(events)) == ("ADDED", "c")


def test_an_object_comes_into_sight_and_leaves_it(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    with watched(api, maps, resourceVersion=version, **LABELLED) as events:
        api.patch(f"{maps}/a", {"metadata": {"labels": {"seen": "yes"}}})
        api.patch(f"{maps}/a", {"data": {"k": "v"}})
        api.patch(f"{maps}/a", {"metadata": {"labels": {"seen": "no"}}})
        found = [next(events) for _ in range(3)]
    assert [shown(event) for event in found] == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    assert found[2]["object"]["metadata"]["labels"] == {"seen": "yes"}, "the last state that was in sight"


def test_the_deleted_object_carries_the_version_of_its_deletion(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    with watched(api, maps, resourceVersion=version) as events:
        api.delete(f"{maps}/a")
        gone = next(events)["object"]["metadata"]["resourceVersion"]
    assert int(gone) > int(version)


def test_one_object(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    with watched(api, maps, resourceVersion=version, fieldSelector="metadata.name=b") as events:
        api.patch(f"{maps}/a", {"data": {"k": "v"}})
        create(api, maps, "b")
        assert shown(next(events)) == ("ADDED", "b")


def test_initial_events_end_with_a_bookmark(api: Api, maps: str) -> None:
    create(api, maps, "a", seen="yes")
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    with watched(api, maps, **query, **LABELLED) as events:
        assert shown(next(events)) == ("ADDED", "a")
        bookmark = next(events)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "ConfigMap"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_ends_when_its_time_is_over(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    with api.watch(maps, resourceVersion=version, timeoutSeconds="1") as response:
        assert list(read_events(response)) == []


def to_its_end(api: Api, maps: str, **query: str) -> list[Any]:
    """All that a watch tells. A real server that is busy may let a short one end without its bookmark."""
    with api.watch(maps, **query) as response:
        return list(read_events(response))


def test_a_bookmark_comes_shortly_before_the_end(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    query = {"resourceVersion": version, "allowWatchBookmarks": "true", "fieldSelector": "metadata.name=a"}
    create(api, maps, "b")
    *earlier, bookmark = eventually(lambda: to_its_end(api, maps, timeoutSeconds="4", **query))
    assert not [event for event in earlier if event["type"] != "BOOKMARK"], "a busy server may send one before"
    assert bookmark["type"] == "BOOKMARK"
    assert (bookmark["object"]["kind"], bookmark["object"]["apiVersion"]) == ("ConfigMap", "v1")
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) > int(version)


def test_nobody_gets_bookmarks_who_asks_for_none(api: Api, maps: str) -> None:
    version = create(api, maps, "a")
    with api.watch(maps, resourceVersion=version, timeoutSeconds="4") as response:
        assert list(read_events(response)) == []
