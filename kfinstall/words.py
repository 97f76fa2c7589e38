"""The words that a person reads, through gettext: English is the source language.

Names, keys, ids and JSON are never translated.
"""

import gettext
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"

_translations: gettext.NullTranslations = gettext.translation("kfinstall", LOCALES, fallback=True)


def _(message: str) -> str:
    """The message in the user's language; fill its {placeholders} with str.format afterwards."""
    return _translations.gettext(message)


def counted(singular: str, plural: str, count: int) -> str:
    """Singular or plural by the rule of the user's language, with {count} filled in."""
    return _translations.ngettext(singular, plural, count).format(count=count)
