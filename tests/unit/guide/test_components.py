"""The parts of a release: what goes with what, and what they take."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kfinstall.engine.release import resolve
from kfinstall.guide import needs
from kfinstall.guide.checking import checked
from kfinstall.guide.components import components, switch, total
from kfinstall.guide.draft import Draft
from kfinstall.guide.room import Room
from kfinstall.kfdef import presets


def test_what_needs_a_part_goes_with_it_and_what_it_needs_comes_back() -> None:
    draft = Draft({"platform": {"type": "existing"}})
    gone = switch(draft, "istio", on=False)
    assert {"dex", "oauth2-proxy", "kserve", "profiles"} <= set(gone)
    assert "cert-manager" not in gone
    back = switch(draft, "kserve", on=True)
    assert {"istio", "knative-serving", "cluster-local-gateway"} == set(back)


@pytest.mark.parametrize("preset", presets.names())
def test_whatever_is_switched_the_release_can_be_installed(preset: str) -> None:
    for component in components(Draft({"kubeflow": {"preset": preset}})):
        draft = Draft({"platform": {"type": "existing"}, "kubeflow": {"preset": preset}})
        before = {each.name for each in components(draft) if each.on}
        gone = switch(draft, component.name, on=not component.on)
        loaded = checked(draft).loaded
        assert loaded is not None
        if before - {component.name, *gone}:
            resolve(loaded)


def test_on_and_off_again_is_no_answer() -> None:
    draft = Draft({"kubeflow": {"preset": "starter"}})
    switch(draft, "mlflow-store", on=False)
    switch(draft, "sample-training", on=True)
    assert draft.document == {"kubeflow": {"preset": "starter"}}


def test_every_preset_says_what_its_parts_need() -> None:
    for preset in presets.describe():
        assert set(needs.known(preset.name)) == set(preset.applications), preset.name


def test_the_sum_counts_an_image_once_and_what_is_off_not_at_all() -> None:
    draft = Draft({"kubeflow": {"preset": "starter"}})
    whole = total(draft)
    assert (whole.cpu, whole.memory, len(whole.images)) == (Decimal("0.6"), Decimal(3 * 512 * 1024**2), 2)
    switch(draft, "jupyter", on=False)
    assert total(draft).cpu == Decimal("0.35")


def test_room_that_is_too_little() -> None:
    whole = total(Draft({"kubeflow": {"preset": "starter"}}))
    assert Room(cpu=Decimal("0.5")).lacks(whole)
    assert not Room(cpu=Decimal(2)).lacks(whole)
    assert not Room().lacks(whole)
    assert Room(version="v1.30.4").too_old("1.32")
    assert not Room(version="v1.34.1").too_old("1.32")
