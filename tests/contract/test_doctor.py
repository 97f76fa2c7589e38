"""The doctor on a real API server: reading with few rights, mending, and its commands as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kfinstall.cli.mending import mended
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.fix import Fix, Login, Patch
from kfinstall.contracts.manifest import Manifest, ObjectKey
from kfinstall.contracts.snapshot import Right
from kfinstall.doctor.examination import Status, examine
from kfinstall.doctor.reading import from_cluster
from kfinstall.engine.mending import MANAGER, mend
from kfinstall.errors import ApiError, UsageError
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster as Handle
from kfinstall.kube.connection import Connection
from kfinstall.registry import checks
from tests.contract.proxy import Proxy
from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.controlplane.server import ControlPlane
from tests.forked import kfinstall

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
CLUSTER_ONLY = ("--skip", "client.tools")
"""The kubectl of this machine may be of any age."""

DEFAULT = "storageclass.kubernetes.io/is-default-class"
KINDS = {kind for check in checks()[0] for kind in check.reads | check.also}


def opened(kubeconfig: Path) -> Handle:
    return Handle(Connection.open(kubeconfig))


@pytest.fixture
def storage_class(admin: Api, unique: str) -> Iterator[str]:
    admin.create(CLASSES, {"metadata": {"name": unique}, "provisioner": "example.com/none"})
    yield unique
    admin.delete(f"{CLASSES}/{unique}")


def default(storage_class: str) -> Fix:
    key = ObjectKey("storage.k8s.io", "StorageClass", "", storage_class)
    return Fix("make it the default", patches=(Patch(key, {"metadata": {"annotations": {DEFAULT: "true"}}}),))


def annotated(admin: Api, name: str) -> dict[str, str]:
    found: dict[str, str] = admin.get(f"{CLASSES}/{name}")["metadata"].get("annotations") or {}
    return found


def test_whoever_may_read_nothing_hears_which_rights_are_missing(control_plane: ControlPlane) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("a cluster from outside has no user without rights")
    snapshot = from_cluster(opened(control_plane.kubeconfig("alice")), KINDS)
    answers = {answer.check.id: answer for answer in examine(snapshot, checks()[0]).checks}
    assert answers["images.pull"].status is Status.SKIPPED
    assert answers["images.pull"].reason == "could not check: needs the right to list pods in all namespaces"
    seen = doctor(control_plane.kubeconfig("alice"), *CLUSTER_ONLY)
    assert seen.returncode == 3, "to know nothing is not to be well"
    assert seen.stdout.splitlines()[-1].startswith("Nothing is wrong as far as the checks could look, which is not far")


def test_rights_are_asked_of_the_server(control_plane: ControlPlane) -> None:
    if not isinstance(control_plane, ControlPlane):
        pytest.skip("a cluster from outside has no user without rights")
    create = Right("create", "apps", "deployments", "default")
    for user, allowed in (("admin", True), ("alice", False)):
        assert from_cluster(opened(control_plane.kubeconfig(user)), ()).outside.may(create) is allowed


def test_a_fix_that_needs_credentials_does_nothing_without_them(
    control_plane: Cluster, admin: Api, storage_class: str
) -> None:
    cluster = opened(control_plane.kubeconfig())
    fix = replace(default(storage_class), logins=(Login("ghcr.io", "ghcr-io", ("default",)),))
    with pytest.raises(UsageError, match=r"credentials of ghcr\.io"):
        list(mend(cluster, fix, discovery.discover(cluster.connection)))
    assert annotated(admin, storage_class) == {}


def test_a_fix_changes_what_it_says_and_a_dry_run_nothing(
    control_plane: Cluster, admin: Api, storage_class: str
) -> None:
    cluster = opened(control_plane.kubeconfig())
    resources = discovery.discover(cluster.connection)
    assert [deed.error for deed in mend(cluster, default(storage_class), resources, dry_run=True)] == [None]
    assert annotated(admin, storage_class) == {}
    assert [deed.error for deed in mend(cluster, default(storage_class), resources)] == [None]
    assert annotated(admin, storage_class) == {DEFAULT: "true"}
    managers = {entry["manager"] for entry in admin.get(f"{CLASSES}/{storage_class}")["metadata"]["managedFields"]}
    assert MANAGER in managers


def test_whoever_stops_at_a_later_question_hears_what_was_done(
    control_plane: Cluster, admin: Api, storage_class: str
) -> None:
    asked = [
        Finding(name, Severity.ERROR, f"{name} is missing", (), Remedy(""), fix=default(storage_class))
        for name in ("first", "second", "third")
    ]
    with CliRunner().isolation(input="y\n") as (_out, err, _output), pytest.raises(KeyboardInterrupt):
        mended(opened(control_plane.kubeconfig()), asked, dry_run=False, yes=False)
    said = err.getvalue().decode()
    assert annotated(admin, storage_class) == {DEFAULT: "true"}
    assert said.endswith(
        "Done before you stopped:\n  ✓ first is missing\nNot done:\n  - second is missing\n  - third is missing\n"
    )


def test_a_fix_applies_deletes_and_stops_at_the_first_refusal(
    control_plane: Cluster, admin: Api, namespace: str
) -> None:
    cluster = opened(control_plane.kubeconfig())
    resources = discovery.discover(cluster.connection)
    key = ObjectKey("", "ConfigMap", namespace, "made")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made", "namespace": namespace}}
    assert [deed.error for deed in mend(cluster, Fix("", (Manifest(body, ""),)), resources)] == [None]
    gone = Fix("", deletions=(key, key))
    assert [deed.error for deed in mend(cluster, gone, resources)] == [None, None], "what is gone needs no deletion"
    refused = Fix("", patches=(Patch(key, {"data": {}}), Patch(key, {"data": {}})))
    [deed] = mend(cluster, refused, resources)
    assert isinstance(deed.error, ApiError)
    assert deed.error.status == 404


def doctor(kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return kfinstall("doctor", *arguments, env={**os.environ, "KUBECONFIG": str(kubeconfig)})


def test_nothing_is_wrong_with_a_new_cluster_and_looking_writes_nothing(
    fresh_control_plane: ControlPlane, tmp_path: Path
) -> None:
    with Proxy(fresh_control_plane.kubeconfig(), tmp_path) as proxy:
        seen = doctor(proxy.kubeconfig, "-o", "json", *CLUSTER_ONLY)
        writes = proxy.writes
    report = json.loads(seen.stdout)
    assert (seen.returncode, report["findings"]) == (0, []), seen.stdout
    assert (report["apiVersion"], report["kind"]) == ("kfinstall.io/v1alpha1", "DoctorReport")
    assert not writes
    its = {**os.environ, "KUBECONFIG": str(fresh_control_plane.kubeconfig())}
    bundle = kfinstall("bundle", tmp_path / "b.tar.gz", env=its)
    assert bundle.returncode == 0, bundle.stderr
    again = doctor(fresh_control_plane.kubeconfig(), "--from", str(tmp_path / "b.tar.gz"), "-o", "json", *CLUSTER_ONLY)
    assert json.loads(again.stdout) == report


def test_without_a_terminal_nothing_is_mended_unasked(control_plane: Cluster) -> None:
    refused = doctor(control_plane.kubeconfig(), "--fix")
    assert refused.returncode == 2
    assert "--dry-run" in refused.stderr
