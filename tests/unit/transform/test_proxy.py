"""The proxy in the environment of what calls out, and what is reached without it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import notices, settled
from kfinstall.errors import UsageError
from kfinstall.model.install import Install, install_model
from kfinstall.model.proxy import Proxy
from kfinstall.registry import platforms
from kfinstall.transform.proxy import transformed

Object = dict[str, Any]

PROXY = "http://proxy.example.com:3128"
CLUSTER = Nowhere("kubeflow", nodes=[{"spec": {"podCIDRs": ["10.244.0.0/24"]}}], service_networks=["10.96.0.0/12"])
SERVICES = [
    Manifest({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}}, "app")
    for namespace, name in (("auth", "dex"), ("kubeflow", "minio-service"))
]


def deployment(namespace: str, name: str, **container: Any) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    template = {"spec": {"containers": [{"name": "main", **container}]}}
    return Manifest(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}, "app"
    )


def environment(manifest: Manifest, **proxy: Any) -> dict[str, str]:
    [*_services, after] = transformed([*SERVICES, manifest], Proxy.model_validate(proxy), CLUSTER)
    [container] = after.body["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container.get("env") or ()}


def test_what_calls_out_gets_the_proxy_and_reaches_the_cluster_without_it() -> None:
    found = environment(deployment("auth", "dex"), http=PROXY, https=PROXY, exceptions=[".corp.example.com"])
    assert found["HTTPS_PROXY"] == found["https_proxy"] == found["http_proxy"] == PROXY
    inside = ["localhost", "127.0.0.1", ".svc", ".cluster.local", "dex", ".auth", ".kubeflow"]
    direct = [*inside, "10.96.0.0/12", "10.244.0.0/24", ".corp.example.com"]
    assert found["NO_PROXY"] == found["no_proxy"] == ",".join(direct)


def test_the_rest_of_the_environment_stays_and_what_was_there_of_a_proxy_goes() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "HTTPS_PROXY", "value": "http://old.example.com"}]
    found = environment(deployment("istio-system", "istiod", env=env), https=PROXY)
    assert (found["A"], found["HTTPS_PROXY"]) == ("1", PROXY)
    assert "HTTP_PROXY" not in found


def handed_on(kind: str, name: str, **content: Any) -> Object:
    before = Manifest({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **content}, "app")
    [*_services, after] = transformed([*SERVICES, before], Proxy(https=PROXY), CLUSTER)
    return after.body


def test_what_fetches_models_in_others_pods_gets_it_from_kserve() -> None:
    container = {"name": "storage-initializer", "env": [{"name": "A", "value": "1"}]}
    formats = [{"prefix": "s3://"}]
    spec = {"container": container, "supportedUriFormats": formats}
    after = handed_on("ClusterStorageContainer", "default", spec=spec)["spec"]
    assert after["supportedUriFormats"] == formats
    told = {each["name"]: each["value"] for each in after["container"]["env"]}
    assert (told["A"], told["HTTPS_PROXY"], told["https_proxy"]) == ("1", PROXY, PROXY)
    inside = "localhost,127.0.0.1,.svc,.cluster.local,.auth,.kubeflow,10.96.0.0/12,10.244.0.0/24"
    assert told["NO_PROXY"] == inside  # nothing by its short name: these pods are in the namespaces of profiles
    assert handed_on("ClusterStorageContainer", "model-registry", spec=spec)["spec"] == spec


@pytest.mark.parametrize("executor", [None, "imagePullPolicy: Always\nenv: [{name: A, value: '1'}]\n"])
def test_what_keeps_logs_in_the_pods_of_workflows_gets_it_from_argo(executor: str | None) -> None:
    data = {"artifactRepository": "s3: {}"} | ({"executor": executor} if executor else {})
    after = handed_on("ConfigMap", "workflow-controller-configmap", data=data)["data"]
    assert after["artifactRepository"] == "s3: {}"
    told = yaml.safe_load(after["executor"])
    assert {"name": "HTTPS_PROXY", "value": PROXY} in told["env"]
    assert told.get("imagePullPolicy") == ("Always" if executor else None)
    assert ({"name": "A", "value": "1"} in told["env"]) is bool(executor)


def installed(environ: dict[str, str], **proxy: Any) -> Install:
    document = {"platform": {"type": "existing"}, "proxy": {"fromHost": True, **proxy}}
    return settled(install_model(platforms().options).model_validate(document), environ)


def test_this_machines_proxy_is_taken_when_the_document_asks_for_it() -> None:
    environ = {"HTTPS_PROXY": PROXY, "no_proxy": "localhost, .corp.example.com,10.0.0.0/8", "NO_PROXY": "ignored"}
    install = installed(environ, exceptions=["own.example.com"])
    assert (install.proxy.http, install.proxy.https) == (None, PROXY)
    assert install.proxy.exceptions == ("own.example.com", "localhost", ".corp.example.com", "10.0.0.0/8")
    assert notices(install) == [
        f"Components that call out get this machine's proxy: HTTPS_PROXY={PROXY}. Nodes need it for their pulls, too."
    ]
    assert (
        installed({"https_proxy": PROXY}, https="http://other.example.com:1").proxy.https
        == "http://other.example.com:1"
    )


def test_a_machine_without_a_proxy_gives_none_and_says_so() -> None:
    install = installed({})
    assert (install.proxy.http, install.proxy.https) == (None, None)
    assert "this machine has neither HTTP_PROXY nor HTTPS_PROXY" in notices(install)[0]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://ada:planted@proxy.example.com:3128", "https_proxy: whoever may see a pod"),
        ("http://127.0.0.1:3128", "It listens on this machine only (127.0.0.1)."),
        ("socks5://proxy.example.com", "https_proxy: the URL of a proxy is expected here"),
    ],
)
def test_a_proxy_that_pods_cannot_have_is_refused(address: str, why: str) -> None:
    with pytest.raises(UsageError, match="pods cannot have it") as refused:
        installed({"HTTPS_PROXY": address})
    assert why in str(refused.value.why)
    assert "planted" not in f"{refused.value.what}{refused.value.why}{refused.value.fix}"


def test_what_stays_inside_is_left_alone() -> None:
    assert environment(deployment("kubeflow", "mysql"), https=PROXY) == {}
    assert environment(deployment("auth", "dex")) == {}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"http": "proxy.example.com:3128"}, "the URL of a proxy is expected"),
        ({"https": "http://ada:secret@proxy.example.com"}, "a proxy without a login"),
        ({"exceptions": ["a b"], "http": PROXY}, "a host, a domain such as"),
        ({"exceptions": [".example.com"]}, "there is no proxy that these are exceptions of"),
    ],
)
def test_what_cannot_be_is_refused_when_the_file_is_read(document: Object, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Proxy.model_validate(document)
    assert message in str(refused.value)
    assert "ada" not in str(refused.value)
