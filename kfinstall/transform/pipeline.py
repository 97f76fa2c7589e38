"""The transformations of a document, in the order in which they see the objects."""

from collections.abc import Callable, Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.model.install import Install
from kfinstall.transform import access, gpu, images, objectstore, proxy, rights, serving, storage


def transformed(
    manifests: Sequence[Manifest],
    install: Install,
    surroundings: Surroundings,
    on_platform: Callable[[list[Manifest]], list[Manifest]] = list,
) -> list[Manifest]:
    """The objects of a release as the document wants them in this cluster. Raises KfinstallError.

    on_platform: what its platform makes of them.
    """
    name = install.metadata.name
    reachable = access.transformed(manifests, install.access, surroundings)  # first: it names the profile's owner
    permitted = rights.transformed(reachable, install.rbac, name, surroundings)
    kept = objectstore.transformed(permitted, install.object_store, surroundings.namespace)
    served = serving.transformed(kept, install.serving)
    stored = storage.transformed(served, install.storage, name, surroundings)  # for the claims that are left
    accelerated = gpu.transformed(stored, install.gpu, name, surroundings)
    proxied = proxy.transformed(accelerated, install.proxy, surroundings)
    placed = on_platform(proxied)
    return images.transformed(placed, install.images, surroundings)  # last: what is added is pulled, too


def notices(install: Install) -> list[str]:
    """What the user should know before the objects are written."""
    found = (
        storage.notice(install.storage),
        rights.notice(install.rbac),
        access.notice(install.access),
        objectstore.notice(install.object_store),
        gpu.notice(install.gpu),
        proxy.notice(install.proxy),
        images.notice(install.images),
    )
    return [notice for notice in found if notice]
