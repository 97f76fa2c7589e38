"""Relative paths in a document start at the folder of the file that names them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kfinstall.errors import Problem
from kfinstall.model.base import FROM_FOLDER
from kfinstall.model.document import Document, problem
from kfinstall.model.document import Path as Where
from kfinstall.model.text import STDIN, shown_name
from kfinstall.words import _

M = TypeVar("M", bound=BaseModel)


def is_web(text: str) -> bool:
    """Whether a text names something by URL."""
    return text.startswith(("https://", "http://"))


def with_absolute_paths(model: M, document: Document) -> tuple[M, list[Problem]]:
    """The model with every path absolute, and a problem for each that cannot be.

    A path of a file is relative to that file's folder; one of standard input or --set to the working folder; a
    document from the web has no folder, so that there only absolute paths are possible.
    """
    paths = _Paths(document)
    return paths.model(model, ()), paths.problems


def is_from_folder(info: FieldInfo) -> bool:
    """Whether a field is marked, itself or inside an Optional."""
    return FROM_FOLDER in info.metadata or any(
        FROM_FOLDER in getattr(each, "__metadata__", ()) for each in get_args(info.annotation)
    )


class _Paths:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def model(self, model: M, where: Where) -> M:
        changed: dict[str, object] = {}
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            absolute = self._value(value, (*where, info.alias or name), is_from_folder(info))
            if absolute != value:
                changed[name] = absolute
        return model.model_copy(update=changed) if changed else model

    def _value(self, value: object, where: Where, is_path: bool) -> object:
        if isinstance(value, BaseModel):
            return self.model(value, where)
        if isinstance(value, Mapping):
            return {key: self._value(inner, (*where, key), is_path) for key, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(self._value(inner, (*where, at), is_path) for at, inner in enumerate(value))
        if is_path and isinstance(value, Path):
            return self._absolute(value, where)
        if is_path and isinstance(value, str) and "://" not in value:
            return str(self._absolute(Path(value), where))
        return value

    def _absolute(self, path: Path, where: Where) -> Path:
        with suppress(RuntimeError):  # ~name of a user who does not exist is a file of that name
            path = path.expanduser()
        if path.is_absolute():
            return path
        place = self.document.place(where)
        if is_web(place.file):
            message = _("a relative path has no meaning in a document from the web. Use a URL or an absolute path.")
            self.problems.append(problem(self.document, where, message))
            return path
        if not place.line or place.file == shown_name(STDIN):
            return path.absolute()
        return Path(place.file).absolute().parent / path
