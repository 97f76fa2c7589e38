"""An installer whose objects go through the transformations of a document first, as a command does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Manifest
from kfinstall.engine.surroundings import ClusterSurroundings
from kfinstall.model.install import Install
from kfinstall.transform.pipeline import transformed
from tests.contract.installer import Installer
from tests.contract.manifests import Object


@dataclass
class Adapted(Installer):
    """document: sections of an Install document."""

    document: dict[str, Any] = field(default_factory=dict)

    def manifests(self, objects: Iterable[Object]) -> list[Manifest]:
        head = {"metadata": {"name": self.name}, "platform": {"type": "existing"}}
        install = Install.model_validate({**head, **self.document})
        return transformed(super().manifests(objects), install, ClusterSurroundings(self.open(), "default"))
