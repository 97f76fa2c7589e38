"""Where images can be had when their registry cannot be reached, or is gone: configs/mirrors.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from kfinstall.facts.classify.image_reference import Reference


@dataclass(frozen=True, slots=True)
class Mirrors:
    """hosts: registry -> host with the same paths. prefix: host that takes whole references behind its name.

    missing: repositories that it lacks. moved: repository -> where its images went, under newer tags.
    """

    hosts: Mapping[str, str]
    prefix: str
    missing: frozenset[str]
    moved: Mapping[str, str]

    def serves(self, reference: Reference) -> bool:
        return f"{reference.registry}/{reference.repository}" not in self.missing

    def rewritten(self, reference: Reference) -> str:
        """The reference as a manifest has it that pulls from the mirror."""
        return f"{self.prefix}/{reference}"


@lru_cache(maxsize=1)
def mirrors() -> Mirrors:
    """The mirrors that ship with kfinstall."""
    import yaml  # noqa: PLC0415 - start-up does without it

    data = yaml.safe_load(resources.files("configs").joinpath("mirrors.yaml").read_text(encoding="utf-8"))
    return Mirrors(data["hosts"], data["prefix"], frozenset(data["missing"]), data["moved"])
