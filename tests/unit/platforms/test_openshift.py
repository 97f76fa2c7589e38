"""OpenShift: the narrowest constraints that pods need, and who gets them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.host import LocalHost
from kfinstall.errors import PlanRefused
from platforms.openshift import OpenShift, OpenShiftOptions
from tests.contract import manifests as m

DEFAULT: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
V2: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    **DEFAULT,
}


def workload(pod: dict[str, Any] | None = None, **context: Any) -> m.Object:
    body = m.deployment("web", "ml")
    spec = body["spec"]["template"]["spec"]
    spec |= {"serviceAccountName": "runner", **(pod or {})}
    if context:
        spec["containers"][0]["securityContext"] = context
    return body


def adapted(*bodies: m.Object, widest: str = "nonroot-v2", groups: set[str] | None = None) -> list[m.Object]:
    options = OpenShiftOptions.model_validate({"type": "openshift", "widestScc": widest})
    manifests = [Manifest(body, "app") for body in bodies]
    return [each.body for each in OpenShift().transformed(manifests, options, Nowhere("kubeflow", groups=groups))]


def bindings(bodies: list[m.Object]) -> dict[str, list[str]]:
    """Role -> namespace/account of those who have it."""
    return {
        body["roleRef"]["name"]: [f"{each['namespace']}/{each['name']}" for each in body["subjects"]]
        for body in bodies
        if body["kind"] == "RoleBinding"
    }


FREE = [workload(), workload(**V2), workload({"volumes": [{"name": "a", "emptyDir": {}}]})]


@pytest.mark.parametrize("body", FREE)
def test_who_fits_into_restricted_gets_nothing(body: m.Object) -> None:
    assert adapted(body) == [body]


NEEDS = [
    (workload(runAsUser=1000), "nonroot-v2", "runAsUser: 1000"),
    (workload({"securityContext": {"fsGroup": 100}}), "nonroot-v2", "fsGroup: 100"),
    (workload(**{**V2, "runAsUser": 999}), "nonroot-v2", "runAsUser: 999"),
    (workload({"securityContext": {"runAsUser": 0}}), "anyuid", "runAsUser: 0"),
    (workload(allowPrivilegeEscalation=True), "anyuid", "allowPrivilegeEscalation"),
    (workload(runAsUser=0, **DEFAULT), "privileged", "seccompProfile"),
    (workload({"initContainers": [{"name": "i", "image": "i", "securityContext": {"privileged": True}}]}),
     "privileged", "privileged"),
    (workload({"hostNetwork": True}), "privileged", "hostNetwork"),
    (workload({"volumes": [{"name": "bin", "hostPath": {"path": "/opt"}}]}), "privileged", "volume bin (hostPath)"),
    (workload(capabilities={"add": ["NET_ADMIN", "NET_BIND_SERVICE"]}), "privileged", "capabilities: NET_ADMIN"),
    (workload(seLinuxOptions={"type": "spc_t"}), "privileged", "seLinuxOptions"),
    (workload(seccompProfile={"type": "Unconfined"}), "privileged", "seccompProfile: Unconfined"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "scc", "reason"), NEEDS)
def test_the_narrowest_constraint_for_exactly_its_account(body: m.Object, scc: str, reason: str) -> None:
    others = [workload(), m.deployment("other", "ml"), m.deployment("elsewhere", "lab")]
    made = adapted(*others, body, widest=scc)
    assert bindings(made) == {f"kfinstall-scc-{scc}": ["ml/runner"]}
    [role] = [each for each in made if each["kind"] == "ClusterRole"]
    [rule] = role["rules"]
    assert (rule["resourceNames"], rule["verbs"]) == ([scc], ["use"])
    if scc != "nonroot-v2":
        with pytest.raises(PlanRefused) as caught:
            adapted(*others, body)
        assert f"Deployment ml/web (service account runner) needs {scc}: {reason}" in caught.value.why
        assert f"platform.widestScc={scc}" in caught.value.fix
        assert ("as root" if scc == "anyuid" else "on the nodes") in caught.value.fix


def test_a_new_grant_starts_pods_again_and_the_second_time_nothing_changes() -> None:
    body = workload(runAsUser=1000)
    made = adapted(body)
    assert made[-1]["spec"]["template"]["metadata"]["annotations"] == {"kfinstall.io/scc": "nonroot-v2"}
    assert made == adapted(body)
    job = m.job("once", "ml")
    job["spec"]["template"]["spec"]["securityContext"] = {"runAsUser": 5}
    assert adapted(job)[-1] == job


@pytest.mark.parametrize(("label", "granted"), [(None, True), ("false", False)])
def test_a_sidecar_has_a_user_of_its_own(label: str | None, granted: bool) -> None:
    body = m.deployment("web", "ml")
    if label:
        body["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"] = label
    made = adapted(m.namespace("ml", **{"istio-injection": "enabled"}), body)
    assert bindings(made) == ({"kfinstall-scc-nonroot-v2": ["ml/default"]} if granted else {})


def test_notebooks_of_profiles_have_a_sidecar() -> None:
    profile = m.named("kubeflow.org/v1", "Profile", "ada", spec={"owner": {"kind": "User", "name": "ada@example.com"}})
    made = adapted(profile)
    assert bindings(made) == {"kfinstall-scc-nonroot-v2": ["ada/default-editor"]}
    [namespace] = [each for each in made if each["kind"] == "Namespace"]
    assert namespace["metadata"]["annotations"] == {"owner": "ada@example.com"}
    assert namespace not in adapted(profile, m.namespace("ada"))


def plugin() -> m.Object:
    body = workload({"volumes": [
        {"name": "cni-bin-dir", "hostPath": {"path": "/opt/cni/bin"}},
        {"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}},
        {"name": "cni-host-procfs", "hostPath": {"path": "/proc", "type": "Directory"}},
    ]})  # fmt: skip
    return body | {"kind": "DaemonSet", "metadata": {"name": "istio-cni-node", "namespace": "kube-system"}}


def test_istios_plugin_stays_where_multus_is_not() -> None:
    made = adapted(plugin(), widest="privileged", groups={"security.openshift.io"})
    assert "istio-cni" not in [each["metadata"]["name"] for each in made]
    assert made[-1]["spec"]["template"]["spec"]["volumes"] == plugin()["spec"]["template"]["spec"]["volumes"]


def test_istios_plugin_goes_where_multus_looks() -> None:
    values = json.dumps({"pilot": {"cni": {"enabled": True, "provider": "default"}}, "other": 1})
    made = adapted(
        plugin(),
        m.config_map("istio-cni-config", "kube-system", CHAINED_CNI_PLUGIN="true", CNI_NET="x"),
        m.config_map("istio-sidecar-injector", "istio-system", config="c", values=values),
        widest="privileged",
    )
    by_name = {each["metadata"]["name"]: each for each in made}
    pod = by_name["istio-cni-node"]["spec"]["template"]["spec"]
    paths = [volume["hostPath"]["path"] for volume in pod["volumes"]]
    assert paths == ["/var/lib/cni/bin", "/etc/cni/multus/net.d", "/proc"]
    assert pod["containers"][0]["securityContext"]["seLinuxOptions"] == {"type": "spc_t"}
    assert by_name["istio-cni-config"]["data"]["CHAINED_CNI_PLUGIN"] == "false"
    injector = json.loads(by_name["istio-sidecar-injector"]["data"]["values"])
    assert injector == {"pilot": {"cni": {"enabled": True, "provider": "multus"}}, "other": 1}
    assert by_name["istio-cni"]["kind"] == "NetworkAttachmentDefinition"


def test_openshift_chooses_the_group_of_notebooks() -> None:
    controller = workload()
    controller["metadata"]["name"] = "notebook-controller-deployment"
    controller["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "USE_ISTIO", "value": "true"}]
    [made] = adapted(controller)
    variables = made["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {each["name"]: each["value"] for each in variables} == {"USE_ISTIO": "true", "ADD_FSGROUP": "false"}


def test_a_cluster_without_its_groups_is_no_openshift() -> None:
    with pytest.raises(PlanRefused, match="no OpenShift"):
        adapted(workload(), groups={"apps", "batch"})
    assert adapted(workload(), groups={"apps", "security.openshift.io"}) == [workload()]


def test_clusters_of_oc_login_are_found(tmp_path: Path) -> None:
    names = ["default/api-lab-example-com:6443/ada", "crc-admin", "minikube"]
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(yaml.safe_dump({"contexts": [{"name": name, "context": {}} for name in names]}))
    host = LocalHost(tmp_path / "state", {"KUBECONFIG": str(kubeconfig), "PATH": ""})
    found = OpenShift().detect(host)
    assert [(each.name, each.context) for each in found.clusters] == [
        ("api-lab-example-com:6443", names[0]), ("crc-admin", "crc-admin"),
    ]  # fmt: skip
    assert found.tools[0].version == ""


def definition(group: str) -> m.Object:
    name = f"gateways.{group}"
    return m.named("apiextensions.k8s.io/v1", "CustomResourceDefinition", name, spec={"group": group})


@dataclass(frozen=True, slots=True)
class WithCertManagers(Nowhere):
    """Where Red Hat's operator for cert-manager is."""

    def serves(self, collection: str) -> bool:
        return collection == "/apis/operator.openshift.io/v1alpha1/certmanagers"


def test_a_cert_manager_of_red_hats_and_kubeflows_own_are_one_too_many() -> None:
    options = OpenShiftOptions.model_validate({"type": "openshift"})
    manifests = [Manifest(definition("cert-manager.io"), "cert-manager")]
    cluster = WithCertManagers("kubeflow", groups={"security.openshift.io", "operator.openshift.io"})
    with pytest.raises(PlanRefused, match="cert-manager Operator for Red Hat OpenShift is in this cluster") as refused:
        OpenShift().transformed(manifests, options, cluster)
    assert "--set kubeflow.provided=[cert-manager]" in refused.value.fix
    without = Nowhere("kubeflow", groups=cluster.groups)
    assert len(OpenShift().transformed(manifests, options, without)) == 1


def test_a_mesh_of_red_hats_and_kubeflows_own_are_one_too_many() -> None:
    served = {"security.openshift.io", "maistra.io"}
    with pytest.raises(PlanRefused, match="OpenShift Service Mesh 2 is in this cluster") as refused:
        adapted(definition("networking.istio.io"), definition("example.com"), groups=served)
    assert "1 of istio.io" in refused.value.what
    assert "--set kubeflow.provided=[app]" in refused.value.fix
    assert len(adapted(definition("serving.knative.dev"), groups=served)) == 1
    assert len(adapted(definition("networking.istio.io"), groups={"security.openshift.io"})) == 1
