"""The images of an install: what the release calls them, what the document makes of that, and who needs them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import adapted
from kfinstall.engine.release import NO_NAMESPACE, Release, rendered
from kfinstall.facts.classify.image_reference import InvalidReference, Reference, parse
from kfinstall.facts.images.image_places import users
from kfinstall.facts.images.mirrors import mapped
from kfinstall.model.images import Images, PullSecret
from kfinstall.registries.authentication import Login
from kfinstall.registries.registry import Presence, Registry
from kfinstall.render.renderer import RenderEvent

WIDTH = 4
"""Images that are asked for at the same time."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """source: in full, as the release has it. target: in full, as it is pulled. objects: where it stands."""

    source: Reference
    target: Reference
    objects: Sequence[ObjectKey]


def pulled(release: Release, observe: Callable[[RenderEvent], None] = lambda _event: None) -> list[Pulled]:
    """Every image of an install, by name; no cluster is looked at. Raises what `rendered` raises."""
    here = Nowhere(release.kfdef.namespace or NO_NAMESPACE)
    original = release.install.model_copy(update={"images": Images()})
    skipped = set(release.install.apply.skip_kinds)
    manifests = adapted(rendered(release, observe).manifests, original, here)
    names = mapped(release.install.images)
    found: dict[Reference, Pulled] = {}
    for image, objects in users(each for each in manifests if each.kind not in skipped).items():
        try:
            source, target = parse(image), parse(names(image))
        except InvalidReference:  # a placeholder that something else fills
            continue
        known = found.get(source)
        found[source] = Pulled(source, target, [*(known.objects if known else ()), *objects])
    return sorted(found.values(), key=lambda each: str(each.source))


def present(images: Sequence[Pulled], secrets: Sequence[PullSecret]) -> list[tuple[Pulled, Presence]]:
    """Whether the registries have what is pulled from them; each is asked with the login that is for it."""
    hosts = dict.fromkeys(each.target.registry for each in images)
    registries = {host: Registry(host, _login(host, secrets)) for host in hosts}
    with ThreadPoolExecutor(WIDTH) as pool:
        found = pool.map(lambda each: registries[each.target.registry].look(each.target), images)
        return list(zip(images, found, strict=True))


def _login(host: str, secrets: Sequence[PullSecret]) -> Login | None:
    for secret in secrets:
        if secret.registry and secret.username and secret.password and secret.registry.partition("/")[0] == host:
            return Login(secret.username, secret.password.get_secret_value())
    return None
