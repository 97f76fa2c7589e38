"""The transformations of a document, in the order in which they see the objects."""

from collections.abc import Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.model.install import Install
from kfinstall.transform import access, images, objectstore, proxy, rights, storage


def transformed(manifests: Sequence[Manifest], install: Install, surroundings: Surroundings) -> list[Manifest]:
    """The objects of a release as the document wants them in this cluster. Raises KfinstallError."""
    name = install.metadata.name
    stored = storage.transformed(manifests, install.storage, name, surroundings)
    permitted = rights.transformed(stored, install.rbac, name, surroundings)
    reachable = access.transformed(permitted, install.access, surroundings)
    kept = objectstore.transformed(reachable, install.object_store)
    proxied = proxy.transformed(kept, install.proxy, surroundings)
    return images.transformed(proxied, install.images, surroundings)  # last: what is added is pulled, too


def notices(install: Install) -> list[str]:
    """What the user should know before the objects are written."""
    found = (
        storage.notice(install.storage),
        rights.notice(install.rbac),
        access.notice(install.access),
        images.notice(install.images),
    )
    return [notice for notice in found if notice]
