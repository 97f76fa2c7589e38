"""The mirror maps that ship with kfinstall: configs/mirrors/<name>.yaml."""

from functools import lru_cache
from importlib import resources
from typing import Literal

from pydantic import Field

from kfinstall.model.base import Model
from kfinstall.words import _

Layout = Literal["full", "path", "flat"]
"""How a mirror calls registry.k8s.io/a/b: <mirror>/registry.k8s.io/a/b, <mirror>/a/b, or <mirror>/b."""


class MirrorMap(Model):
    """A mirror, or a kind of registry to mirror to.

    registry: None where everybody has one of their own. serves: beginnings of names; empty for one that holds what is
    put there. missing: repositories that it lacks all the same. hosts: registry -> host with the same paths.
    """

    title: str
    summary: str
    registry: str | None = None
    layout: Layout
    serves: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    hosts: dict[str, str] = Field(default_factory=dict)


@lru_cache(maxsize=1)
def mirror_names() -> tuple[str, ...]:
    """What `images.mirror` of a document may say."""
    files = resources.files("configs").joinpath("mirrors").iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


@lru_cache
def mirror_map(name: str) -> MirrorMap:
    """The map of one of the mirror_names."""
    import yaml  # noqa: PLC0415 - start-up does without it

    text = resources.files("configs").joinpath("mirrors", f"{name}.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    return MirrorMap.model_validate(data | {"title": _(data["title"]), "summary": _(data["summary"])})
