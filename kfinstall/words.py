"""The words that a person reads, through gettext: English is the source language.

Names, keys, ids and JSON are never translated. `make words` collects the texts of the tree into the catalogues in
`locale/`; the language is chosen before anything else is imported, since many texts are made at import.
"""

import gettext
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
DOMAIN = "kfinstall"
LANGUAGES = ("en", "zh_CN")


def _in(language: str) -> gettext.NullTranslations:
    # English has no catalogue
    return gettext.translation(DOMAIN, LOCALES, [language], fallback=True)


def preferred(environ: Mapping[str, str]) -> str:
    """The first known language of $LANGUAGE, or of the locale; English where there is none.

    As in GNU gettext, $LANGUAGE is a list, and means nothing in the locale C:
    https://www.gnu.org/software/gettext/manual/html_node/Locale-Environment-Variables.html
    """
    locale = next(filter(None, map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    listed = "" if locale in ("C", "POSIX") else environ.get("LANGUAGE", "")
    return next(filter(None, map(_known, (*listed.split(":"), locale))), LANGUAGES[0])


def _known(locale: str) -> str | None:
    """The language of a locale such as zh_CN.UTF-8; Singapore writes Chinese as the mainland does."""
    name = locale.partition(".")[0].partition("@")[0]
    if name in ("zh", "zh_CN", "zh_SG"):
        return "zh_CN"
    return "en" if name.partition("_")[0] == "en" else None


_translations = _in(preferred(os.environ))


def speak(language: str) -> None:
    """Use this language from now on, for texts of other packages (click's) as well: they ask Python's own gettext."""
    global _translations  # noqa: PLW0603 - there is one user
    _translations = _in(language)
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


def spoken() -> str:
    """One of LANGUAGES."""
    return _translations.info().get("language", LANGUAGES[0])


def _(message: str) -> str:
    """The message in the user's language; fill its {placeholders} with str.format afterwards."""
    return _translations.gettext(message) if message else ""  # gettext answers "" with the catalogue's header


def joined(items: Iterable[str]) -> str:
    """Items one after the other, as the user's language lists them."""
    return _(", ").join(items)


def counted(singular: str, plural: str, count: int) -> str:
    """Singular or plural by the rule of the user's language, with {count} filled in."""
    return _translations.ngettext(singular, plural, count).format(count=count)
