"""The `rbac` of a document on a real API server: who may do what afterwards, and no longer when it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.plan import Apply
from kfinstall.kube import identity
from kfinstall.kube.connection import Connection
from tests.contract import manifests as m
from tests.contract.adapted import Adapted
from tests.contract.manifests import Object
from tests.contract.proxy import Answer, Proxy, Request
from tests.contract.test_uninstall import exists
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

GROUP = "rbac.authorization.k8s.io"
RBAC = f"/apis/{GROUP}/v1"
EDITOR = "system:serviceaccount:team-a:default-editor"


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    with Api(fresh_control_plane.kubeconfig()) as opened:
        yield opened


def may(api: Api, user: str, verb: str, resource: str, namespace: str = "", group: str = "") -> bool:
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    spec = {"user": user, "resourceAttributes": attributes}
    status = api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", {**review, "spec": spec})["status"]
    return bool(status["allowed"])


def kubeflow() -> list[Object]:
    """What of a release the profiles rest on."""
    profiles = m.definition("kubeflow.org", "profiles", "Profile")
    profiles["spec"]["scope"] = "Cluster"
    policies = m.definition("security.istio.io", "authorizationpolicies", "AuthorizationPolicy")
    policies["spec"]["versions"][0]["name"] = "v1beta1"
    settings = {"USERID_HEADER": "x-user", "USERID_PREFIX": "login:", "ISTIO_INGRESS_GATEWAY_PRINCIPAL": "gate"}
    edit = [{"apiGroups": ["kubeflow.org"], "resources": ["notebooks"], "verbs": ["create"]}]
    return [
        profiles,
        policies,
        m.namespace("kubeflow"),
        m.config_map("profiles-config", "kubeflow", **settings),
        m.named("security.istio.io/v1beta1", "AuthorizationPolicy", "dashboard", "kubeflow", spec={"rules": [{}]}),
        m.cluster_role("kubeflow-edit", rules=edit),
    ]


def test_users_and_their_notebooks_get_what_the_document_says(
    fresh_control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    rbac: dict[str, Any] = {
        "profiles": [
            {"name": "team-a", "owner": "ann@example.com", "contributors": [{"user": "Bob.B@example.com"}]},
            {"name": "team-b", "owner": "cid@example.com"},
        ],
        "notebooks": {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]},
    }
    installer = Adapted(fresh_control_plane.kubeconfig(), tmp_path / "state", "kf", document={"rbac": rbac})
    installer.install(kubeflow()).succeeded()

    assert api.get("/apis/kubeflow.org/v1/profiles/team-b")["spec"]["owner"]["name"] == "cid@example.com"
    assert api.get("/api/v1/namespaces/team-a")["metadata"]["annotations"]["owner"] == "ann@example.com"
    eventually(lambda: may(api, "Bob.B@example.com", "create", "notebooks", "team-a", "kubeflow.org"))
    assert not may(api, "Bob.B@example.com", "create", "notebooks", "team-b", "kubeflow.org")
    eventually(lambda: may(api, EDITOR, "list", "secrets", "team-a"))
    assert not may(api, EDITOR, "list", "secrets", "team-b")

    name = "user-bob-b-example-com-clusterrole-edit"
    binding = api.get(f"{RBAC}/namespaces/team-a/rolebindings/{name}")
    assert binding["metadata"]["annotations"] == {"user": "Bob.B@example.com", "role": "edit"}
    policies = "/apis/security.istio.io/v1beta1/namespaces/team-a/authorizationpolicies"
    [rule] = api.get(f"{policies}/{name}")["spec"]["rules"]
    assert rule["when"] == [{"key": "request.headers[x-user]", "values": ["login:Bob.B@example.com"]}]
    assert rule["from"][0]["source"]["principals"] == ["gate", "cluster.local/ns/kubeflow/sa/ml-pipeline-ui"]

    assert not installer.install(kubeflow()).succeeded().plan.changes
    api.create("/api/v1/namespaces/team-a/persistentvolumeclaims", m.claim("notebook", "team-a"))
    removed = installer.uninstall().succeeded()
    assert [str(key) for key in removed.plan.kept] == ["Namespace/team-a"]
    assert not exists(api, "/api/v1/namespaces/team-b")
    eventually(lambda: not may(api, EDITOR, "list", "secrets", "team-a"))


def test_whoever_installs_becomes_administrator_first_and_only_when_asked_for(
    fresh_control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    """As in clouds where an owner may bind cluster-admin, and may not grant rights otherwise."""
    own = [
        {"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": ["*"]},
        {
            "apiGroups": [GROUP],
            "resources": ["clusterroles", "clusterrolebindings"],
            "verbs": ["get", "create", "patch"],
        },
        {"apiGroups": [GROUP], "resources": ["clusterroles"], "resourceNames": ["cluster-admin"], "verbs": ["bind"]},
    ]
    api.create(f"{RBAC}/clusterroles", m.cluster_role("owner", rules=own))
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "owner"}
    subjects = [{"apiGroup": GROUP, "kind": "User", "name": "installer"}]
    binding = m.named(f"{GROUP}/v1", "ClusterRoleBinding", "owner", roleRef=reference, subjects=subjects)
    api.create(f"{RBAC}/clusterrolebindings", binding)
    eventually(lambda: may(api, "installer", "create", "namespaces"))
    wide = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    roles = [m.cluster_role(f"wide-{number}", rules=wide) for number in range(5)]

    kubeconfig = fresh_control_plane.kubeconfig("installer")
    plain = Adapted(kubeconfig, tmp_path / "plain", "plain")
    [failure, *_rest] = plain.install(roles).failures.values()
    assert "attempting to grant RBAC permissions not currently held" in failure.why

    administrator = Adapted(kubeconfig, tmp_path / "state", "kf", document={"rbac": {"clusterAdmin": True}})
    ran = administrator.install(roles).succeeded()
    [first, *_others] = [step.action.manifest for step in ran.plan.steps if isinstance(step.action, Apply)]
    assert (first.kind, first.name) == ("ClusterRoleBinding", "kfinstall-kf-installer")
    assert first.body["subjects"] == [{"apiGroup": GROUP, "kind": "User", "name": "installer"}]
    assert may(api, "installer", "delete", "nodes")

    administrator.uninstall().succeeded()
    assert not exists(api, f"{RBAC}/clusterroles/wide-0")
    eventually(lambda: not may(api, "installer", "delete", "nodes"))


def test_an_old_server_names_the_user_where_it_refuses(fresh_control_plane: ControlPlane, tmp_path: Path) -> None:
    """SelfSubjectReview came with Kubernetes 1.28."""

    def unserved(request: Request) -> Answer | None:
        return Answer(404) if "selfsubjectreviews" in request.target else None

    with Proxy(fresh_control_plane.kubeconfig("alice"), tmp_path, unserved) as proxy:
        assert identity.user(Connection.open(proxy.kubeconfig)) == "alice"
        assert proxy.writes == []
