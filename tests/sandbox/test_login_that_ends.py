"""A login that ends while an install runs: said once, and the same command goes on after the next login."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kfinstall.contracts.event import Event, StepFailed, StepFinished
from kfinstall.engine.control import Control
from kfinstall.errors import Unauthorized
from tests.contract import manifests as m
from tests.contract.installer import Installer
from tests.controlplane.api import Api
from tests.sandbox.conftest import served

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
RBAC = "rbac.authorization.k8s.io"


def kubeconfig_of(account: str, admin: Api, known: Path, folder: Path) -> Path:
    """A kubeconfig with a token of the service account, who may do all."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = admin.create(f"{ACCOUNTS}/{account}/token", request)["status"]["token"]
    config = yaml.safe_load(known.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = folder / "account"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_login_that_ends(tmp_path: Path) -> None:
    with served("healthy", tmp_path) as known, Api(known) as admin:
        admin.create(ACCOUNTS, m.named("v1", "ServiceAccount", "installer", "default"))
        role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
        bound = m.named(f"{RBAC}/v1", "ClusterRoleBinding", "installer", roleRef=role)
        bound["subjects"] = [{"kind": "ServiceAccount", "name": "installer", "namespace": "default"}]
        admin.create(f"/apis/{RBAC}/v1/clusterrolebindings", bound)
        installer = Installer(kubeconfig_of("installer", admin, known, tmp_path), tmp_path / "state")
        objects = [m.config_map(f"own-{number}", "default") for number in range(60)]

        _plan, stream = installer.stream(objects, Control())
        done: list[Event] = []

        def carry_out() -> None:
            for event in stream:
                assert not isinstance(event, StepFailed)
                if isinstance(event, StepFinished):
                    done.append(event)
                    if len(done) == 1:
                        admin.delete(f"{ACCOUNTS}/installer")

        with pytest.raises(Unauthorized, match="does not accept the credentials"):
            carry_out()
        assert 0 < len(done) < len(objects)

        again = Installer(known, tmp_path / "state").install(objects).succeeded()
        assert again.counts["created"] < len(objects)
        assert sum(again.counts.values()) == len(objects)
