"""What an image is called in a mirror, and where images went whose registry is gone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kfinstall.facts.classify.image_reference import InvalidReference, Reference, parse
from kfinstall.facts.images.image_places import data
from kfinstall.model.images import Images
from kfinstall.model.mirror_map import Layout, MirrorMap, mirror_map

PUBLIC = "daocloud"
"""The mirror that is named to whoever has none."""

_VERSION = re.compile(r"(?::[\w.-]+)?(?:@.+)?$")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A registry under which images of others can be had. known: its map."""

    registry: str
    layout: Layout
    known: MirrorMap | None = None

    @property
    def hosts(self) -> Mapping[str, str]:
        """Registry -> host with the same paths."""
        return self.known.hosts if self.known else {}

    def serves(self, reference: Reference) -> bool:
        if self.known is None:
            return True
        name = f"{reference.registry}/{reference.repository}"
        listed = not self.known.serves or any(_begins(name, start) for start in self.known.serves)
        return listed and name not in self.known.missing

    def rewritten(self, reference: Reference) -> str:
        """The reference as a manifest has it that pulls from the mirror."""
        return self.repository(reference) + _version(str(reference))

    def repository(self, reference: Reference) -> str:
        """Its name there, without tag and digest."""
        names = {
            "full": f"{reference.registry}/{reference.repository}",
            "path": reference.repository,
            "flat": reference.repository.rpartition("/")[2],
        }
        return f"{self.registry}/{names[self.layout]}"


@dataclass(frozen=True, slots=True)
class Mapped:
    """The names of images by a document: its rules, the longest first, then its mirror."""

    rules: Mapping[str, str]
    mirror: Mirror | None

    def __call__(self, image: str) -> str:
        """The image as it is pulled. Its tag and digest stay as they are written; what is no image stays."""
        try:
            reference = parse(image)
        except InvalidReference:
            return image
        name = self._repository(reference)
        return name + _version(image) if name else image

    def _repository(self, reference: Reference) -> str | None:
        name = f"{reference.registry}/{reference.repository}"
        for start in sorted(self.rules, key=len, reverse=True):
            if _begins(name, start):
                return self.rules[start] + name.removeprefix(start)
        mirror = self.mirror
        if mirror is None or not mirror.serves(reference) or _begins(name, mirror.registry):
            return None
        return mirror.repository(reference)


def mapped(images: Images) -> Mapped:
    """What the `images` of a document make of names."""
    known = mirror_map(images.mirror) if images.mirror else None
    registry = images.registry or (known.registry if known else None)
    layout = images.layout or (known.layout if known else "full")
    return Mapped(images.rules, Mirror(registry, layout, known) if registry else None)


@lru_cache(maxsize=1)
def public_mirror() -> Mirror:
    """The mirror that everybody can pull from."""
    known = mirror_map(PUBLIC)
    return Mirror(known.registry or "", known.layout, known)


def moved(repository: str) -> str:
    """Where the images of a repository went, under newer tags; the repository itself where it stayed."""
    return str(data()["moved"].get(repository, repository))


def _version(image: str) -> str:
    """Tag and digest, as they are written."""
    found = _VERSION.search(image)
    return found[0] if found else ""


def _begins(name: str, start: str) -> bool:
    return f"{name}/".startswith(f"{start}/")
