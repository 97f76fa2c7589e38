"""What a model expects at a place of the data: which types, and which keys."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from kfinstall.model.document import Path, step


def allowed_keys(model: type[BaseModel], data: object, path: Path) -> tuple[str, ...]:
    """The keys that the mapping at `path` may have, in the model's order; empty where it is not a model's."""
    there = data
    for part in path:
        there = step(there, part)[1]
    models = [each for outer in types_at(model, data, path) for each in _models(outer, there)]
    return tuple(dict.fromkeys(key for each in models for key in _fields(each)))


def wants_text(model: type[BaseModel], data: object, path: Path) -> bool:
    """Whether what stands at `path` is always a text: `--set a.version=1.30` means the text there."""
    from_text = (str, SecretStr)
    types = [each for each in types_at(model, data, path) if each is not type(None)]
    return bool(types) and all(isinstance(each, type) and issubclass(each, from_text) for each in types)


def is_secret(model: type[BaseModel], data: object, path: Path) -> bool:
    """Whether the value at `path`, or something around it, has a secret type."""
    prefixes = [path[: length + 1] for length in range(len(path))]
    return any(SecretStr in types_at(model, data, prefix) for prefix in prefixes)


def types_at(model: type[BaseModel], data: object, path: Path) -> list[Any]:
    """The types that may stand at `path`; the data decides which members of a union are possible."""
    types: list[Any] = [model]
    for part in path:
        types = [inner for outer in types for inner in _inside(outer, data, part)]
        data = step(data, part)[1]
    return [each for outer in types for each in alternatives(outer)]


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Key in the file -> type, of the model's fields."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def alternatives(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of, without Optional, Union and Annotated around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from alternatives(each)
    else:
        yield annotation


def _models(annotation: Any, data: object) -> Iterator[type[BaseModel]]:
    """The models that the data can be one of: a union's member whose Literal the data contradicts is none."""
    for each in alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel) and _fits(each, data):
            yield each


def _fits(model: type[BaseModel], data: object) -> bool:
    if not isinstance(data, dict):
        return True
    return all(
        data[key] in get_args(annotation)
        for key, annotation in _fields(model).items()
        if get_origin(annotation) is Literal and isinstance(data.get(key), str)
    )


def _inside(annotation: Any, data: object, part: str | int) -> Iterator[Any]:
    """The types that may stand under a key, or at an index, of what has this annotation."""
    for model in _models(annotation, data):
        if part in _fields(model):
            yield _fields(model)[str(part)]
    for each in alternatives(annotation):
        inner = [argument for argument in get_args(each) if argument is not Ellipsis]
        if get_origin(each) is not Literal and inner:
            yield inner[-1]
