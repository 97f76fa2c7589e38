"""The presets are KfDefs, and what they say of themselves is consistent."""

import re
from pathlib import Path

import pytest

from kfinstall.errors import UsageError
from kfinstall.kfdef import presets
from kfinstall.kfdef.document import load
from kfinstall.kfdef.selection import select
from kfinstall.kfdef.types import REQUIRES, KfDef


def preset(name: str) -> KfDef:
    return load(presets.read(name), default_name=name)


def test_the_default_comes_first() -> None:
    assert presets.names() == (
        "kubeflow-26.03",
        "kubeflow-1.10",
        "starter",
        "kfctl-k8s-istio-1.2",
        "kfctl-k8s-istio-1.0",
        "kfctl-istio-dex-1.2",
        "kfctl-istio-dex-1.0",
    )
    assert presets.names()[0] == presets.DEFAULT


def test_their_facts() -> None:
    facts = {each.name: each for each in presets.describe()}
    current = facts["kubeflow-26.03"]
    assert current.title == "Kubeflow 26.03"
    assert current.kubeflow_version == "26.03"
    assert (current.kubernetes_validated, current.kubernetes_minimum) == ("1.34", "1.32")
    assert current.kubernetes_maximum is None
    assert current.kustomize_minimum == "5.4.2"
    assert facts["kubeflow-1.10"].kustomize_minimum == "5.0.0"
    legacy = [each for name, each in facts.items() if name.startswith("kfctl-")]
    assert {each.kubernetes_maximum for each in legacy} == {"1.21"}
    assert [len(facts[name].applications) for name in presets.names()] == [27, 29, 5, 16, 44, 16, 42]


@pytest.mark.parametrize("name", presets.names())
def test_each_is_complete(name: str) -> None:
    kfdef = preset(name)
    facts = presets.facts(kfdef, name)
    known = {application.name for application in kfdef.applications}
    minors = [facts.kubernetes_minimum, *facts.kubernetes_validated.split("-"), facts.kubernetes_maximum or "1.1"]
    assert all(re.fullmatch(r"1\.\d+", minor) for minor in minors)
    assert facts.title
    assert kfdef.warnings == ()
    for key in kfdef.annotations:
        if key.startswith(REQUIRES):
            user = key.removeprefix(REQUIRES)
            assert user in known
            assert set(kfdef.requires(user)) <= known - {user}


@pytest.mark.parametrize("name", [name for name in presets.names() if name != "starter"])
def test_each_is_pinned_to_a_tag(name: str) -> None:
    [repo] = preset(name).repos
    assert re.fullmatch(r"https://github\.com/kubeflow/manifests/archive/v?\d[\d.]*\.tar\.gz", repo.uri)
    assert "branch" not in repo.uri


def test_the_starter_comes_with_kfinstall() -> None:
    [repo] = preset("starter").repos
    assert Path(repo.uri).is_dir()


@pytest.mark.parametrize("name", ["kubeflow-26.03", "kubeflow-1.10", "starter"])
def test_what_is_required_comes_first(name: str) -> None:
    """But profiles, whose custom resources the others only use when they run, and dex and oauth2-proxy."""
    kfdef = preset(name)
    order = [application.name for application in kfdef.applications]
    for user in order:
        for required in kfdef.requires(user):
            if required not in ("profiles", "dex", "notebook-controller", "pvcviewer-controller"):
                assert order.index(required) < order.index(user), (user, required)


@pytest.mark.parametrize("name", ["kubeflow-26.03", "kubeflow-1.10"])
def test_every_leaf_can_be_switched_off(name: str) -> None:
    kfdef = preset(name)
    needed = {required for each in kfdef.applications for required in kfdef.requires(each.name)}
    leaves = {each.name for each in kfdef.applications} - needed
    assert {"katib", "pipelines", "spark-operator", "kserve-models-web-app"} <= leaves
    chosen = select(kfdef, components=dict.fromkeys(leaves, False))
    assert {each.name for each in chosen.applications} == needed


def test_an_unknown_preset() -> None:
    with pytest.raises(UsageError, match=r'Did you mean "kubeflow-26\.03"\?') as caught:
        presets.read("kubeflow-26.3")
    assert "kfctl-istio-dex-1.0" in caught.value.fix
