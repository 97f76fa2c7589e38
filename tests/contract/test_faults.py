"""When the way to the API server is bad, the rights are few, or the user stops in the middle."""

from __future__ import annotations

import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.event import Event, Result, StepFailed, StepFinished, StepStarted
from kfinstall.engine.control import Control
from kfinstall.errors import ApiError, ClusterError, Interrupted, Unauthorized, Unreachable
from tests.contract import manifests as m
from tests.contract.conftest import NEVER
from tests.contract.installer import Installer
from tests.contract.manifests import Object
from tests.contract.proxy import Answer, Proxy, Request
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.patience import PATIENCE, eventually

FAULTS = (
    Answer(429, {"Retry-After": "1"}),
    Answer(503),
    Answer(502, body=b"<html>Bad Gateway</html>"),
    Answer(500, body=b'{"kind": "Status", "message": "etcdserver: leader changed", "code": 500}'),
    Answer(0),
    Answer(0, after=True),
    Answer(504, after=True),
)


def many(name: str, count: int = 75) -> list[Object]:
    """Two objects for each of count, a definition with its objects, and a namespace."""
    group = f"{name}.example.com"
    maps = [m.config_map(f"map-{n}", name, number=str(n), long="x" * 2000) for n in range(count)]
    secrets = [m.secret(f"secret-{n}", name, number=str(n)) for n in range(count - 5)]
    widgets = [m.widget(group, f"widget-{n}", name, size=n) for n in range(5)]
    return [*widgets, *maps, *secrets, m.definition(group), m.namespace(name)]


def contents(admin: Api, name: str) -> dict[str, Any]:
    """What an install is, without what differs from one to the next."""
    paths = [f"/api/v1/namespaces/{name}/configmaps", f"/api/v1/namespaces/{name}/secrets"]
    found = {}
    for path in [*paths, f"/apis/{name}.example.com/v1/namespaces/{name}/widgets"]:
        for item in admin.get(path)["items"]:
            key = f"{path.rpartition('/')[2]}/{item['metadata']['name']}"
            found[key] = (item.get("data"), item.get("spec"), sorted(item["metadata"].get("labels") or {}))
    found.pop("configmaps/kube-root-ca.crt", None)
    return found


def fifth(seed: int) -> Callable[[Request], Answer | None]:
    """Spoils every fifth request, after the first one: before a first answer an address counts as wrong."""
    chance, first = random.Random(seed), True  # noqa: S311 - no secret

    def fault(_request: Request) -> Answer | None:
        nonlocal first
        if first:
            first = False
            return None
        return chance.choice(FAULTS) if chance.random() < 0.2 else None

    return fault


def test_an_install_over_a_bad_line_ends_like_one_over_a_good_one(
    counted: Installer, proxy: Proxy, admin: Api, unique: str
) -> None:
    objects = many(unique)
    proxy.fault = fifth(seed=len(objects))
    ran = counted.install(objects, timeout=120.0).succeeded()
    assert ran.counts == {"created": len(objects), "met": 1}
    assert len(proxy.writes) > len(objects) * 1.1  # there were faults, and they were mended
    spoiled = contents(admin, unique)
    assert len(spoiled) == len(objects) - 2
    again = counted.install(objects, timeout=120.0).succeeded()
    assert not again.plan.changes

    proxy.fault = lambda _request: None
    counted.uninstall(delete_data=True, timeout=120.0).succeeded()
    counted.install(objects).succeeded()
    assert contents(admin, unique) == spoiled


def test_watches_that_break_are_begun_again(nodes: None, counted: Installer, proxy: Proxy, unique: str) -> None:
    counted.wait = True
    cut = 0

    def cut_watches(request: Request) -> Answer | None:
        nonlocal cut
        if "watch=true" in request.target and cut < 3:
            cut += 1
            return FAULTS[cut]
        return None

    proxy.fault = cut_watches
    counted.install([m.namespace(unique), m.deployment("web", unique)], timeout=PATIENCE).succeeded()
    assert cut == 3


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_that_stays_is_reported_in_bounded_time(
    counted: Installer, proxy: Proxy, unique: str, status: int
) -> None:
    def broken(request: Request) -> Answer | None:
        if "/configmaps/broken" not in request.target or request.method == "GET":
            return None
        return Answer(status, body=b'{"kind": "Status", "message": "the disk is full", "code": 500}')

    proxy.fault = broken
    began = time.monotonic()
    objects = [m.namespace(unique), m.config_map("broken", unique), m.config_map("good", unique)]
    ran = counted.install(objects, timeout=2.0, wait=True)
    assert time.monotonic() - began < 60
    assert ran.result in {Result.FAILED, Result.TIMED_OUT}
    assert ran.counts == {"created": 2, "failed": 1}
    [failure] = ran.all(StepFailed)
    assert f"ConfigMap/{unique}/broken" in failure.what
    assert failure.why


def test_nobody_at_the_address(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: refused
        kubeconfig = written(tmp_path, f"https://127.0.0.1:{held.getsockname()[1]}", "token")
        began = time.monotonic()
        with pytest.raises(Unreachable, match="does not answer") as caught:
            Installer(kubeconfig, tmp_path).install([])
    assert time.monotonic() - began < 30
    assert "refused" in caught.value.why
    assert "kubectl --context test version" in caught.value.fix


def test_no_such_host(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        Installer(written(tmp_path, "https://no-such-host.invalid", "token"), tmp_path).install([])
    assert time.monotonic() - began < 60
    assert "object at 0x" not in caught.value.why
    assert caught.value.why


def test_a_certificate_that_nobody_vouches_for(control_plane: Cluster, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        Installer(written(tmp_path, control_plane.url, "token"), tmp_path).install([])
    assert time.monotonic() - began < 30
    assert "certificate verify failed" in caught.value.why


def test_something_that_is_no_api_server(proxy: Proxy, counted: Installer) -> None:
    proxy.fault = lambda _request: Answer(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>")
    began = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer as an API server does") as caught:
        counted.install([])
    assert time.monotonic() - began < 30
    assert "login page" in caught.value.why


def test_a_wrong_token(control_plane: Cluster, tmp_path: Path) -> None:
    if not control_plane.has_users:
        pytest.skip("this cluster is somebody else's")
    path = written(tmp_path, control_plane.url, "expired", like=control_plane.kubeconfig())
    with pytest.raises(Unauthorized, match="does not accept the credentials") as caught:
        Installer(path, tmp_path).install([])
    assert "log in again" in caught.value.fix


def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no usable cluster"):
        Installer(tmp_path / "nothing", tmp_path).install([])


def written(folder: Path, server: str, token: str, like: Path | None = None) -> Path:
    """A kubeconfig; like: one whose authority is taken over."""
    cluster = yaml.safe_load(like.read_text())["clusters"][0]["cluster"] if like else {}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {**cluster, "server": server}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
    path = folder / "kubeconfig-of-test"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def users(control_plane: Cluster) -> Cluster:
    """The cluster, if it has users with few rights."""
    if not control_plane.has_users:
        pytest.skip("this cluster has no users but admin")
    return control_plane


def test_a_user_without_any_right_is_told_which_one_is_missing(users: Cluster, tmp_path: Path) -> None:
    alice = Installer(users.kubeconfig("alice"), tmp_path)
    with pytest.raises(ApiError) as caught:
        alice.install([m.config_map("settings", "default")])
    assert caught.value.status == 403
    assert 'User "alice" cannot get resource "configmaps"' in caught.value.what
    assert "administrator" in caught.value.fix


@pytest.fixture
def narrow(users: Cluster, admin: Api, namespace: str, unique: str, tmp_path: Path) -> Iterator[Installer]:
    """As a user who may write ConfigMaps in one namespace, and keep the record of the install."""
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create", "patch", "delete"]}]
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces"
    for where in (namespace, "kfinstall-system"):
        role = {**m.role(unique, where), "rules": rules}
        admin.create(f"{rbac}/{where}/roles", role)
        binding = m.role_binding(unique, where, unique, "")
        binding["subjects"] = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "installer"}]
        admin.create(f"{rbac}/{where}/rolebindings", binding)
    yield Installer(users.kubeconfig("installer"), tmp_path / "state", unique)
    for kind in ("roles", "rolebindings"):
        admin.delete(f"{rbac}/kfinstall-system/{kind}/{unique}")


def test_a_user_with_narrow_rights_gets_as_far_as_they_reach(narrow: Installer, namespace: str) -> None:
    objects = [m.config_map("one", namespace, a="1"), m.config_map("two", namespace, a="1")]
    assert narrow.install(objects).succeeded().counts == {"created": 2}
    assert not narrow.install(objects).succeeded().plan.changes
    assert narrow.uninstall().succeeded().counts == {"deleted": 2}


def test_a_right_that_is_missing_for_one_object_fails_that_object(
    narrow: Installer, admin: Api, namespace: str, unique: str
) -> None:
    """Secrets may be read and not written."""
    read = {**m.role("reader", namespace), "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    admin.create(f"{rbac}/roles", read)
    binding = m.role_binding("reader", namespace, "reader", "")
    binding["subjects"] = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "installer"}]
    admin.create(f"{rbac}/rolebindings", binding)
    ran = narrow.install([m.config_map("one", namespace), m.secret("two", namespace)])
    assert ran.counts == {"created": 1, "failed": 1}
    [failure] = ran.all(StepFailed)
    assert failure.what == f"Secret/{namespace}/two was refused."
    assert 'User "installer" cannot patch resource "secrets"' in failure.why
    assert "administrator" in failure.fix


def test_a_stopped_run_ends_what_is_under_way_and_the_next_goes_on(
    installer: Installer, admin: Api, namespace: str
) -> None:
    objects = [m.config_map(f"map-{n}", namespace, number=str(n)) for n in range(60)]
    control = Control()
    _plan, stream = installer.stream(objects, control)
    events = []
    for event in stream:
        events.append(event)
        if isinstance(event, StepFinished) and not control.stopping:
            control.stop()
    assert type(events[-1]).__name__ == "RunFinished"
    assert events[-1].result is Result.STOPPED  # type: ignore[union-attr]
    begun = sum(isinstance(event, StepStarted) for event in events)
    done = sum(isinstance(event, StepFinished) for event in events)
    assert 0 < done == begun < len(objects)
    rest = installer.install(objects).succeeded()
    assert rest.counts == {"unchanged": done, "created": len(objects) - done}


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_a_run_that_nobody_listens_to_any_more_leaves_what_the_next_can_use(
    installer: Installer, namespace: str, journal: str
) -> None:
    objects = [m.config_map(f"map-{n}", namespace, number=str(n)) for n in range(40)]
    _plan, stream = installer.stream(objects, Control())
    for event in stream:
        if isinstance(event, StepFinished):
            break
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    if journal == "lost":
        shutil.rmtree(installer.folder)
    rest = installer.install(objects).succeeded()
    assert 0 < rest.counts["unchanged"] < len(objects)
    assert rest.counts["created"] == len(objects) - rest.counts["unchanged"]


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("worker", "watch /api"))}


def test_no_thread_outlives_a_run(nodes: None, installer: Installer, unique: str) -> None:
    before = threads()
    installer.wait = True
    ran = installer.install([m.namespace(unique), m.deployment("web", unique, image=NEVER)], timeout=2.0)
    assert ran.result is Result.TIMED_OUT
    eventually(lambda: threads() <= before)


def test_a_second_stop_does_not_wait_for_a_server_that_hangs(counted: Installer, proxy: Proxy, namespace: str) -> None:
    hanging, release = threading.Event(), threading.Event()

    def hang(request: Request) -> Answer | None:
        if request.method != "PATCH" or "/configmaps/map" not in request.target:
            return None
        hanging.set()
        proxy.lock.release()
        release.wait(PATIENCE)
        proxy.lock.acquire()
        return Answer(503)

    proxy.fault = hang
    control = Control()
    _plan, stream = counted.stream([m.config_map("map-1", namespace)], control)
    began = 0.0

    def stop_twice() -> None:
        nonlocal began
        hanging.wait(PATIENCE)
        began = time.monotonic()
        control.stop()
        control.stop()

    asker = threading.Thread(target=stop_twice)
    asker.start()
    with pytest.raises(Interrupted):
        list[Event](stream)
    assert time.monotonic() - began < 20
    release.set()
    asker.join()
