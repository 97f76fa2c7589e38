"""The `access` of a document on a real API server: users, the way in, its address, and how it is undone."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.way_in import GATEWAY, WayIn, users, way_in
from kfinstall.errors import ApiError
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from platforms.gke import Gke
from platforms.gke.options import GkeOptions
from tests.contract import manifests as m
from tests.contract.adapted import Adapted
from tests.contract.manifests import Object
from tests.contract.test_uninstall import exists
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.patience import PATIENCE, eventually

PUBLISHED = "$2y$12$4K/VkmDd1q1Orb3xAt82zu8gk7Ad6ReFR4LCP9UeYE90NLiN9Df72"
PASSWORDS = "/api/v1/namespaces/auth/secrets/dex-passwords"
DEX = "/apis/apps/v1/namespaces/auth/deployments/dex"
SERVICE = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
ADA = {"email": "ada@example.com", "password": "correct horse"}


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    """Of a cluster of its own: the namespaces of Kubeflow have their names."""
    with Api(fresh_control_plane.kubeconfig()) as opened:
        yield opened


def installer(cluster: ControlPlane, folder: Path, **access: Any) -> Adapted:
    return Adapted(cluster.kubeconfig(), folder / "state", "kubeflow", document={"access": access})


def release() -> list[Object]:
    configuration = {"issuer": "http://dex:5556/dex", "staticPasswords": [{"email": "user@example.com"}]}
    dex = m.deployment("dex", "auth")
    dex["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "dex-passwords"}}]
    gateway = m.service("istio-ingressgateway", "istio-system", "istio-ingressgateway")
    gateway["spec"]["ports"] = [{"name": "http2", "port": 80}, {"name": "https", "port": 443}]
    return [
        m.namespace("auth"),
        m.namespace("istio-system"),
        m.config_map("dex", "auth", **{"config.yaml": yaml.safe_dump(configuration)}),
        m.secret("dex-passwords", "auth", DEX_USER_PASSWORD=PUBLISHED),
        dex,
        gateway,
    ]


def password_hash(api: Api) -> bytes:
    return base64.b64decode(api.get(PASSWORDS)["data"]["DEX_USER_PASSWORD"])


def generation(api: Api) -> int:
    found: int = api.get(DEX)["metadata"]["generation"]
    return found


def test_users_are_let_in_and_dex_restarted_only_for_them(
    fresh_control_plane: ControlPlane, api: Api, tmp_path: Path
) -> None:
    plain = installer(fresh_control_plane, tmp_path)
    plain.install(release()).succeeded()
    mine = installer(fresh_control_plane, tmp_path, type="node-port", allowPlainHttp=True, users=[ADA])
    mine.install(release()).succeeded()
    first = password_hash(api)
    assert bcrypt.checkpw(b"correct horse", first)
    assert generation(api) == 2
    assert api.get(SERVICE)["spec"]["type"] == "NodePort"
    assert users(mine.open()) == ["ada@example.com"]

    assert not mine.install(release()).succeeded().plan.changes
    assert password_hash(api) == first

    plain.install(release()).succeeded()
    assert password_hash(api) == PUBLISHED.encode()
    assert api.get(SERVICE)["spec"]["type"] == "ClusterIP"
    plain.uninstall().succeeded()
    assert not exists(api, DEX)


def test_the_address_of_nodes(fresh_control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    wanted = installer(fresh_control_plane, tmp_path, type="node-port", port=30080, allowPlainHttp=True, users=[ADA])
    wanted.install(release()).succeeded()
    assert way_in(wanted.open()).pending == "No node has an address."
    api.create("/api/v1/nodes", m.named("v1", "Node", "one"))
    address = {"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.7"}]}}
    api.patch("/api/v1/nodes/one/status", address)
    assert way_in(wanted.open()) == WayIn("http://192.0.2.7:30080", on_nodes=True)
    # who may not see the nodes is forwarded to, and who has a Dex of their own is told nothing of its users
    view = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    bound = m.named("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "alice", roleRef=view)
    bound["subjects"] = [{"kind": "User", "name": "alice", "apiGroup": "rbac.authorization.k8s.io"}]
    api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", bound)
    alice = Cluster(Connection.open(fresh_control_plane.kubeconfig("alice")))
    assert eventually(lambda: _unless_forbidden(alice)) == WayIn()
    assert users(wanted.open()) == ["ada@example.com"]
    api.patch("/api/v1/namespaces/auth/configmaps/dex", {"data": {"config.yaml": "{{ template }}: ["}})
    assert users(wanted.open()) == []
    api.create("/api/v1/namespaces", m.namespace("kubeflow"))
    api.create("/api/v1/namespaces/kubeflow/services", m.service("centraldashboard", "kubeflow", "centraldashboard"))
    command = [sys.executable, "-m", "kfinstall", "open", "--no-browser", "--port", "0"]
    environment = {**os.environ, "KUBECONFIG": str(fresh_control_plane.kubeconfig())}
    opened = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, env=environment)
    assert "http://192.0.2.7:30080 does not answer here" in opened.stderr
    assert opened.stdout == "", "nothing is shown that nobody can open"
    assert opened.returncode == 1, "no pod is there to forward to"


def _unless_forbidden(cluster: Cluster) -> WayIn | None:
    """The way in, once the API server knows the user's new rights."""
    try:
        return way_in(cluster)
    except ApiError:
        return None


def test_the_address_of_a_load_balancer(fresh_control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    wanted = installer(fresh_control_plane, tmp_path, type="load-balancer", allowPlainHttp=True, users=[ADA])
    wanted.install(release()).succeeded()
    cluster = wanted.open()
    assert way_in(cluster).pending == "The load balancer has no address yet."
    namespace, _slash, name = GATEWAY.partition("/")
    involved = {"kind": "Service", "namespace": namespace, "name": name}
    event = m.named(
        "v1", "Event", "quota", namespace, involvedObject=involved, type="Warning", message="Quota exceeded."
    )
    api.create(f"/api/v1/namespaces/{namespace}/events", event)
    assert way_in(cluster).pending == "The load balancer has no address yet. The cloud says: Quota exceeded."
    api.patch(f"{SERVICE}/status", {"status": {"loadBalancer": {"ingress": [{"ip": "2001:db8::1"}]}}})
    assert way_in(cluster) == WayIn("http://[2001:db8::1]")


def managed_certificate() -> Object:
    """The definition, as far as it matters here: https://github.com/GoogleCloudPlatform/gke-managed-certs."""
    names = {"kind": "ManagedCertificate", "plural": "managedcertificates", "singular": "managedcertificate"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    spec = {"group": "networking.gke.io", "scope": "Namespaced", "names": names, "versions": [version]}
    return m.named(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "managedcertificates.networking.gke.io", spec=spec
    )


def test_the_address_behind_identity_aware_proxy(fresh_control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    options = {"project": "lab-project", "location": "us-central1-a", "cluster": "lab"}
    iap = {"clientId": "1-a.apps.googleusercontent.com", "clientSecret": "planted-secret"}
    wanted = GkeOptions.model_validate({"type": "gke", **options, "iap": iap})
    released = [Manifest(body, "istio") for body in [*release(), managed_certificate()]]
    made = [each.body for each in Gke().transformed(released, wanted, Nowhere("kubeflow"))]
    plain = installer(fresh_control_plane, tmp_path)
    plain.install([each for each in made if each["kind"] != "BackendConfig"]).succeeded()
    cluster = plain.open()
    assert way_in(cluster).pending == "The Ingress has no address yet."
    ingress = "/apis/networking.k8s.io/v1/namespaces/istio-system/ingresses/kubeflow-iap"
    api.patch(f"{ingress}/status", {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}}})
    host = "lab.endpoints.lab-project.cloud.goog"
    assert way_in(cluster).pending == (
        f"Google has issued no certificate for {host} yet (?): the name has to lead to 192.0.2.9."
    )
    certificate = "/apis/networking.gke.io/v1/namespaces/istio-system/managedcertificates/kubeflow-iap/status"
    api.patch(certificate, {"status": {"certificateStatus": "Active"}})
    assert way_in(cluster) == WayIn(f"https://{host}", secure=True)


def test_the_proxy_is_not_for_the_cluster_itself(fresh_control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    document = {"proxy": {"https": "http://proxy.example.com:3128"}}
    Adapted(fresh_control_plane.kubeconfig(), tmp_path / "state", "kubeflow", document=document).install(
        release()
    ).succeeded()
    [container] = api.get(DEX)["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    server = ip_address(api.get("/api/v1/namespaces/default/services/kubernetes")["spec"]["clusterIP"])
    networks = [ip_network(each) for each in environment["NO_PROXY"].split(",") if "/" in each]
    assert any(server in network for network in networks)
