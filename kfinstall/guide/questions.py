"""Questions from a model's fields: what is asked, what it means, what may be answered.

No platform and no section is known here by name: a field's title, description, type and default are the question.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path as FilePath
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin

from pydantic import BaseModel, SecretStr, WithJsonSchema
from pydantic.fields import FieldInfo

from kfinstall.contracts.platform import Choice
from kfinstall.model.shape import alternatives
from kfinstall.words import _

Path: TypeAlias = tuple[str | int, ...]
"""Where the answer stands in the document: its keys and list indexes."""

TAG: Final = "type"
"""The key that tells the members of a union apart, as in `storage.type`."""


class Kind(StrEnum):
    """How a question is answered.

    section: whether an optional part of the document is there at all; what is inside is asked then. entries: one more
    of a list of parts, each with questions of its own. mapping: pairs of a name and a value.
    """

    TEXT = "text"
    NUMBER = "number"
    SECRET = "secret"  # noqa: S105 - a kind of question
    YES_NO = "yes-no"
    CHOICE = "choice"
    LIST = "list"
    MAPPING = "mapping"
    SECTION = "section"
    ENTRIES = "entries"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask.

    group: titles of the parts around it, outermost first. default: as the document would have it, None where nothing
    holds without an answer. choices: all that is possible, for Kind.CHOICE. listed: the platform or the cluster has a
    list for it, to be asked for. minor: most people leave it as it is. members: for the tag of a union, value -> keys
    of that member. recommended: the answer that the platform would give, as text.
    """

    path: Path
    kind: Kind
    title: str
    meaning: str = ""
    group: tuple[str, ...] = ()
    default: object = None
    required: bool = False
    choices: tuple[Choice, ...] = ()
    listed: bool = False
    minor: bool = False
    members: Mapping[str, Collection[str]] = field(default_factory=dict, hash=False)
    recommended: str = ""

    def in_words(self, answer: object) -> str:
        """An answer as people call it: the title of a choice, where it has one; else as somebody would type it."""
        text = to_text(answer)
        if self.kind is Kind.YES_NO and text:
            return _("yes") if text == "true" else _("no")
        return next((each.title for each in self.choices if each.value == text and each.title), text)

    @property
    def standing(self) -> str:
        """What holds without an answer, in a line; "" where nothing does, or nobody has to know."""
        if self.recommended:
            return _("Recommended here: {value}").format(value=self.in_words(self.recommended))
        default = "" if self.kind is Kind.SECRET else self.in_words(self.default)
        return _("Default: {value}").format(value=default) if default else ""

    @property
    def dotted(self) -> str:
        """Its path without indexes: how contracts and descriptions name the field."""
        return ".".join(part for part in self.path if isinstance(part, str))


def questions(
    model: type[BaseModel], data: object, path: Path = (), listed: Collection[str] = (), group: tuple[str, ...] = ()
) -> Iterator[Question]:
    """What is asked about a part of the document that is this model; data: as far as it is answered.

    listed: the fields that a platform has lists for, as dotted keys below the model's own part of the document.
    """
    answers = data if isinstance(data, Mapping) else {}
    for key, info in fields_of(model).items():
        if not (key == TAG and get_origin(info.annotation) is Literal):  # that was asked by the union
            asking = _Asking(info, (*path, key), listed, group, len(path))
            yield from asking.questions(info.annotation, answers.get(key))


def union(info: FieldInfo, data: object, path: Path, listed: Collection[str] = ()) -> Iterator[Question]:
    """What is asked about a section of the document, by its field in the model around it."""
    yield from _Asking(info, path, listed, (), len(path)).questions(info.annotation, data)


@dataclass(frozen=True, slots=True)
class _Asking:
    """The questions of one field. base: how much of the path leads to what `listed` is about."""

    info: FieldInfo
    path: Path
    listed: Collection[str]
    group: tuple[str, ...]
    base: int

    def questions(self, annotation: Any, value: object) -> Iterator[Question]:
        types = list(alternatives(annotation))
        optional = type(None) in types
        models = [each for each in types if _is_model(each)]
        if len(models) > 1:
            yield from self._of_union(models, value, optional=optional)
        elif models:
            yield from self._of_model(models[0], value, optional=optional)
        else:
            yield from self._of_value([each for each in types if each is not type(None)], value)

    def _of_union(self, models: list[type[BaseModel]], value: object, *, optional: bool) -> Iterator[Question]:
        tags = {tag: model for model in models for tag in get_args(model.model_fields[TAG].annotation)}
        default = None if self.info.is_required() else getattr(self._default(), TAG, None)
        fields = {tag: model.model_fields[TAG] for tag, model in tags.items()}
        choices = tuple(Choice(tag, each.title or tag, each.description or "") for tag, each in fields.items())
        yield Question(
            (*self.path, TAG), Kind.CHOICE, self.info.title or "", self.info.description or "", self.group, default,
            default is None and not optional, choices, members={tag: keys_of(model) for tag, model in tags.items()},
        )  # fmt: skip
        given = value if isinstance(value, Mapping) else {}
        tag = given.get(TAG, default)
        chosen = tags.get(tag) if isinstance(tag, str) else None
        if chosen is not None:
            yield from questions(chosen, given, self.path, self.listed, self.group)

    def _of_model(self, model: type[BaseModel], value: object, *, optional: bool) -> Iterator[Question]:
        if optional:
            yield self._question(Kind.SECTION, default=False)
            if value is None:
                return
        title = self.info.title or ""
        yield from questions(model, value, self.path, self._inner(), (*self.group, title))

    def _of_value(self, types: list[Any], value: object) -> Iterator[Question]:
        only = types[0] if len(types) == 1 else str
        origin, arguments = get_origin(only), get_args(only)
        if origin is Literal:
            yield self._question(Kind.CHOICE, choices=tuple(Choice(str(each)) for each in arguments))
        elif origin is tuple or origin is list:
            yield from self._of_list(arguments[0], value)
        elif origin is dict:
            if list(alternatives(arguments[1])) == [str]:
                yield self._question(Kind.MAPPING)
        elif (named := _enumerated(self.info)) and only is str:
            yield self._question(Kind.CHOICE, choices=tuple(map(Choice, named)))
        elif only in _KINDS:
            yield self._question(_KINDS[only])
        else:
            yield self._question(Kind.TEXT)

    def _of_list(self, annotation: Any, value: object) -> Iterator[Question]:
        [inner] = list(alternatives(annotation))[:1]
        if not _is_model(inner):
            yield self._question(Kind.LIST)
            return
        yield self._question(Kind.ENTRIES)
        for at, entry in enumerate(value if isinstance(value, list) else ()):
            title = _("{title} {number}").format(title=self.info.title, number=at + 1)
            yield from questions(inner, entry, (*self.path, at), (), (*self.group, title))

    def _question(self, kind: Kind, *, default: object = None, choices: tuple[Choice, ...] = ()) -> Question:
        required = self.info.is_required()
        found = default if default is not None else self._written_default()
        listed = self._key in self.listed
        return Question(
            self.path, kind, self.info.title or str(self.path[-1]), self.info.description or "", self.group, found,
            required, choices, listed, minor=self._is_minor(kind, found, listed=listed),
        )  # fmt: skip

    def _is_minor(self, kind: Kind, default: object, *, listed: bool) -> bool:
        """What is empty or off unless somebody says otherwise, and is no part with questions of its own."""
        if self.info.is_required() or listed or kind in (Kind.SECTION, Kind.ENTRIES):
            return False
        return default is None or default is False or default in ([], {})

    @property
    def _key(self) -> str:
        return ".".join(str(part) for part in self.path[self.base :])

    def _inner(self) -> Collection[str]:
        start = self._key + "."
        return [each.removeprefix(start) for each in self.listed if each.startswith(start)]

    def _default(self) -> Any:
        return self.info.get_default(call_default_factory=True)

    def _written_default(self) -> object:
        """The default as the document would have it; that of a secret is nobody's business."""
        if self.info.is_required():
            return None
        extra = self.info.json_schema_extra
        value = extra["default"] if isinstance(extra, dict) and "default" in extra else self._default()
        if isinstance(value, SecretStr | BaseModel):
            return None
        return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, FilePath) else value


_KINDS: Mapping[Any, Kind] = {bool: Kind.YES_NO, int: Kind.NUMBER, float: Kind.NUMBER, SecretStr: Kind.SECRET}


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model, by their keys in the document."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def keys_of(model: type[BaseModel]) -> frozenset[str]:
    """The keys that a model has in the document."""
    return frozenset(fields_of(model))


def _enumerated(info: FieldInfo) -> Sequence[str]:
    """The values that a field's JSON Schema lists, where its type does not."""
    inner = [argument for each in get_args(info.annotation) for argument in get_args(each)]
    schemas = [each.json_schema for each in (*info.metadata, *inner) if isinstance(each, WithJsonSchema)]
    return next((schema["enum"] for schema in schemas if schema and "enum" in schema), ())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def from_text(question: Question, text: str) -> object:
    """What the document says for a text that somebody typed; None for no answer. What does not fit stays text."""
    text = text.strip()
    if not text:
        return None
    match question.kind:
        case Kind.NUMBER:
            return _number(text)
        case Kind.YES_NO:
            return {"true": True, "false": False}.get(text, text)
        case Kind.LIST:
            return [each.strip() for each in text.split(",") if each.strip()]
        case Kind.MAPPING:
            pairs = (each.partition("=") for each in text.split(",") if each.strip())
            return {name.strip(): value.strip() for name, _equals, value in pairs}
    return text


def chosen(question: Question, now: str, value: str) -> str:
    """The answer, as text, once a value of its list was chosen: of several that may stand there, it comes or goes."""
    if question.kind is not Kind.LIST or not value:
        return value
    held = [each.strip() for each in now.split(",") if each.strip()]
    given = [each.strip() for each in value.split(",")]
    kept = [each for each in held if each not in given]
    return ", ".join([*kept, *(each for each in given if each not in held)])


def to_text(value: object) -> str:
    """An answer as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
