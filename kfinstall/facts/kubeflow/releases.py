"""Kubeflow's releases: how one is recognised in a cluster, what it needs, and which images belong together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

_VERSION = re.compile(r"v?(\d+)\.(\d+)")

PIPELINES = frozenset({"kfp-api-server", "api-server"})
"""The image that tells the release, by the last part of its name."""


@dataclass(frozen=True, slots=True)
class Release:
    """pipelines: the tag of its Pipelines. kubernetes: the oldest minor that it works on, as (major, minor)."""

    kubeflow: str
    pipelines: str
    kubernetes: tuple[int, int]


@lru_cache(maxsize=1)
def _data() -> Any:
    import yaml  # noqa: PLC0415 - start-up does without it

    text = resources.files("configs").joinpath("components", "releases.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def release_of(pipelines: str) -> Release | None:
    """The release with that tag of Pipelines."""
    for entry in _data()["releases"]:
        if entry["pipelines"] == pipelines.removeprefix("v"):
            return Release(entry["kubeflow"], entry["pipelines"], minor(entry["kubernetes"]))
    return None


def released_together() -> Sequence[Sequence[str]]:
    """Names of images; those of one list have one tag in every release."""
    return [tuple(names) for names in _data()["together"]]


def minor(version: str) -> tuple[int, int]:
    """Major and minor of a version such as v1.34.1-gke.5; (0, 0) for what is none, as builds by hand have it."""
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
