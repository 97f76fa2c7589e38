"""From the objects of a release to those that this cluster gets: the document's wishes, then the platform's."""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import Transforms
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.model.install import Install
from kfinstall.registry import platforms
from kfinstall.transform.pipeline import transformed


def adapted(manifests: Sequence[Manifest], install: Install, surroundings: Surroundings) -> list[Manifest]:
    """Nothing is written, and no cluster is looked at where no transformation asks. Raises KfinstallError."""
    wanted = transformed(manifests, install, surroundings)
    platform = platforms().get(install.platform.type)
    if isinstance(platform, Transforms):
        return platform.transformed(wanted, install.platform, surroundings)
    return wanted
