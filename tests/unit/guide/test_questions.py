"""Questions come from any model's fields; no platform is known by name."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr

from kfinstall.guide.questions import Kind, Question, from_text, questions, to_text
from kfinstall.model.base import Model
from kfinstall.model.install import Install
from kfinstall.registry import platforms


class Pool(Model):
    size: str = Field(title="Size", description="Of each.")
    spot: bool = Field(default=False, title="Spot", description="Cheaper.")


class Dish(Model):
    type: Literal["dish"] = Field(default="dish", title="Kind", description="A dish.")
    depth: int = Field(default=3, title="Depth", description="How deep.")


class Bowl(Model):
    type: Literal["bowl"] = Field(title="Kind", description="A bowl.")
    lid: str = Field(title="Lid", description="Of what.")


class Options(Model):
    type: Literal["thing"] = Field(title="Platform", description="A thing.")
    project: str = Field(title="Project", description="Who pays.")
    machine_type: str | None = Field(default=None, title="Machine", description="Which.")
    tier: Literal["free", "paid"] = Field(default="free", title="Tier", description="How good.")
    key: SecretStr | None = Field(default=None, title="Key", description="A key.")
    tags: tuple[str, ...] = Field(default=(), title="Tags", description="Some.")
    labels: dict[str, str] = Field(default_factory=dict, title="Labels", description="Pairs.")
    nodes: Pool | None = Field(default=None, title="Nodes", description="A pool.")
    pools: tuple[Pool, ...] = Field(default=(), title="Pools", description="More.")
    vessel: Annotated[Dish | Bowl, Field(discriminator="type")] = Field(
        default_factory=Dish, title="Vessel", description="What it is in."
    )


def asked(data: object, listed: tuple[str, ...] = ()) -> dict[str, Question]:
    return {each.dotted: each for each in questions(Options, data, (), listed)}


def test_a_question_for_every_field_and_none_for_the_type() -> None:
    found = asked({})
    assert {name: each.kind for name, each in found.items()} == {
        "project": Kind.TEXT, "machineType": Kind.TEXT, "tier": Kind.CHOICE, "key": Kind.SECRET, "tags": Kind.LIST,
        "labels": Kind.MAPPING, "nodes": Kind.SECTION, "pools": Kind.ENTRIES, "vessel.type": Kind.CHOICE,
        "vessel.depth": Kind.NUMBER,
    }  # fmt: skip
    assert (found["project"].required, found["project"].title, found["project"].meaning) == (
        True,
        "Project",
        "Who pays.",
    )
    assert [each.value for each in found["tier"].choices] == ["free", "paid"]
    assert found["tier"].default == "free"


def test_what_is_inside_an_optional_part_is_asked_once_it_is_there() -> None:
    assert "nodes.size" not in asked({})
    inside = asked({"nodes": {}})["nodes.size"]
    assert (inside.path, inside.required, inside.group) == (("nodes", "size"), True, ("Nodes",))


def test_every_entry_of_a_list_has_questions_of_its_own() -> None:
    found = [each.path for each in questions(Options, {"pools": [{}, {}]}) if each.path[0] == "pools"]
    assert found == [("pools",), *(("pools", at, key) for at in (0, 1) for key in ("size", "spot"))]


def test_a_union_asks_which_member_and_then_its_questions() -> None:
    found = asked({"vessel": {"type": "bowl"}})
    assert [each.value for each in found["vessel.type"].choices] == ["dish", "bowl"]
    assert found["vessel.type"].default == "dish"
    assert "vessel.lid" in found
    assert "vessel.depth" not in found


def test_a_field_that_a_platform_has_a_list_for() -> None:
    found = asked({"nodes": {}}, ("machineType", "nodes.size"))
    assert [name for name, each in found.items() if each.listed] == ["machineType", "nodes.size"]


def test_what_most_people_leave_is_minor() -> None:
    found = asked({}, ("machineType",))
    assert [name for name, each in found.items() if each.minor] == ["key", "tags", "labels"]


@pytest.mark.parametrize("name", platforms().names)
def test_every_question_of_every_platform_says_what_it_is(name: str) -> None:
    for question in questions(platforms().options[name], {}, ("platform",)):
        assert question.title, question
        assert question.meaning, question


def test_every_field_of_the_document_is_asked_or_is_for_files_only() -> None:
    """A key that is added to the document shows up here: ask for it, or say why not."""
    from kfinstall.guide.steps import STEPS  # noqa: PLC0415 - what the test is about

    asked_for = {section for step in STEPS for section in step.sections}
    files_only = {"apiVersion", "kind", "sources", "apply", "wait"}
    assert {info.alias or name for name, info in Install.model_fields.items()} == asked_for | files_only


def _question(kind: Kind) -> Question:
    return Question(("x",), kind, "X")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.NUMBER, "8", 8),
        (Kind.NUMBER, "2.5", 2.5),
        (Kind.NUMBER, "eight", "eight"),
        (Kind.YES_NO, "true", True),
        (Kind.LIST, "a, b,,c", ["a", "b", "c"]),
        (Kind.MAPPING, "a=1, b=2=3", {"a": "1", "b": "2=3"}),
        (Kind.TEXT, "  1.30 ", "1.30"),
        (Kind.TEXT, "   ", None),
    ],
)
def test_what_is_typed_is_what_the_document_says(kind: Kind, text: str, value: object) -> None:
    assert from_text(_question(kind), text) == value
    assert from_text(_question(kind), to_text(value)) == value
