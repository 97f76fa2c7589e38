"""The expected values are the output of sigs.k8s.io/yaml v1.4.0 (YAMLToJSON) for the same text."""

from typing import Any

import pytest

from kfinstall.render.kubernetes_yaml import NotKubernetesYaml, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, True) for word in ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE")],
        *[(word, False) for word in ("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "FALSE")],
        *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
        ("oN", "oN"),
        ("tRue", "tRue"),
        ("0o755", 493),
        ("0O17", 15),
        ("0755", 493),
        ("00", 0),
        ("089", 89),
        ("0x1F", 31),
        ("0X1f", 31),
        ("+0x1F", 31),
        ("-0x10", -16),
        ("0b11", 3),
        ("0B11", 3),
        ("-0b11", -3),
        ("+5", 5),
        ("-0", 0),
        ("1_000", 1000),
        ("1__0", 10),
        ("1_", 1),
        ("0_7", 7),
        ("_1", "_1"),
        ("1_0.5", 10.5),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1e+3", 1000),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("5.", 5),
        ("+.5", 0.5),
        ("-.5", -0.5),
        (".", "."),
        ("1.0", 1),
        ("1.10", 1.1),
        ("1e18", 10**18),
        ("1e19", 1e19),
        ("1e21", 1e21),
        ("1e400", "1e400"),
        ("9" * 350, "9" * 350),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        *[(word, word) for word in ("0x", "0b", "0b12", "--5", "0.1e", "1e", "Infinity", "nan", "0x1p4", "0x1.8")],
        *[(word, word) for word in ("12:30:00", "190:20:30.15", "2001-01-01", "2001-12-14t21:59:43.10-05:00")],
        ("=", "="),
        ("<<", "<<"),
        ("!!str 123", "123"),
        ('!!int "12"', 12),
        ("!!float 1", 1),
        ("!!bool yes", True),
        ("!!binary aGVsbG8=", "hello"),
        ("!!timestamp 2001-01-01", "2001-01-01"),
        ("!foo bar", "bar"),
        ('"yes"', "yes"),
        ("'0755'", "0755"),
    ],
)
def test_a_scalar_is_what_kubernetes_reads(text: str, value: Any) -> None:
    [document] = read(f"a: {text}")
    assert document == {"a": value}
    assert type(document["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "key"),
    [("y", "true"), ("off", "false"), ("1", "1"), ("0755", "493"), ("1.5", "1.5"), ("2001-01-01", "2001-01-01")],
)
def test_a_key_is_text(text: str, key: str) -> None:
    assert read(f"{text}: a") == [{key: "a"}]


@pytest.mark.parametrize(
    "text",
    ["a: .inf", "a: -.Inf", "a: .nan", "~: a", "[1]: a", "{a: b}: c", "a: *x", "a: &x [*x]", "a: [", "a: b: c",
     "!!int x", "!!null x", "!!binary ?", "<<: 1\na: 2", "a: '", "[" * 500, "\x00"],
)  # fmt: skip
def test_what_json_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(NotKubernetesYaml):
        read(text)


def test_the_line_is_named() -> None:
    with pytest.raises(NotKubernetesYaml) as caught:
        read("a: 1\nb: .inf\n")
    assert caught.value.line == 2


def test_aliases_and_merges() -> None:
    assert read("a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, b: 3}\nf: {'<<': 1}\n") == [
        {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}, "e": {"b": 3, "c": 2}, "f": {"<<": 1}}
    ]


def test_the_last_of_two_equal_keys_counts() -> None:
    assert read("{a: 1, a: 2}") == [{"a": 2}]


def test_empty_documents_stay_in_the_count() -> None:
    assert read("---\n---\na: 1\n--- # nothing\n") == [None, {"a": 1}, None]


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(NotKubernetesYaml, match="aliases"):
        read("\n".join(lines))
