"""The transformations of a document, in the order in which they see the objects."""

from collections.abc import Callable, Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import about
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
    with about("access"):  # first: it names the profile's owner
        reachable = access.transformed(manifests, install.access, surroundings)
    with about("rbac"):
        permitted = rights.transformed(reachable, install.rbac, name, surroundings)
    with about("objectStore"):
        kept = objectstore.transformed(permitted, install.object_store, surroundings.namespace)
    with about("serving"):
        served = serving.transformed(kept, install.serving)
    with about("storage"):  # for the claims that are left
        stored = storage.transformed(served, install.storage, name, surroundings)
    with about("gpu"):
        accelerated = gpu.transformed(stored, install.gpu, name, surroundings)
    with about("proxy"):
        proxied = proxy.transformed(accelerated, install.proxy, surroundings)
    with about("platform"):
        placed = on_platform(proxied)
    with about("images"):  # last: what is added is pulled, too
        return images.transformed(placed, install.images, surroundings)


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
