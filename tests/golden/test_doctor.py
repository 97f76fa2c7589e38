"""The doctor on the state of a real cluster: Kubeflow 1.10.2, one node, no registry in reach, none of 50 pods ready."""

from pathlib import Path

import pytest

from kfinstall.doctor.examination import Report, examine
from kfinstall.doctor.lists import from_files
from kfinstall.registry import checks

STATE = Path(__file__).parents[3] / "shared" / "real" / "clusters" / "kubeflow-1.10.2-no-registry.tar.gz"

pytestmark = pytest.mark.skipif(not STATE.exists(), reason=f"the state of a real cluster is not here: {STATE}")


@pytest.fixture(scope="module")
def report() -> Report:
    known, broken = checks()
    assert not broken
    return examine(from_files(STATE, {kind for check in known for kind in check.reads | check.also}), known)


def test_three_things_to_mend_explain_all_fifty_pods(report: Report) -> None:
    errors = [root for root in report.roots if root.finding.severity == "error"]
    assert [root.finding.cause for root in errors] == [
        "img-dns",
        "st-no-default-storageclass",
        "sched-insufficient-cpu",
    ]
    assert (report.unready, report.unexplained) == (50, ())
    assert sum(key.kind == "Pod" for root in errors for key in root.objects) == 50


def test_each_says_what_to_do(report: Report) -> None:
    for root in report.roots:
        assert root.finding.remedy.text
        assert root.finding.remedy.commands


def test_whoever_waits_for_cert_manager_and_istio_follows_from_the_registry(report: Report) -> None:
    """Certificates and the mesh's root are made by pods whose images do not come."""
    following = list(report.roots[0].walk())[1:]
    followers = {each.title.partition(" ")[0] for each in following if each.cause == "st-mount-object-missing"}
    assert followers == {
        "ConfigMap/istio-system/istio-ca-root-cert",
        "Secret/kubeflow/katib-webhook-cert",
        "Secret/kubeflow/kserve-webhook-server-cert",
        "Secret/kubeflow/webhook-certs",
        "Secret/kubeflow/webhook-server-cert",
        "Secret/kubeflow/webhook-server-tls",
    }


def test_five_registries_are_named_once(report: Report) -> None:
    hosts = ("gcr.io", "ghcr.io", "public.ecr.aws", "quay.io", "registry-1.docker.io")
    assert f"36 images from {', '.join(hosts)}" in report.roots[0].finding.title
