"""What a platform prefers is what its user is recommended, and what the file says once its user answers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kfinstall.engine.adaptation import settled
from kfinstall.guide.answering import answer, answered, in_force
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft
from kfinstall.guide.questions import Question
from kfinstall.guide.steps import step_named
from kfinstall.model.base import Model
from kfinstall.model.install import PlatformOptions
from kfinstall.model.storage import NfsProvisioner
from platforms.ack import Ack


def asked(draft: Draft, step: str) -> dict[str, Question]:
    return {each.dotted: each for each in step_named(step, draft).ask(draft)}


def images(draft: Draft) -> Mapping[str, Any]:
    """What an install from the draft takes as its images."""
    loaded = checked(draft).loaded
    assert loaded is not None
    return settled(loaded.install, {}).images.model_dump(exclude_defaults=True)


def test_the_mirror_that_a_platform_prefers_is_recommended_and_holds() -> None:
    draft = Draft({"platform": {"type": "ack"}})
    mirror = asked(draft, "images")["images.mirror"]
    assert (mirror.recommended, in_force(draft, mirror), answered(draft, mirror)) == ("daocloud", "daocloud", "")
    assert mirror.standing == "Recommended here: daocloud"
    assert not mirror.minor, "it is not hidden among what most people leave as it is"
    assert images(draft) == {"mirror": "daocloud"}


def test_it_depends_on_the_options_of_the_platform() -> None:
    draft = Draft({"platform": {"type": "ack", "mainland": False}})
    assert asked(draft, "images")["images.mirror"].recommended == ""
    assert images(draft) == {}


def test_an_answer_beside_it_keeps_it() -> None:
    draft = Draft({"platform": {"type": "ack"}})
    answer(draft, asked(draft, "images")["images.pullPolicy"], "Always")
    assert draft.get(("images",)) == {"mirror": "daocloud", "pullPolicy": "Always"}
    assert images(draft) == {"mirror": "daocloud", "pull_policy": "Always"}


def test_another_answer_takes_its_place_and_it_stays_recommended() -> None:
    draft = Draft({"platform": {"type": "ack"}})
    answer(draft, asked(draft, "images")["images.mirror"], "private")
    mirror = asked(draft, "images")["images.mirror"]
    assert (mirror.recommended, in_force(draft, mirror)) == ("daocloud", "private")
    assert draft.get(("images",)) == {"mirror": "private"}


@pytest.fixture
def prefers_nfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that prefers a member of a union, as one of another distribution may."""

    def preferred(self: Ack, options: PlatformOptions) -> Mapping[str, Model]:
        return {"storage": NfsProvisioner(type="nfs-provisioner", server="nas.example.com", path="/kubeflow")}

    monkeypatch.setattr(Ack, "preferred", preferred)


def test_the_member_of_a_union_that_is_preferred_brings_its_questions_and_answers(prefers_nfs: None) -> None:
    draft = Draft({"platform": {"type": "ack"}})
    found = asked(draft, "storage")
    assert found["storage.type"].recommended == in_force(draft, found["storage.type"]) == "nfs-provisioner"
    assert in_force(draft, found["storage.server"]) == "nas.example.com"
    answer(draft, found["storage.type"], "nfs-provisioner")
    assert draft.get(("storage", "server")) == "nas.example.com"
    answer(draft, asked(draft, "storage")["storage.type"], "hostpath")
    assert draft.get(("storage", "type")) == "hostpath"


def test_another_member_takes_nothing_of_what_is_preferred(prefers_nfs: None) -> None:
    draft = Draft({"platform": {"type": "ack"}})
    answer(draft, asked(draft, "storage")["storage.type"], "hostpath")
    assert draft.get(("storage",)) == {"type": "hostpath"}


def test_choices_go_by_their_titles() -> None:
    draft = Draft({"platform": {"type": "kind"}, "kubeflow": {"preset": "kubeflow-26.03"}})
    unions = [asked(draft, step)[key] for step, key in (("storage", "storage.type"), ("access", "access.type"))]
    assert [each.in_words(each.default) for each in unions] == ["The cluster's default class", "Port forwarding"]
    for step in ("storage", "access"):
        for question in asked(draft, step).values():
            for choice in question.choices if question.members else ():
                assert choice.title not in ("", choice.value), f"{question.dotted}: {choice.value} has no title"
                assert choice.text, f"{question.dotted}: {choice.value} says nothing"
    assert replace(unions[0], choices=()).in_words("auto") == "auto"
