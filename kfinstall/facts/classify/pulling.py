"""Signals of a pull: the image, the registry that answered or did not, and with which HTTP status."""

import re
from collections.abc import Iterable

from kfinstall.facts.classify import image_reference
from kfinstall.facts.classify.addresses import Address, addresses, family, looked_up
from kfinstall.facts.classify.catalogue import Catalogue
from kfinstall.facts.classify.image_reference import DOCKER_HUB
from kfinstall.facts.classify.signals import Signals

_STATUS = re.compile(
    r"\b(?:(?:status|code|http|response)(?: code)?(?: returned)?[:= ]{1,3}|: )\(?([1-5]\d\d)\b"
    r"|\b([45]\d\d) (?:Too Many|Forbidden|Unauth|Not Found|Bad |Service |Internal|Gateway)|\[(4\d\d)\]",
    re.IGNORECASE,
)
_IMAGES = re.compile(
    r"(?:(?<![\w/-])image|reference|docker://|manifest for(?! linux| windows)"
    r"|access denied for|manifest [\w.:-]{1,150} in|couldn't parse image name"
    r"|short-name|container registry)[ :=]{0,3}[\"'`]?([\w$({][\w./:@$(){}-]{1,500})",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc(?:\..{1,100})?")
_MOST = 20


def read_pull(signals: Signals, catalogue: Catalogue) -> None:
    """Adds image, registry, host and status, and the target where a registry is what is talked to."""
    for status in _STATUS.finditer(signals.text):
        signals.add("status", status[1] or status[2] or status[3])
    found = addresses(signals.text)
    asked = [address for address in found if address.registry_api]
    images = list(_images(signals.text))
    _name_image(signals, images, asked)
    _name_host(signals, [each for each in found if each.host not in catalogue.documentation], asked)
    _find_registry(signals, catalogue, asked, images)
    _find_dead_project(signals, catalogue)
    if any(status in signals.values.get("status", ()) for status in ("500", "502", "503", "504")):
        signals.add("failure", "server-error")


def _images(text: str) -> Iterable[str]:
    for match in list(_IMAGES.finditer(text))[:_MOST]:
        candidate = match[1].rstrip(".:,)").removesuffix(":")
        if "/" in candidate or ":" in candidate or f'"{candidate}"' in text:
            yield candidate


def _name_image(signals: Signals, images: list[str], asked: list[Address]) -> None:
    for image in images:
        try:
            reference = image_reference.parse(image)
        except image_reference.InvalidReference as error:
            signals.add("image", "invalid")
            signals.name("reason", error.reason)
            signals.name("image", image)
            continue
        signals.name("image", image)
        if signals.parameters.get("image") == image:
            for name in ("registry", "repository", "tag", "digest"):
                signals.name(name, getattr(reference, name))
        break
    for address in asked:
        if address.repository:
            signals.name("repository", address.repository)
            signals.name("tag", "" if address.tag.startswith("sha256:") else address.tag)


def _name_host(signals: Signals, found: list[Address], asked: list[Address]) -> None:
    for address in [*asked, *found]:
        signals.name("host", address.host)
        signals.name("port", address.port)
        inside = _SERVICE.fullmatch(address.host)
        if inside:
            signals.name("service", inside[1])
            signals.name("namespace", inside[2])
        break
    for host in looked_up(signals.text):
        signals.name("host", host)


def _find_registry(signals: Signals, catalogue: Catalogue, asked: list[Address], images: list[str]) -> None:
    """The family of the registry that answered: of the URL, or of the image where the runtime prints none."""
    hosts = [address.host for address in asked] or looked_up(signals.text)
    registry = str(signals.parameters.get("registry", ""))
    known = [family(host, catalogue.registries) for host in [*hosts, registry] if host]
    families = [name for name in known if name]
    if any(_is_mirror(address, registry, catalogue) for address in asked):
        families.insert(0, "mirror")
    if families:
        signals.add("registry", families[0])
    elif hosts or images:
        signals.add("registry", "other")
    if asked or (families and hosts):
        signals.add("target", "registry")
    if hosts and "registry" in signals.values.get("target", ()):
        signals.name("registry", DOCKER_HUB if "dockerhub" in families else hosts[0])


def _is_mirror(address: Address, registry: str, catalogue: Catalogue) -> bool:
    origin = address.origin or ""
    if not origin:
        return False
    return family(origin, catalogue.registries) != family(address.host, catalogue.registries) or (
        not family(origin, catalogue.registries) and origin != address.host and registry in {"", origin}
    )


def _find_dead_project(signals: Signals, catalogue: Catalogue) -> None:
    """Old Kubeflow's projects on gcr.io, which their owners did not take along to Artifact Registry."""
    project = str(signals.parameters.get("repository", "")).partition("/")[0]
    if signals.has("registry", "gcr") and project:
        signals.name("project", project)
        signals.add("project", "dead" if project in catalogue.dead_projects else "other")
