"""Whoever may not install is told by which rules, before anything is written."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release
from tests.patience import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def grant(admin: Api, user: str, verbs: list[str]) -> None:
    name = f"e2e-{secrets.token_hex(4)}"
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}
    admin.create(f"{RBAC}/clusterroles", {**api, "kind": "ClusterRole", "rules": [rule]})
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    binding = {**api, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]}
    admin.create(f"{RBAC}/clusterrolebindings", binding)


def test_who_may_not_even_look_is_told_all_rules_that_are_missing(
    kfinstall: Kfinstall, control_plane: Cluster, release: Release
) -> None:
    kfinstall.environment["KUBECONFIG"] = str(control_plane.kubeconfig("alice"))
    refused = kfinstall("install", "-f", release.install, "--yes")
    assert refused.code == 3
    assert "You may not install this:" in refused.err
    assert 'User "alice" cannot get resource "configmaps"' in refused.err
    assert f"In namespace {release.name}:" in refused.err
    assert "apiGroups: [apps], resources: [deployments], verbs: [create, get, patch]" in refused.err
    assert "the verbs escalate and bind" in refused.err
    assert "kfinstall plan -f FILE --rights" in refused.err


def test_who_may_look_and_not_write_is_told_before_anything_is_written(
    kfinstall: Kfinstall, control_plane: Cluster, admin: Api, release: Release
) -> None:
    grant(admin, "viewer", ["get", "list", "watch"])
    kfinstall.environment["KUBECONFIG"] = str(control_plane.kubeconfig("viewer"))
    assert kfinstall("plan", "-f", release.install).code == 0
    refused = kfinstall("install", "-f", release.install, "--yes")
    assert refused.code == 3
    assert "apiGroups: [apps], resources: [deployments], verbs: [create, patch]" in refused.err
    names = [each["metadata"]["name"] for each in admin.get("/api/v1/namespaces")["items"]]
    assert release.name not in names


def may(admin: Api, user: str, verb: str, resource: str) -> bool:
    attributes = {"verb": verb, "group": "rbac.authorization.k8s.io", "resource": resource}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    asked = {**review, "spec": {"user": user, "resourceAttributes": attributes}}
    status = admin.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", asked)["status"]
    return bool(status["allowed"])


def test_what_an_administrator_is_handed_is_enough_and_nothing_more(
    kfinstall: Kfinstall, control_plane: Cluster, admin: Api, nodes: None, release: Release, tmp_path: Path
) -> None:
    user = "installer"
    kfinstall.environment["KUBECONFIG"] = str(control_plane.kubeconfig(user))
    refused = kfinstall("doctor", "-f", release.install, "--only", "plan.rights")
    assert "kfinstall plan -f FILE --rights > rights.yaml" in refused.out
    given = kfinstall("plan", "-f", release.install, "--rights")
    assert "escalate and bind" in given.err
    assert "'*'" not in given.out
    manifest = tmp_path / "rights.yaml"
    manifest.write_text(given.out)
    environment = {"KUBECONFIG": str(control_plane.kubeconfig()), "HOME": str(tmp_path)}
    command = [str(control_plane.kubectl), "apply", "-f", str(manifest)]
    applied = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert applied.returncode == 0, applied.stderr
    eventually(lambda: may(admin, user, "escalate", "clusterroles"))
    installed = kfinstall("install", "-f", release.install, "--yes")
    assert installed.code == 0, installed.err
    assert not may(admin, user, "delete", "clusterroles")
    admin.delete(f"{RBAC}/clusterrolebindings/kfinstall-installer")
    admin.delete(f"{RBAC}/clusterroles/kfinstall-installer")
