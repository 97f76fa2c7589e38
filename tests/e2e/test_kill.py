"""An install that is killed or stopped at any moment comes to the same end when the same command is run again."""

from __future__ import annotations

import json
import random
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kfinstall.facts.objects.applyset import applyset_id
from tests.contract.proxy import Proxy, Request
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Ended, Kfinstall
from tests.e2e.release import Release, write_release
from tests.patience import PATIENCE

OBJECTS = 60
MOMENTS = 20
SETTLED = 5  # after each fifth moment a third run must find nothing to do
LONGEST_DELAY = 0.05
"""Seconds between the line of progress after which a run is killed and its end; a step takes less."""

APPS, RBAC = "/apis/apps/v1", "/apis/rbac.authorization.k8s.io/v1"
COLLECTIONS = (
    *(f"/api/v1/{plural}" for plural in ("namespaces", "serviceaccounts", "configmaps", "secrets", "services")),
    f"{APPS}/deployments",
    *(f"{RBAC}/{plural}" for plural in ("clusterroles", "clusterrolebindings", "roles", "rolebindings")),
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
)
PART_OF = "applyset.kubernetes.io/part-of"
OF_THE_SERVER = {"uid", "resourceVersion", "generation", "creationTimestamp"}
ADDRESSES = {"clusterIP", "clusterIPs"}


def test_killed_at_any_moment(connected: Kfinstall, admin: Api, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    whole = _release(tmp_path)
    lines = len(_installed(connected, whole).err.splitlines())
    wanted = _standing(admin, whole)
    assert len(wanted) == OBJECTS + 1, "all objects, and the record"
    killed = 0
    for part in range(MOMENTS):
        release = _release(tmp_path)
        # one in each twentieth of the run, so that together they cover it
        line = round((part + chance.random()) / MOMENTS * lines)
        killed += _killed(connected, release, line, chance.uniform(0, LONGEST_DELAY))
        resumed = _installed(connected, release)
        assert _standing(admin, release) == wanted, f"seed {seed}, line {line}: {resumed.err}"
        if part % SETTLED == 0:
            settled = connected(*_install(release), "-o", "json")
            assert (settled.json["writes"], settled.json["counts"]["unchanged"]) == (0, OBJECTS)
    assert killed >= MOMENTS // 2, "most runs were still under way when they were killed"


def _release(folder: Path) -> Release:
    name = f"kill-{secrets.token_hex(4)}"
    return write_release(folder / name, name, objects=OBJECTS)


def _install(release: Release) -> list[str]:
    return ["install", "-f", str(release.install), "--no-wait", "--log-format=json"]


def _installed(kfinstall: Kfinstall, release: Release) -> Ended:
    done = kfinstall(*_install(release))
    assert done.code == 0, done.err
    return done


def _killed(kfinstall: Kfinstall, release: Release, lines: int, delay: float) -> bool:
    """Kill an install some time after so many lines of its progress; whether it had not ended before."""
    with kfinstall.start(*_install(release)) as process:
        assert process.stderr is not None
        for _line in range(lines):
            process.stderr.readline()
        time.sleep(delay)  # the moment is what is random here; nothing is waited for
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


def _standing(admin: Api, release: Release) -> list[Any]:
    """All that an install owns and its record, without what differs from one install to the next."""
    selector = f"{PART_OF}={_owner(release)}"
    bodies = []
    for collection in (*COLLECTIONS, f"/apis/{release.name}.example.com/v1/notebooks"):
        owned = admin.get(collection, labelSelector=selector)["items"]
        # the namespace of the records belongs to whichever install came first
        ours = [body for body in owned if body["metadata"]["name"] != "kfinstall-system"]
        bodies += [{"collection": collection, **_comparable(body)} for body in ours]
    record = admin.get(f"/api/v1/namespaces/kfinstall-system/configmaps/kfinstall-{release.name}")
    bodies.append(_without_digests(_comparable(record)))
    text = json.dumps(bodies).replace(_owner(release), "OWNER").replace(release.name, "NAME")
    return sorted(json.loads(text), key=lambda body: json.dumps(body, sort_keys=True))


def _owner(release: Release) -> str:
    return applyset_id(release.name)


def _comparable(body: dict[str, Any]) -> dict[str, Any]:
    """An object without what the server or a controller gives each one anew; with who owns which field."""
    metadata = {key: value for key, value in body["metadata"].items() if key not in OF_THE_SERVER}
    fields = [each for each in metadata.pop("managedFields") if each["manager"] == "kfinstall"]
    metadata["ownership"] = [{key: value for key, value in each.items() if key != "time"} for each in fields]
    spec = body.get("spec")
    if isinstance(spec, dict):
        spec = {key: value for key, value in spec.items() if key not in ADDRESSES}
    rest = {key: value for key, value in body.items() if key not in {"metadata", "spec", "status"}}
    return {**rest, "metadata": metadata, "spec": spec}


def _without_digests(record: dict[str, Any]) -> dict[str, Any]:
    """Digests are of objects with their names, which differ; that they are right shows when nothing is written."""
    return {**record, "data": sorted(record.get("data") or {}), "binaryData": sorted(record.get("binaryData") or {})}


@pytest.fixture
def held(control_plane: Cluster, tmp_path: Path) -> Iterator[tuple[Proxy, threading.Event, threading.Event]]:
    """A proxy; once the first event is set, requests that write wait for the second, or for the end of the test."""
    reached, go = threading.Event(), threading.Event()
    with Proxy(control_plane.kubeconfig(), tmp_path) as proxy:
        yield proxy, reached, go
        go.set()


def _hold_writes(proxy: Proxy, after: int, reached: threading.Event, go: threading.Event) -> None:
    def hold(request: Request) -> None:
        if request.writes and len(proxy.writes) > after:
            reached.set()
            go.wait(60)

    proxy.fault = hold


def test_stopped_once_it_finishes_what_is_under_way(
    kfinstall: Kfinstall, held: tuple[Proxy, threading.Event, threading.Event], tmp_path: Path
) -> None:
    proxy, reached, go = held
    kfinstall.environment["KUBECONFIG"] = str(proxy.kubeconfig)
    _hold_writes(proxy, 10, reached, go)
    release = _release(tmp_path)
    with kfinstall.start("install", "-f", release.install, "--no-wait") as process:
        assert reached.wait(60)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = _until(process, "Stopping after the current objects.")
        go.set()
        out, rest = process.communicate(timeout=PATIENCE)
    ended = kfinstall.keep(Ended(process.returncode, out, said + rest))
    assert ended.code == 130
    assert f"Stopped. Go on with: kfinstall install -f {release.install} --no-wait" in ended.err
    assert len(proxy.writes) < OBJECTS
    resumed = kfinstall("install", "-f", release.install, "--no-wait", "-o", "json")
    assert (resumed.code, resumed.json["result"]) == (0, "succeeded")
    assert resumed.json["counts"]["unchanged"] > 0
    assert "An earlier run did not come to its end; this one goes on from there." in resumed.err


def test_stopped_twice_it_ends_at_once(
    kfinstall: Kfinstall, held: tuple[Proxy, threading.Event, threading.Event], tmp_path: Path
) -> None:
    proxy, reached, go = held
    kfinstall.environment["KUBECONFIG"] = str(proxy.kubeconfig)
    _hold_writes(proxy, 10, reached, go)
    release = _release(tmp_path)
    with kfinstall.start("install", "-f", release.install, "--no-wait") as process:
        assert reached.wait(60)
        process.send_signal(signal.SIGINT)
        said = _until(process, "Once more to stop at once.")
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=10)  # while the server still holds the answers back
    ended = kfinstall.keep(Ended(process.returncode, out, said + rest))
    assert ended.code == 130
    assert f"Stopped at once. Go on with: kfinstall install -f {release.install} --no-wait" in ended.err
    go.set()
    assert kfinstall("install", "-f", release.install, "--no-wait").code == 0


def _until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    raise AssertionError(said)
