"""The fix that has pods pull with credentials: what it makes and changes, and what it asks the document to keep."""

from typing import Any

from checks.images import not_pulled
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.fix import Login
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, pod, snapshot, waiting

DENIED = "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
IMAGE = "ghcr.io/team/private:1"


def refused(name: str = "a", namespace: str = "kubeflow", **spec: Any) -> Body:
    message = f'Failed to pull image "{IMAGE}": {DENIED}'
    containers = [{"name": "main", "image": IMAGE}]
    made = pod(name, namespace, status=waiting("ErrImagePull", message, IMAGE), containers=containers, **spec)
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "controller": True}
    ]
    return made


def account(namespace: str = "kubeflow", *secrets: str) -> Body:
    return body("ServiceAccount", "default", namespace, imagePullSecrets=[{"name": secret} for secret in secrets])


def found(*bodies: Body) -> Finding:
    [finding] = not_pulled(snapshot(*bodies))
    assert finding.cause == "img-ghcr-private"
    return finding


def test_accounts_name_the_secret_and_pods_are_made_anew() -> None:
    fix = found(refused(), refused("b", "team"), account("kubeflow", "ours"), account("team")).fix
    assert fix
    assert fix.logins == (Login("ghcr.io", "ghcr-io", ("kubeflow", "team")),)
    assert {patch.key.namespace: patch.merge["imagePullSecrets"] for patch in fix.patches} == {
        "kubeflow": [{"name": "ours"}, {"name": "ghcr-io"}],
        "team": [{"name": "ghcr-io"}],
    }
    assert [key.name for key in fix.deletions] == ["a", "b"]
    [kept] = fix.settings["images.pullSecrets"]
    assert kept == {
        "name": "ghcr-io", "registry": "ghcr.io",
        "username": "${GHCR_IO_USERNAME}", "password": "${GHCR_IO_PASSWORD}",
    }  # fmt: skip


def test_a_secret_that_the_pod_names_already_is_only_made() -> None:
    fix = found(refused(imagePullSecrets=[{"name": "regcred"}]), account()).fix
    assert fix
    assert fix.logins == (Login("ghcr.io", "regcred", ("kubeflow",)),)
    assert (fix.patches, fix.deletions) == ((), ())


def test_without_its_account_nothing_is_offered() -> None:
    assert found(refused()).fix is None
