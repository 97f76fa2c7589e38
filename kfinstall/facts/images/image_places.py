"""Where images stand in objects: in containers of any kind of object, and in what operators make containers from.

Beside pod templates these are the containers and `spec.image` of custom resources, variables and arguments that are
named after an image, what Istio injects, and the ConfigMaps of configs/images.yaml.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.kinds import is_custom
from kfinstall.words import _

Change = Callable[[str], str]
"""From an image as it is written to the image that stands there instead."""

LISTS = frozenset({"containers", "initContainers", "ephemeralContainers", "sidecars"})
SINGLE = frozenset({"container", "script"})
"""Argo's templates and KServe's ClusterStorageContainer have one container; `sidecars` are Argo's, too."""

INJECTED = "auto"
"""An image that Istio fills in: https://istio.io/latest/docs/setup/additional-setup/gateway/."""

_HASH = re.compile(r"-[24-9bcdfghkmt]{10}$")
"""What kustomize puts behind a generated name: https://github.com/kubernetes-sigs/kustomize/blob/master/api/hasher/hasher.go."""

_NAME = r"[a-zA-Z0-9][\w.-]*(?::\d+(?=/))?(?:/[\w.-]*\w)*"
_VERSION = r"(?::\w[\w.-]*\w|:\w)?(?:@sha256:[0-9a-f]{64})?"
_IMAGE = re.compile(rf"{_NAME}{_VERSION}")
_IN_TEXT = re.compile(
    rf"""(?P<key>[\w-]*image["']?\s*[:=]\s*["']?)?(?<![\w./:@${{-])(?P<image>{_NAME}{_VERSION})""", re.IGNORECASE
)
_VERSION_BESIDE = re.compile(r'"default\w*ImageVersion"\s*:\s*"([^"]+)"')
_FLAG = re.compile(r"--?[\w-]*image")
_FLAG_WITH_VALUE = re.compile(rf"({_FLAG.pattern}=)(.+)")


@lru_cache(maxsize=1)
def data() -> Any:
    """configs/images.yaml."""
    import yaml  # noqa: PLC0415 - start-up does without it

    return yaml.safe_load(resources.files("configs").joinpath("images.yaml").read_text(encoding="utf-8"))


def with_images(body: Body, change: Change) -> Body:
    """The object with every image changed, and nothing else."""
    if body["kind"] == "CustomResourceDefinition":
        return body
    if body["kind"] == "ConfigMap":
        return _config_map(body, change)
    changed: Body = with_containers(body, lambda container: _container(container, change))
    return _custom(changed, change) if is_custom(str(body["apiVersion"]).partition("/")[0]) else changed


def images(body: Body) -> Sequence[str]:
    """Every image of an object, as it is written there, once."""
    found: dict[str, None] = {}

    def remembered(image: str) -> str:
        found[image] = None
        return image

    with_images(body, remembered)
    return tuple(found)


def users(manifests: Iterable[Manifest]) -> Mapping[str, Sequence[ObjectKey]]:
    """Every image with the objects that it stands in, by name."""
    found: dict[str, list[ObjectKey]] = defaultdict(list)
    for manifest in manifests:
        for image in images(manifest.body):
            found[image].append(manifest.key)
    return dict(sorted(found.items()))


def with_containers(value: Any, change: Callable[[Body], Body]) -> Any:
    """The value with every container in it changed, however deep it stands."""
    if isinstance(value, list):
        return [with_containers(each, change) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _container_or_deeper(key, inner, change) for key, inner in value.items()}


def _container_or_deeper(key: str, value: Any, change: Callable[[Body], Body]) -> Any:
    if key in LISTS and isinstance(value, list):
        return [change(each) if _is_container(each) else each for each in value]
    if key in SINGLE and _is_container(value):
        return change(value)
    return with_containers(value, change)


def _custom(body: Body, change: Change) -> Body:
    """Knative's Image and Spark's SparkApplication have an image beside their containers."""
    spec = body.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("image"), str) or not _is_image(spec["image"]):
        return body
    return {**body, "spec": {**spec, "image": change(spec["image"])}}


def _is_container(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("image"), str)


def _container(container: Body, change: Change) -> Body:
    image = container["image"]
    changed = {**container, "image": image if image == INJECTED else change(image)}
    if isinstance(container.get("env"), list):
        changed["env"] = [_variable(each, change) for each in container["env"]]
    for field in ("command", "args"):
        if isinstance(container.get(field), list):  # a custom resource may have one text there
            changed[field] = list(_arguments(container[field], change))
    return changed


def _variable(variable: Any, change: Change) -> Any:
    if not isinstance(variable, dict):
        return variable
    value = variable.get("value")
    if "IMAGE" in str(variable.get("name")) and isinstance(value, str) and _is_image(value):
        return {**variable, "value": change(value)}
    return variable


def _arguments(arguments: Sequence[str], change: Change) -> Iterable[str]:
    before = ""
    for argument in map(str, arguments):
        with_value = _FLAG_WITH_VALUE.fullmatch(argument)
        if with_value and _is_image(with_value[2]):
            yield with_value[1] + change(with_value[2])
        elif _FLAG.fullmatch(before) and _is_image(argument):
            yield change(argument)
        else:
            yield argument
        before = argument


def _is_image(text: str) -> bool:
    """Whether it is an image and not another word: it has a path or a version."""
    return bool(_IMAGE.fullmatch(text)) and ("/" in text or ":" in text)


def _config_map(body: Body, change: Change) -> Body:
    name = body["metadata"]["name"]
    places = data()["configMaps"]
    keys = places.get(name) or places.get(_HASH.sub("", name)) or ()
    texts = body.get("data") or {}
    changed = {key: _text(text, change) if key in keys else text for key, text in texts.items()}
    if name.startswith("istio-sidecar-injector") and "values" in texts:
        changed["values"] = _injected(texts["values"], change)
    return {**body, "data": changed} if changed != texts else body


def _text(text: str, change: Change) -> str:
    """YAML, JSON or a template: what stands at a key that is named after an image, and what looks like one."""
    if _is_image(text.strip()):
        return text.replace(text.strip(), change(text.strip()))

    def replaced(found: re.Match[str]) -> str:
        image, key = found["image"], found["key"] or ""
        last = image.rpartition("/")[2]
        versioned = ":" in last or "@" in last
        if versioned and (key or "/" in image):
            return key + change(image)
        return key + _beside(found, change) if key and "/" in image else found[0]

    return _IN_TEXT.sub(replaced, text)


def _beside(found: re.Match[str], change: Change) -> str:
    """An image whose versions stand beside it in a JSON object, as KServe and Seldon have them."""
    text, image = found.string, found["image"]
    around = text[text.rfind("{", 0, found.start()) + 1 : text.find("}", found.end())]
    changed = image
    for version in _VERSION_BESIDE.findall(around) or [""]:
        ending = f":{version}" if version else ""
        changed = change(image + ending).removesuffix(ending)
    return changed


def _injected(text: str, change: Change) -> str:
    """Istio puts the names of what it injects together from hub, name and tag, so only the hub can change."""
    values = json.loads(text)["global"]
    hubs = set()
    for each in ("proxy", "proxy_init"):
        ending = f"/{values[each]['image']}:{values['tag']}"
        new = change(values["hub"] + ending)
        if not new.endswith(ending):
            raise PlanRefused(
                _("Istio cannot pull what it injects as {image}.").format(image=new),
                why=_("It puts the name together: {hub} and {ending}.").format(hub=values["hub"], ending=ending),
                fix=_("Let a rule replace {hub} as a whole (images.rules).").format(hub=values["hub"]),
            )
        hubs.add(new.removesuffix(ending))
    return text.replace(f'"{values["hub"]}"', f'"{min(hubs)}"')
