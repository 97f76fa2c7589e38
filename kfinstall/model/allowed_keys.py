"""Which keys a model allows at a place of the data: what `Did you mean …?` chooses from."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from kfinstall.model.document import Path, step


def allowed_keys(model: type[BaseModel], data: object, path: Path) -> tuple[str, ...]:
    """The keys that the mapping at `path` may have, in the model's order; empty where it is not a model's."""
    types: list[Any] = [model]
    for part in path:
        types = [inner for outer in types for inner in _inside(outer, data, part)]
        data = step(data, part)[1]
    models = [each for outer in types for each in _models(outer, data)]
    return tuple(dict.fromkeys(key for each in models for key in fields(each)))


def fields(model: type[BaseModel]) -> dict[str, Any]:
    """Key in the file -> type, of the model's fields."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of, without Optional, Union and Annotated around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    else:
        yield annotation


def _models(annotation: Any, data: object) -> Iterator[type[BaseModel]]:
    """The models that the data can be one of: a union's member whose Literal the data contradicts is none."""
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel) and _fits(each, data):
            yield each


def _fits(model: type[BaseModel], data: object) -> bool:
    if not isinstance(data, dict):
        return True
    return all(
        data[key] in get_args(annotation)
        for key, annotation in fields(model).items()
        if get_origin(annotation) is Literal and isinstance(data.get(key), str)
    )


def _inside(annotation: Any, data: object, part: str | int) -> Iterator[Any]:
    """The types that may stand under a key, or at an index, of what has this annotation."""
    for model in _models(annotation, data):
        if part in fields(model):
            yield fields(model)[str(part)]
    for each in _alternatives(annotation):
        inner = [each for each in get_args(each) if each is not Ellipsis]
        if get_origin(each) is not Literal and inner:
            yield inner[-1]
