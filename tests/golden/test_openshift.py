"""What the pods of whole releases need on OpenShift: Istio's plugin is privileged, and all others are not even root."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kfinstall.contracts.surroundings import Nowhere
from kfinstall.errors import PlanRefused
from platforms.openshift import OpenShift, OpenShiftOptions
from tests.golden.test_releases import ARCHIVES, preset, rendered

pytestmark = pytest.mark.skipif(not ARCHIVES.is_dir(), reason=f"the archives of the releases are not in {ARCHIVES}")


@pytest.mark.parametrize(("name", "accounts"), [("kubeflow-1.10", 31), ("kubeflow-26.03", 38)])
def test_only_istios_plugin_is_privileged(name: str, accounts: int) -> None:
    # Rendering is tested elsewhere: it is kept from session to session.
    manifests = rendered(preset(name), Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders").manifests
    surroundings = Nowhere("kubeflow")
    with pytest.raises(PlanRefused) as refused:
        OpenShift().transformed(manifests, OpenShiftOptions(type="openshift", widest_scc="anyuid"), surroundings)
    [line] = refused.value.why.splitlines()
    assert line.startswith("DaemonSet kube-system/istio-cni-node (service account istio-cni) needs privileged: ")
    allowed = OpenShiftOptions(type="openshift", widest_scc="privileged")
    made = OpenShift().transformed(manifests, allowed, surroundings)
    granted = [each.body for each in made if each.application == "kfinstall/openshift" and each.kind == "RoleBinding"]
    subjects = {(each["roleRef"]["name"], who["name"]) for each in granted for who in each["subjects"]}
    privileged = {who for role, who in subjects if role == "kfinstall-scc-privileged"}
    assert privileged == {"istio-cni"}
    assert {role for role, _who in subjects} == {"kfinstall-scc-privileged", "kfinstall-scc-nonroot-v2"}
    assert len(subjects) - len(privileged) == accounts
    [injector] = [each.body for each in made if each.key[1::2] == ("ConfigMap", "istio-sidecar-injector")]
    assert json.loads(injector["data"]["values"])["pilot"]["cni"]["provider"] == "multus"
