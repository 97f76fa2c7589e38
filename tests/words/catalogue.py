"""`make words`: every text of the tree that a person reads goes into the catalogues, as gettext reads them.

Texts are found in three places: `_` and `counted` in the code, the docstrings of commands (click's help), and the
fields of `configs/` that DATA names. A text of click that its own catalogue lacks is taken from click's code.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import yaml
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kfinstall.words import DOMAIN, LANGUAGES, LOCALES

TREE = Path(__file__).parents[2]
CODE = ("kfinstall", "platforms", "checks", "configs")

DATA = {
    "causes/*.yaml": ("causes.*.title", "causes.*.summary", "causes.*.remedy.text"),
    "mirrors/*.yaml": ("title", "summary"),
    "pages.yaml": ("*.title", "*.places.*.sign_in"),
    "presets/*.yaml": ("metadata.annotations.kfinstall\\.io/title",),
    "sandbox/*.yaml": ("title",),
    "trials.yaml": ("*.title",),
}
"""Files of configs/ -> what people read in them: keys joined by dots, * for every item."""

CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
"""The modules of click whose texts reach our users."""


class Text(NamedTuple):
    """What is translated: a text, or one in singular and plural."""

    singular: str
    plural: str = ""

    @property
    def key(self) -> str | tuple[str, str]:
        """As Babel names it."""
        return (self.singular, self.plural) if self.plural else self.singular


class NotLiteral(Exception):
    """A text that is put together before it is looked up can be in no catalogue."""


def collected() -> dict[Text, set[str]]:
    """Every text of the tree, and the files that say it. Raises NotLiteral."""
    return _by_text(
        (text, path.relative_to(TREE).as_posix())
        for folder in CODE
        for path in sorted((TREE / folder).rglob("*.py"))
        for text in in_code(path.read_text(encoding="utf-8"), path.relative_to(TREE).as_posix())
    ) | _by_text(_in_data())


def of_click() -> dict[Text, set[str]]:
    """The texts of click, as it is installed here."""
    spec = find_spec("click")
    assert spec
    assert spec.origin
    folder = Path(spec.origin).parent
    paths = [folder / f"{name}.py" for name in CLICK]
    return _by_text(
        (text, f"click/{path.name}") for path in paths for text in in_code(path.read_text(encoding="utf-8"), path.name)
    )


def _by_text(found: Iterator[tuple[Text, str]]) -> dict[Text, set[str]]:
    texts: dict[Text, set[str]] = {}
    for text, file in found:
        texts.setdefault(text, set()).add(file)
    return texts


def in_code(source: str, file: str) -> Iterator[Text]:
    """What `_`, `counted` (`ngettext` in click) and the commands of a module say. Raises NotLiteral."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "_":
                yield from _literal(node.args[0], file)
            elif node.func.id in ("counted", "ngettext") and len(node.args) == 3:
                [one], [many] = (list(_literal(each, file)) for each in node.args[:2])
                yield Text(one.singular, many.singular)
        elif isinstance(node, ast.FunctionDef) and any(map(_makes_a_command, node.decorator_list)):
            yield Text(inspect.cleandoc(ast.get_docstring(node) or ""))


def _literal(node: ast.expr, file: str) -> Iterator[Text]:
    """A text; nothing for what is read from data, which DATA covers."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Text(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _literal(node.body, file)
        yield from _literal(node.orelse, file)
    elif isinstance(node, ast.JoinedStr | ast.BinOp) or _is_filled_in(node):
        raise NotLiteral(f"{file}:{node.lineno}: {ast.unparse(node)}")


def _is_filled_in(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")


def _makes_a_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")


def _in_data() -> Iterator[tuple[Text, str]]:
    for pattern, fields in DATA.items():
        for path in sorted((TREE / "configs").glob(pattern)):
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                for field in fields:
                    for text in _at(document, field.replace("\\.", "\0").split(".")):
                        yield Text(text), path.relative_to(TREE).as_posix()


def _at(value: object, keys: list[str]) -> Iterator[str]:
    if not keys:
        if isinstance(value, str):
            yield value
        return
    if keys[0] == "*":
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    else:
        inner = [value.get(keys[0].replace("\0", "."))] if isinstance(value, dict) else []
    for each in inner:
        yield from _at(each, keys[1:])


class Stable(Catalog):
    """A catalogue whose header says nothing that changes by itself, such as dates."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", DOMAIN),
            ("Language", str(self.locale_identifier)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)


def path(language: str) -> Path:
    """The catalogue of a language, for people."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Stable:
    """The catalogue as it stands."""
    with path(language).open("rb") as file:
        found = read_po(file, locale=language)
    return _stable(language, found.header_comment, (message for message in found if message.id))


def update(language: str) -> Stable:
    """The catalogue with the texts of the tree: new ones without a translation, and none that nobody says any more."""
    before = read(language)
    texts = sorted((of_click() | collected()).items())
    return _stable(language, before.header_comment, (_message(text, files, before) for text, files in texts))


def _message(text: Text, files: set[str], known: Catalog) -> Message:
    said = known.get(text.key)
    return Message(text.key, said.string if said else "", [(file, 0) for file in sorted(files)])


def _stable(language: str, comment: str, messages: Iterable[Message]) -> Stable:
    made = Stable(locale=language, domain=DOMAIN, header_comment=comment, fuzzy=False)
    for message in messages:
        made[message.id] = message
    return made


def missing(catalogue: Catalog, texts: Mapping[Text, set[str]]) -> list[str]:
    """The texts without a translation, each behind a file that says it."""
    said = {text: catalogue.get(text.key) for text in texts}
    return [f"{min(texts[text])}: {text.singular}" for text, message in said.items() if not _is_said(message)]


def _is_said(message: Message | None) -> bool:
    return message is not None and all(forms(message))


def forms(message: Message) -> list[str]:
    """A message's translation: as many texts as the language has plurals, or the one."""
    said = message.string
    return [said] if isinstance(said, str) else [str(each) for each in said or [""]]


def write(catalogue: Catalog, language: str) -> None:
    """Both forms of a catalogue: for people, and for gettext."""
    with path(language).open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, include_lineno=False, omit_header=False)
    with path(language).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def main() -> None:
    """Update every catalogue, and say what is missing in it."""
    for language in LANGUAGES[1:]:
        catalogue = update(language)
        write(catalogue, language)
        left = missing(catalogue, of_click() | collected())
        sys.stderr.write(f"{language}: {len(catalogue)} texts, {len(left)} without a translation\n")
        sys.stderr.writelines(f"  {each}\n" for each in sorted(left))


if __name__ == "__main__":
    main()
