"""Every cause that the code names is in the catalogue, so that `kfinstall explain` and the docs know it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from kfinstall.facts.classify.catalogue import catalogue

ROOT = Path(__file__).parents[2]
TAKES_A_CAUSE = {"explanation": 0, "Finding": 0, "obstacle": 0}
"""Functions that take a cause from anywhere, and at which place."""


def constants(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may come to: the branches of a choice, not what decides it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from constants(node.body)
            yield from constants(node.orelse)
        case ast.BoolOp():
            for value in node.values:
                yield from constants(value)


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and cause: what is given as `cause`, by name or by place, and what stands in where no message told one."""
    takes = dict(TAKES_A_CAUSE)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            if "cause" in names:
                takes[node.name] = names.index("cause")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            place = takes.get(node.func.id) if isinstance(node.func, ast.Name) else None
            given = [keyword.value for keyword in node.keywords if keyword.arg == "cause"]
            given += node.args[place : place + 1] if place is not None else []
            yield from ((node.lineno, text) for value in given for text in constants(value))
        if isinstance(node, ast.IfExp) and isinstance(node.body, ast.Attribute) and node.body.attr == "cause":
            yield from ((node.lineno, text) for text in constants(node.orelse))


@functools.cache
def uses() -> tuple[tuple[str, int, str], ...]:
    """File, line and cause, for every use."""
    files = [file for folder in ("checks", "platforms", "kfinstall") for file in sorted((ROOT / folder).rglob("*.py"))]
    texts = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    may = {file: text for file, text in texts.items() if any(word in text for word in ("cause", *TAKES_A_CAUSE))}
    return tuple((file, line, cause) for file, text in may.items() for line, cause in named(ast.parse(text)))


def test_there_are_many() -> None:
    assert len({cause for _file, _line, cause in uses()}) > 60


def test_each_is_in_the_catalogue_with_a_remedy() -> None:
    known = catalogue().causes
    assert not [f"{file}:{line}: add {cause} to configs/causes" for file, line, cause in uses() if cause not in known]
    remedies = {cause: known[cause].remedy for _file, _line, cause in uses()}
    assert not [cause for cause, remedy in remedies.items() if not (remedy.text and remedy.commands)]
