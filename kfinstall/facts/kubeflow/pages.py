"""The pages of Kubeflow that people look at, and where each release has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page is: behind Kubeflow's gateway at a path, or, with a port, at a Service itself.

    service: `namespace/name`, which stands where the page is to be had. sign_in: what it asks for beyond Kubeflow's own
    sign-in, or instead of it.
    """

    service: str
    path: str = "/"
    port: int | None = None
    sign_in: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """places: the first whose Service stands counts."""

    name: str
    title: str
    places: Sequence[Place]


@lru_cache(maxsize=1)
def pages() -> dict[str, Page]:
    """Those of configs/pages.yaml by name, read once."""
    import yaml  # noqa: PLC0415 - start-up does without it

    text = resources.files("configs").joinpath("pages.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    return {
        each["name"]: Page(each["name"], _(each["title"]), [_place(**place) for place in each["places"]])
        for each in entries
    }


def _place(*, sign_in: str = "", **where: Any) -> Place:
    return Place(**where, sign_in=_(sign_in))
