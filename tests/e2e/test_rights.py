"""Whoever may not install is told by which rules, before anything is written."""

from __future__ import annotations

import secrets

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release

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
