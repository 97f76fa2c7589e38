"""Rules that many kinds share."""

from collections.abc import Iterator, Sequence
from typing import Any

from kfinstall.sandbox.server.status import Cause, not_supported, required, wrong

IMMUTABLE = "field is immutable"
PORT = "must be between 1 and 65535, inclusive"


def not_negative(field: str, value: Any) -> Iterator[Cause]:
    if isinstance(value, int) and value < 0:
        yield wrong(field, value, "must be greater than or equal to 0")


def one_of(field: str, value: Any, known: Sequence[str]) -> Iterator[Cause]:
    """For a field that has a default, or may be left out."""
    if value is not None and value not in known:
        yield not_supported(field, value, known)


def given(field: str, value: Any, why: str = "") -> Iterator[Cause]:
    if not value:
        yield required(field, why)


def port(field: str, value: Any) -> Iterator[Cause]:
    if not isinstance(value, int) or not 0 < value < 65536:
        yield wrong(field, value, PORT)


def fixed(field: str, value: Any, before: Any) -> Iterator[Cause]:
    if value != before:
        yield wrong(field, value, IMMUTABLE)


def duplicate(field: str, shown: str) -> Cause:
    return Cause("FieldValueDuplicate", field, f"Duplicate value: {shown}")
