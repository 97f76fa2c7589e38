"""OpenShift's constraints on a real API server, where a policy refuses pods as OpenShift's admission does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes.client.exceptions import ApiException

from kfinstall.contracts.manifest import Manifest
from kfinstall.doctor.looking import at_cluster
from kfinstall.engine.adaptation import adapted
from kfinstall.engine.surroundings import ClusterSurroundings
from kfinstall.errors import PlanRefused
from kfinstall.kube.cluster import Cluster
from kfinstall.kube.connection import Connection
from kfinstall.model.install import install_model
from kfinstall.registry import checks
from platforms.openshift import OpenShiftOptions
from tests.contract import manifests as m
from tests.contract.installer import Installer
from tests.contract.manifests import Object
from tests.contract.test_uninstall import exists
from tests.controlplane.api import Api
from tests.controlplane.playing import playing
from tests.controlplane.server import ControlPlane
from tests.patience import eventually

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
PODS = "/api/v1/namespaces/ml/pods"
SCC = "nonroot-v2"
ACCOUNT = "authorizer.serviceAccount(object.metadata.namespace, object.spec.serviceAccountName)"
MAY_USE = (
    f"{ACCOUNT}.group('security.openshift.io').resource('securitycontextconstraints')"
    f".namespace(object.metadata.namespace).name('{SCC}').check('use').allowed()"
)


@dataclass
class OnOpenShift(Installer):
    """Installs as the platform openshift does it."""

    def manifests(self, objects: Iterable[Object]) -> list[Manifest]:
        document = {"metadata": {"name": self.name}, "platform": {"type": "openshift"}}
        install = install_model({"openshift": OpenShiftOptions}).model_validate(document)
        return adapted(super().manifests(objects), install, ClusterSurroundings(self.open(), "default"))


@pytest.fixture
def api(fresh_control_plane: ControlPlane) -> Iterator[Api]:
    with Api(fresh_control_plane.kubeconfig()) as opened:
        yield opened


@pytest.fixture
def openshift(fresh_control_plane: ControlPlane, api: Api) -> ControlPlane:
    """A control plane on which pods with a user of their own need the right to use nonroot-v2."""
    if not fresh_control_plane.has_controller_manager:
        pytest.skip("this control plane has no controller manager")
    definition = m.definition("security.openshift.io", "securitycontextconstraints", "SecurityContextConstraints")
    definition["spec"]["scope"] = "Cluster"
    api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    spec = {
        "matchConstraints": {"resourceRules": [pods]},
        "validations": [{
            "expression": f"!has(object.spec.containers[0].securityContext) || {MAY_USE}",
            "message": "unable to validate against any security context constraint",
        }],
    }  # fmt: skip
    policies = f"{ADMISSION}/validatingadmissionpolicies"
    api.create(policies, m.named("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "scc", spec=spec))
    binding = {"policyName": "scc", "validationActions": ["Deny"]}
    body = m.named("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "scc", spec=binding)
    api.create(f"{policies.removesuffix('ies')}ybindings", body)
    eventually(lambda: _refuses(api))
    return fresh_control_plane


def _refuses(api: Api) -> bool:
    """Whether the policy is in force already."""
    container = {"name": "main", "image": "example.com/main:1", "securityContext": {"runAsUser": 1000}}
    body = m.named("v1", "Pod", "trial", "default", spec={"containers": [container]})
    try:
        api.create("/api/v1/namespaces/default/pods", body)
    except ApiException as error:
        return "security context constraint" in str(error.body)
    api.delete("/api/v1/namespaces/default/pods/trial", gracePeriodSeconds=0)
    return False


def release(user: int = 1000) -> list[Object]:
    deployment = m.deployment("web", "ml")
    pod = deployment["spec"]["template"]["spec"]
    pod["serviceAccountName"] = "runner"
    pod["containers"][0]["securityContext"] = {"runAsUser": user}
    return [m.namespace("ml"), m.account("runner", "ml"), deployment, m.deployment("free", "ml")]


def may_use(api: Api, account: str, scc: str = SCC, namespace: str = "ml") -> bool:
    attributes = {
        "group": "security.openshift.io", "resource": "securitycontextconstraints", "name": scc, "verb": "use",
        "namespace": namespace,
    }  # fmt: skip
    spec = {"user": f"system:serviceaccount:ml:{account}", "resourceAttributes": attributes}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    return bool(api.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", body)["status"]["allowed"])


def pods(api: Api, app: str) -> list[Object]:
    found: list[Object] = api.get(PODS, labelSelector=f"app={app}")["items"]
    return found


def granted(pod: Object) -> object:
    return pod["metadata"].get("annotations", {}).get("kfinstall.io/scc")


def refused(api: Api) -> bool:
    status = api.get("/apis/apps/v1/namespaces/ml/deployments/web").get("status") or {}
    return any(each["type"] == "ReplicaFailure" for each in status.get("conditions") or ())


def told(kubeconfig: Path) -> list[str]:
    """What the doctor's checks of OpenShift say."""
    wanted = [check for check in checks()[0] if check.area == "openshift"]
    report = at_cluster(Cluster(Connection.open(kubeconfig)), wanted).report
    return [finding.title for root in report.roots for finding in root.walk()]


def test_pods_that_were_refused_start_with_their_grant(openshift: ControlPlane, api: Api, tmp_path: Path) -> None:
    kubeconfig = openshift.kubeconfig()
    Installer(kubeconfig, tmp_path / "state", "kubeflow").install(release()).succeeded()
    eventually(lambda: refused(api))
    eventually(lambda: pods(api, "free"))
    assert pods(api, "web") == []
    assert told(kubeconfig) == ["Service account ml/runner may not use the constraint nonroot-v2, which its pods need"]
    installer = OnOpenShift(kubeconfig, tmp_path / "state", "kubeflow")
    # the refused ReplicaSet may get its pod, too, when it tries again between the grant and the rollout: that pod goes
    # when the new one is ready, which takes a node
    with playing(kubeconfig, "openshift-1"):
        installer.install(release()).succeeded()
        eventually(lambda: [granted(pod) for pod in pods(api, "web")] == [SCC], 120)
    assert not installer.install(release()).succeeded().plan.changes
    eventually(lambda: told(kubeconfig) == [])


def test_the_grant_is_for_its_account_only_and_goes_with_the_install(
    openshift: ControlPlane, api: Api, tmp_path: Path
) -> None:
    installer = OnOpenShift(openshift.kubeconfig(), tmp_path / "state", "kubeflow")
    installer.install(release()).succeeded()
    eventually(lambda: may_use(api, "runner"))
    assert not may_use(api, "default")
    assert not may_use(api, "runner", "anyuid")
    assert not may_use(api, "runner", namespace="default")
    installer.uninstall().succeeded()
    assert not exists(api, f"{RBAC}/clusterroles/kfinstall-scc-{SCC}")
    eventually(lambda: not may_use(api, "runner"))


def test_root_needs_a_word_and_nothing_is_written_without_it(openshift: ControlPlane, api: Api, tmp_path: Path) -> None:
    installer = OnOpenShift(openshift.kubeconfig(), tmp_path / "state", "kubeflow")
    with pytest.raises(PlanRefused, match="wider security context constraint"):
        installer.install(release(user=0))
    assert not exists(api, "/api/v1/namespaces/ml")


def test_another_cluster_is_no_openshift(fresh_control_plane: ControlPlane, tmp_path: Path) -> None:
    installer = OnOpenShift(fresh_control_plane.kubeconfig(), tmp_path / "state", "kubeflow")
    with pytest.raises(PlanRefused, match="no OpenShift"):
        installer.install(release())


def test_what_an_api_server_serves_is_asked_of_it(control_plane: ControlPlane) -> None:
    """An ACK is refused where the second is missing, an OpenShift where the third is there."""
    surroundings = ClusterSurroundings(Cluster(Connection.open(control_plane.kubeconfig())), "default")
    asked = ("/api/v1/pods", "/api/v1/serviceaccounts/token", "/apis/operator.openshift.io/v1alpha1/certmanagers")
    assert [surroundings.serves(each) for each in asked] == [True, True, False]
