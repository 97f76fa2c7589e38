"""Text to documents: values as kubectl reads them, the place of every part, and nothing that can do harm."""

import io
import sys
import time
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kfinstall.errors import DocumentError, Place
from kfinstall.model import yaml_events
from kfinstall.model.source import Document, decode, parse, path_text, problem, read_text, validate

TEXT = """\
# a comment
metadata:
  name: kubeflow
list:
- one
- {two: 2}
"x.y": z
"""


def only(text: str) -> Document:
    documents = parse(text, "f.yaml")
    assert len(documents) == 1
    return documents[0]


def complaints(error: pytest.ExceptionInfo[DocumentError]) -> list[str]:
    return [str(one) for one in error.value.problems]


@pytest.mark.parametrize(
    ("path", "key", "line", "column"),
    [
        ((), False, 2, 1),
        (("metadata", "name"), False, 3, 9),
        (("metadata", "name"), True, 3, 3),
        (("list", 1), False, 6, 3),
        (("list", 1, "two"), False, 6, 9),
        (("list", 1, "two"), True, 6, 4),
        (("x.y",), True, 7, 1),
        (("metadata", "missing", "deeper"), False, 3, 3),
        (("list", 9), False, 5, 1),
    ],
)
def test_a_path_has_a_place(path: tuple[str | int, ...], key: bool, line: int, column: int) -> None:
    assert only(TEXT).place(path, key=key) == Place("f.yaml", line, column)


def test_a_part_of_a_document_keeps_places_and_paths() -> None:
    part = only(TEXT).at(("list", 1))
    assert part.data == {"two": 2}
    assert str(problem(part, ("two",), "no.")) == "f.yaml:6:9: list[1].two: no."
    with pytest.raises(KeyError):
        part.at(("three",))


def test_data_without_a_text_has_its_file_as_place() -> None:
    document = Document({"a": [1]}, "the wizard")
    assert str(problem(document.at(("a",)), (0,), "no.")) == "the wizard: a[0]: no."


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", False),
        ("On", True),
        ("y", "y"),
        ("1.30", 1.3),
        ("1e3", 1000.0),
        ("0644", 0o644),
        ("089", 89.0),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        ("=", "="),  # a delimiter in kustomizations of Kubeflow 1.10; PyYAML takes it for a special type
        ("~", None),
        ("'no'", "no"),
        ("!!str 1.30", "1.30"),
        ("!!float 1", 1),
        ("-.inf", float("-inf")),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars_mean_what_they_mean_to_kubectl(written: str, value: object) -> None:
    assert only(f"a: {written}").data == {"a": value}


def test_keys_are_the_text_that_the_file_has() -> None:
    assert only("on: 1\n8080: 2\n1.30: 3\nnull: 4").data == {"on": 1, "8080": 2, "1.30": 3, "null": 4}


def test_aliases_and_merge_keys_are_expanded() -> None:
    document = only("base: &b {x: 1, y: 1}\nk: &k word\ncopy: *b\nmore: {<<: *b, y: 2}\n*k : z\n'<<': q")
    assert document.data == {
        "base": {"x": 1, "y": 1},
        "k": "word",
        "copy": {"x": 1, "y": 1},
        "more": {"x": 1, "y": 2},
        "word": "z",
        "<<": "q",
    }
    assert document.place(("more", "x")).line == 1


def test_crlf_and_a_byte_order_mark_are_no_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "windows.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n")
    document = parse(read_text(file), "f.yaml")[0]
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.place(("b", "c")) == Place("f.yaml", 3, 6)


def test_empty_documents_between_others_are_left_out() -> None:
    assert [one.data for one in parse("---\n---\na: 1\n---\n# none\n---\nb: 2\n", "f")] == [{"a": 1}, {"b": 2}]


def test_everything_but_syntax_is_reported_at_once() -> None:
    with pytest.raises(DocumentError) as error:
        parse("a: 1\na: 2\nb: !foo x\nc: !!int x\nd: {e: 1, e: 2}", "f")
    assert complaints(error) == [
        "f:2:1: a: this key is here twice: on line 1 and on line 2.",
        "f:3:4: b: the tag !foo is not used here; leave it out.",
        "f:4:4: c: this value does not fit its tag !!int.",
        "f:5:11: d.e: this key is here twice: on line 5 and on line 5.",
    ]


def test_bombs_are_refused_quickly() -> None:
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
    for bomb in ("[" * 1_000_000, "{a: " * 200_000, f"a0: &a0 x\n{levels}", "a: " + "9" * 4_000_000):
        started = time.process_time()
        assert len(explained(partial(parse, bomb, "f"))) < 500
        assert time.process_time() - started < 5


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(DocumentError, match="larger than 4 MiB"):
        parse("a: b\n" * 1_000_000, "f")
    with pytest.raises(DocumentError, match="larger than 4 MiB"):
        decode(b" " * 5_000_000, "f")


def test_without_the_c_library_the_words_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    mistakes = ["a: b: c", "a: 'x", "a: [1", "a: {b", "a: @x", "a:\n\tb: 1", "- a\nb: c", "a: 1\n b: 2"]

    def words() -> list[str]:
        said = []
        for text in mistakes:
            with pytest.raises(DocumentError) as error:
                parse(text, "f")
            said.append(error.value.problems[0].message)
        return said

    with_c = words()
    monkeypatch.setattr(yaml_events, "_LOADER", yaml.SafeLoader)
    assert words() == with_c


def explained(act: Callable[[], object]) -> str:
    """What a DocumentError says, which is the only exception that may come; "" if there was none."""
    try:
        act()
    except DocumentError as error:
        return "\n".join(map(str, error.problems)) or pytest.fail("an error without a problem")
    return ""


@settings(deadline=None)
@given(st.text())
def test_any_text_is_documents_or_an_explained_error(text: str) -> None:
    explained(lambda: parse(text, "f"))


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_text_or_an_explained_error(content: bytes) -> None:
    explained(lambda: decode(content, "f"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.yaml", "no such file."),
        (".", "this is a folder; name a file in it."),
        ("a\0b", "this is not a file name."),
        ("x" * 5000, "the system says: "),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError) as error:
        read_text(name)
    assert words in error.value.problems[0].message


def test_a_file_that_may_not_be_read_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DocumentError, match="you may not read this file"):
        read_text("secret.yaml")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1")))
    assert read_text("-") == "a: 1"


@pytest.mark.parametrize(
    ("path", "text"),
    [(("a", 0, "b"), "a[0].b"), (("x.y", "z"), '"x.y".z'), ((), ""), (('q"', "a b"), r'"q\""."a b"')],
)
def test_a_path_is_written_as_set_reads_it(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Kind(Strict):
    type: Literal["kind"]
    kind: str = ""
    nodes: int = Field(default=1, ge=1, le=9)


class Gke(Strict):
    type: Literal["gke"]
    project: str


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Everything(Strict):
    platform: Annotated[Kind | Gke, Field(discriminator="type")]
    colour: Colour = Colour.RED
    size: float = Field(default=1, gt=0, lt=2)
    words: list[str] = Field(default=[], max_length=2)
    maybe: str | None = Field(default=None, min_length=2, pattern="^a")
    hush: SecretStr | None = None
    inner: dict[str, Kind] = {}


def refused(text: str) -> list[str]:
    with pytest.raises(DocumentError) as error:
        validate(Everything, only(text))
    return complaints(error)


def test_a_tag_that_is_also_a_key_does_not_lead_astray() -> None:
    assert refused("platform: {type: kind, kind: {nodes: 3}, nodes: 20}") == [
        "f.yaml:1:30: platform.kind: a text is expected here, not a mapping.",
        "f.yaml:1:49: platform.nodes: must be at most 9.",
    ]


@pytest.mark.parametrize(
    ("text", "problem_text"),
    [
        ("platform: {type: knd}", '1:18: platform.type: "knd" is not known. Did you mean "kind"?'),
        ("platform: {}", '1:11: platform: the key "type" is missing; it says which kind this is.'),
        ("platform: {type: gke}", "1:11: platform.project: this is missing."),
        ("platform: {type: gke, nodes: 1}", "1:23: platform.nodes: unknown key. Known here: type, project."),
        ("colour: green", '1:9: colour: "green" is not known. Known here: red, blue.'),
        ("colour: 3", "1:9: colour: one of these is expected here: red, blue."),
        ("size: 0", "1:7: size: must be greater than 0.0."),
        ("size: big", '1:7: size: a number is expected here, not the text "big".'),
        ("words: [a, b, c]", "1:8: words: must have at most 2 entries."),
        (
            "words: [a, 2.50]",
            '1:12: words[1]: a text is expected here, and YAML reads 2.50 as the number 2.5. Quote it: "2.50".',
        ),
        ("maybe: a", "1:8: maybe: must have at least 2 characters."),
        ("maybe: bb", "1:8: maybe: must match the pattern ^a."),
        ("inner: {a: {type: kind, nods: 1}}", '1:25: inner.a.nods: unknown key. Did you mean "nodes"?'),
        (
            "inner: {a: {type: kind, nodes: 1.5}}",
            "1:32: inner.a.nodes: a whole number is expected here, not the number 1.5.",
        ),
    ],
)
def test_mistakes_are_told_in_plain_words(text: str, problem_text: str) -> None:
    assert f"f.yaml:{problem_text}" in refused(text)


def test_no_value_that_may_be_secret_is_repeated() -> None:
    for text in (
        "hush: 31415926",
        "hush: [hunter2, 31415926]",
        "platform: {type: gke, project: {a: hunter2}}\nclient_secret: hunter2",
        "token: 31415926",
    ):
        said = "\n".join(refused(text))
        assert "hunter2" not in said
        assert "31415926" not in said


def test_validation_goes_to_a_part_of_the_document() -> None:
    document = only("a:\n  b: {type: kind, nodes: 0}")
    with pytest.raises(DocumentError) as error:
        validate(Kind, document, ("a", "b"))
    assert complaints(error) == ["f.yaml:2:26: a.b.nodes: must be at least 1."]
    assert validate(Kind, Document({"type": "kind"}, "f")).nodes == 1
