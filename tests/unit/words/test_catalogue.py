"""The catalogues: what is in them fits the texts, and gettext reads what people see in them."""

from __future__ import annotations

import gettext
import re
from io import BytesIO

import pytest
from babel.messages import Message
from babel.messages.mofile import write_mo

from kfinstall.words import LANGUAGES, LOCALES
from tests.words import catalogue

TRANSLATED = LANGUAGES[1:]
PLACEHOLDER = re.compile(r"\{\w*(?:![rs])?(?::[^{}]*)?\}|%\(\w+\)s|\$\{\w+\}|https?://[\w/-]+(?:[.:][\w/-]+)*")


def _messages(language: str) -> list[Message]:
    return [each for each in catalogue.read(language) if each.id and all(catalogue.forms(each))]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    """A new one is written into the catalogue by `make words`, and translated there."""
    assert catalogue.missing(catalogue.read(language), catalogue.collected()) == []


def test_a_text_that_is_not_translated_is_named_with_its_file() -> None:
    texts = {
        catalogue.Text("Do not ask."): {"kfinstall/cli/options.py"},
        catalogue.Text("Nobody has said this yet."): {"checks/new.py"},
        catalogue.Text("{count} wonder", "{count} wonders"): {"platforms/new.py"},
    }
    assert catalogue.missing(catalogue.read("zh_CN"), texts) == [
        "checks/new.py: Nobody has said this yet.",
        "platforms/new.py: {count} wonder",
    ]


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_kept_that_nobody_says(language: str) -> None:
    known = {text.key for text in catalogue.collected()}
    own = (
        each
        for each in catalogue.read(language)
        if not any(file.startswith("click/") for file, _line in each.locations)
    )
    assert [message.id for message in own if message.id and message.id not in known] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_placeholder_is_kept(language: str) -> None:
    wrong = []
    for message in _messages(language):
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        allowed = [sorted(PLACEHOLDER.findall(each)) for each in english]
        wrong += [said for said in catalogue.forms(message) if sorted(PLACEHOLDER.findall(said)) not in allowed]
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_spaces_and_lines_at_the_edges_are_kept(language: str) -> None:
    """A text that is put before or behind another would run into it."""

    def edges(text: str) -> tuple[bool, str]:
        return text.startswith("\n"), text[len(text.rstrip()) :]

    assert not [
        (message.id, said)
        for message in _messages(language)
        for said in catalogue.forms(message)
        if isinstance(message.id, str) and message.id.strip("; ,") and edges(message.id) != edges(said)
    ]


def test_chinese_has_one_form_for_all_numbers() -> None:
    spoken = gettext.translation("kfinstall", LOCALES, ["zh_CN"])
    assert spoken.ngettext("{count} pod", "{count} pods", 1) == "{count} 个 Pod"
    assert spoken.ngettext("{count} pod", "{count} pods", 2) == "{count} 个 Pod"


@pytest.mark.parametrize("language", TRANSLATED)
def test_gettext_reads_what_people_see(language: str) -> None:
    made = BytesIO()
    write_mo(made, catalogue.read(language))
    assert catalogue.path(language).with_suffix(".mo").read_bytes() == made.getvalue(), "run: make words"


def test_a_text_that_is_put_together_is_refused() -> None:
    for source in ('_(f"{count} pods")', '_("a" + name)', '_("{a}".format(a=1))', 'counted(f"{a}", "b", 1)'):
        with pytest.raises(catalogue.NotLiteral, match=r"checks/here\.py:1"):
            list(catalogue.in_code(source, "checks/here.py"))


def test_texts_are_found_where_people_read_them() -> None:
    source = '''
import click
from kfinstall.words import _, counted

TEXT = _("one")
_("two" if TEXT else "three") + counted("{count} pod", "{count} pods", 2)

@click.command()
def show() -> None:
    """Show it.

    And more.
    """

def other() -> None:
    """No command."""
'''
    assert set(catalogue.in_code(source, "")) == {
        catalogue.Text("one"),
        catalogue.Text("two"),
        catalogue.Text("three"),
        catalogue.Text("{count} pod", "{count} pods"),
        catalogue.Text("Show it.\n\nAnd more."),
    }
    found = catalogue.collected()
    assert "configs/causes/storage.yaml" in found[catalogue.Text("Nothing provides a volume for the claim")]
    assert "configs/presets/starter.yaml" in found[catalogue.Text("Workbench for one person")]
    assert "kfinstall/cli/options.py" in found[catalogue.Text("Do not ask.")]
