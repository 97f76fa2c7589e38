"""The application around the screens: looks, keys, colours."""

from __future__ import annotations

import asyncio

import pytest

from kfinstall.tui.app import Guided
from kfinstall.tui.settings import Settings


@pytest.mark.parametrize(("value", "monochrome"), [(None, False), ("", False), ("1", True)])
def test_no_color_counts_when_it_says_something(
    monkeypatch: pytest.MonkeyPatch, value: str | None, monochrome: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    assert Guided().no_color is monochrome


def test_a_theme_of_the_settings_and_the_next_by_a_key() -> None:
    async def drive() -> list[str]:
        app = Guided(wanted=Settings(theme="light", keymap={"theme": "f7"}))
        async with app.run_test() as pilot:
            seen = [app.theme]
            await pilot.press("f7")
            seen.append(app.theme)
            await pilot.press("f9")
            return [*seen, app.theme]

    assert asyncio.run(drive()) == ["light", "contrast", "contrast"]


def test_f1_lists_the_keys_and_goes_away_again() -> None:
    async def drive() -> list[str]:
        app = Guided()
        async with app.run_test() as pilot:
            await pilot.press("f1")
            first = type(app.screen).__name__
            await pilot.press("escape")
            return [first, type(app.screen).__name__]

    assert asyncio.run(drive()) == ["Help", "Home"]
