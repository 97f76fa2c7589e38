"""The user's choices over a KfDef."""

import pytest

from kfinstall.errors import UsageError
from kfinstall.kfdef.selection import select
from kfinstall.kfdef.types import STACKS, Application, KfDef, Repo


def kfdef(*names: str, **requires: str) -> KfDef:
    return KfDef(
        name="demo",
        namespace="kubeflow",
        applications=tuple(Application(name, "manifests", name, (), {"old": "1", "set": "1"}) for name in names),
        repos=(Repo("manifests", "x"),),
        annotations={f"requires.kfinstall.io/{name}": value for name, value in requires.items()},
    )


def on(chosen: KfDef) -> list[str]:
    return [application.name for application in chosen.applications]


def test_nothing_chosen_changes_nothing() -> None:
    whole = kfdef("istio", "dex")
    assert select(whole) == whole


def test_name_namespace_and_parameters() -> None:
    chosen = select(kfdef("dex"), name="mine", namespace="ns", parameters={"dex": {"set": "2", "new": "3"}})
    assert (chosen.name, chosen.namespace) == ("mine", "ns")
    assert chosen.applications[0].parameters == {"old": "1", "set": "2", "new": "3"}


def test_usage_reporting_is_off_unless_asked_for() -> None:
    whole = kfdef("dex", "spartakus")
    assert on(select(whole)) == ["dex"]
    assert on(select(whole, usage_reporting=True)) == ["dex", "spartakus"]
    assert on(select(whole, components={"spartakus": True})) == ["dex", "spartakus"]
    assert on(select(kfdef("dex"), components={"spartakus": False})) == ["dex"]


def test_what_others_need_stays_on() -> None:
    whole = kfdef("istio", "dex", "kserve", "katib", dex="istio", kserve=" istio , dex")
    with pytest.raises(UsageError, match="istio cannot be switched off") as caught:
        select(whole, components={"istio": False})
    assert caught.value.why == "dex, kserve need istio."
    assert "switch off dex, kserve as well" in caught.value.fix
    assert on(select(whole, components={"istio": False, "dex": False, "kserve": False})) == ["katib"]


def test_unknown_applications_are_all_told() -> None:
    with pytest.raises(UsageError) as caught:
        select(kfdef("istio", "katib"), components={"itsio": True}, parameters={"katip": {}, "none": {}})
    assert caught.value.what == (
        'There is no application "itsio". Did you mean "istio"? '
        'There is no application "katip". Did you mean "katib"? There is no application "none".'
    )


def test_nothing_left_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to install"):
        select(kfdef("dex"), components={"dex": False})


def test_parameters_without_effect_are_told() -> None:
    off = select(kfdef("a", "b"), components={"a": False}, parameters={"a": {"x": "1"}})
    assert off.warnings == ("The parameters x have no effect: a is switched off.",)
    stacks = select(kfdef("a", STACKS), parameters={"a": {"x": "1"}})
    assert "no effect in a KfDef of stacks" in stacks.warnings[0]


def test_what_the_cluster_provides_is_left_out_and_not_missed() -> None:
    whole = kfdef("istio", "dex", dex="istio")
    assert on(select(whole, provided=["istio"])) == ["dex"]
    with pytest.raises(UsageError, match='no application "itsio"'):
        select(whole, provided=["itsio"])
