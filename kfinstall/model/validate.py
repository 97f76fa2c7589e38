"""A document against a pydantic model: the model, or every problem in plain words with its place."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kfinstall.errors import DocumentError, Problem
from kfinstall.model.document import Document, Path, problem, step
from kfinstall.model.faults import Fault, secret, words
from kfinstall.model.shape import allowed_keys, is_secret
from kfinstall.words import _

M = TypeVar("M", bound=BaseModel)

_MISSING = ("missing", "union_tag_not_found")


def validate(model: type[M], document: Document, at: Path = ()) -> M:
    """The part of a document under `at` as a model.

    Raises DocumentError with a Problem for each thing that is wrong, in the order of the text. Values are
    never repeated where they may be secret: see kfinstall.model.faults.
    """
    problems, value = check(model, document, at)
    if value is None:
        raise DocumentError(_("{file} is not valid.").format(file=document.file), problems)
    return value


def check(
    model: type[M], document: Document, at: Path = (), *, partial: bool = False
) -> tuple[list[Problem], M | None]:
    """Like validate, for callers that collect the problems of several documents.

    partial: a part of the document is known to be lost, so that nothing that is missing counts.
    """
    part = document.at(at) if at else document
    try:
        return [], model.model_validate(part.data, by_alias=True, by_name=False)
    except ValidationError as error:
        found = error.errors(include_url=False)
    kept = [details for details in found if not (partial and details["type"] in _MISSING)]
    problems = dict.fromkeys(_problem(model, part, details) for details in kept)
    return sorted(problems, key=lambda one: (one.place.file, one.place.line, one.place.column)), None


def _problem(model: type[BaseModel], document: Document, details: ErrorDetails) -> Problem:
    kind, loc = details["type"], details["loc"]
    if kind == "missing":
        parent = _path(document.data, loc[:-1], details["input"])
        return problem(document, (*parent, loc[-1]), words(Fault(kind, None, {}, ())))
    path = _path(document.data, loc, details["input"])
    if kind == "union_tag_invalid":
        path = (*path, str(details["ctx"]["discriminator"]).strip("'"))
    node = document.node(path)
    fault = Fault(
        kind,
        details["input"],
        details.get("ctx", {}),
        path,
        written=node.written if node else "",
        keys=allowed_keys(model, document.data, path[:-1]) if kind == "extra_forbidden" else (),
        hidden=_is_hidden(model, document, path),
    )
    return problem(document, path, words(fault), key=kind == "extra_forbidden" or "[key]" in loc)


def _is_hidden(model: type[BaseModel], document: Document, path: Path) -> bool:
    node = document.node(path)
    from_environment = node is not None and bool(node.template)
    return from_environment or secret((*document.at_path, *path)) or is_secret(model, document.data, path)


def _path(data: object, loc: Path, value: object) -> Path:
    """The path in the data that a pydantic location means.

    Besides keys and indexes a location holds the tags of unions and names of validators, and a tag may be a
    key as well. Of all ways to leave parts out, the right one ends at the value that pydantic means.
    """
    ways = list(_ways(data, tuple(loc), ()))
    for path, end in ways:
        if end is value:
            return path
    return ways[0][0]


def _ways(data: object, loc: Path, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every path that the location can mean, the longest first, and what stands there."""
    if not loc:
        yield path, data
        return
    part, rest = loc[0], loc[1:]
    found, inner = step(data, part)
    if found:
        yield from _ways(inner, rest, (*path, part))
    yield from _ways(data, rest, path)
