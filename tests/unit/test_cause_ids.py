"""Every cause that the code names is in the catalogue, so that `kfinstall explain` and the docs know it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    trees = {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    return tuple((file, line, cause) for file, tree in trees.items() for line, cause in named(tree))


def test_there_are_many() -> None:
    assert len({cause for _file, _line, cause in uses()}) > 60


@pytest.mark.parametrize("cause", sorted({cause for _file, _line, cause in uses()}))
def test_it_is_in_the_catalogue_with_a_remedy(cause: str) -> None:
    places = [f"{file}:{line}" for file, line, used in uses() if used == cause]
    known = catalogue().causes.get(cause)
    assert known, f"{', '.join(places)}: add {cause} to configs/causes"
    assert known.remedy.text
    assert known.remedy.commands
