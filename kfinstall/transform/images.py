"""From where images are pulled, with which credentials, and when."""

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.classify.image_reference import DOCKER_HUB, InvalidReference, parse
from kfinstall.facts.images.image_places import images as images_of
from kfinstall.facts.images.image_places import users, with_containers, with_images
from kfinstall.facts.images.mirrors import Mapped, mapped
from kfinstall.facts.images.pull_remedies import DOCKER_HUB_LOGIN
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.model.images import Images, PullSecret
from kfinstall.model.mirror_map import mirror_map
from kfinstall.words import _

APPLICATION = "kfinstall/images"

POD_SPECIFICATIONS = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
"""Where they do not stand below spec.template."""


def transformed(manifests: Sequence[Manifest], images: Images, surroundings: Surroundings) -> list[Manifest]:
    """The objects with the images of the document's mirror, its pull policy and its pull secrets."""
    if images == Images():
        return list(manifests)
    names = mapped(images)
    _refuse_shared_names(manifests, names)
    changed = [Manifest(with_images(each.body, names), each.application) for each in manifests]
    if images.pull_policy:
        changed = [_with_policy(each, images.pull_policy) for each in changed]
    for secret in images.pull_secrets:
        changed = _with_secret(changed, secret, surroundings.namespace)
    return changed


def notice(images: Images) -> str:
    """Whom one trusts with a mirror; "" where it is one's own."""
    registry = mirror_map(images.mirror).registry if images.mirror else None
    if registry is None:
        return ""
    text = _("Images come from {registry}, which is run by somebody else. See kfinstall mirror list for what it lacks.")
    return text.format(registry=registry)


def _refuse_shared_names(manifests: Sequence[Manifest], names: Mapped) -> None:
    """Two images cannot be pulled under one name, which a flat layout may give them."""
    sources: dict[str, set[str]] = defaultdict(set)
    for image in users(manifests):
        sources[names(image)].add(_in_full(image))
    shared = [f"{new}: {', '.join(sorted(olds))}" for new, olds in sources.items() if len(olds) > 1]
    if shared:
        raise PlanRefused(
            _("Different images would get the same name in the mirror."),
            why="\n".join(shared),
            fix=_("Let images.layout be path or full, or give one of them another name with images.rules."),
        )


def _in_full(image: str) -> str:
    try:
        return str(parse(image))
    except InvalidReference:
        return image


def _with_policy(manifest: Manifest, policy: str) -> Manifest:
    body = with_containers(manifest.body, lambda container: {**container, "imagePullPolicy": policy})
    return Manifest(body, manifest.application)


def _with_secret(manifests: Sequence[Manifest], secret: PullSecret, namespace: str) -> list[Manifest]:
    """Named by the pods that pull from its registry: a pod keeps the secrets that its account had when it was made.

    And by all service accounts of the release, since operators make pods under accounts that only they know.
    """
    if not any(_pulls(each, secret) for each in manifests):
        return list(manifests)
    changed, namespaces = [], set()
    for each in manifests:
        body = each.body
        if each.kind == "ServiceAccount":
            body = _naming(body, secret.name)
        elif _is_workload(each) and _pulls(each, secret):
            path = POD_SPECIFICATIONS.get(each.kind, ("spec", "template", "spec"))
            body = _changed(body, path, lambda specification: _naming(specification, secret.name))
        if body is not each.body:
            namespaces.add(each.namespace or namespace)
        changed.append(Manifest(body, each.application))
    made = [] if secret.password is None else [pull_secret(secret, place) for place in sorted(namespaces)]
    return [*changed, *made]


def _is_workload(manifest: Manifest) -> bool:
    """Of a built-in kind: the template of a custom resource may be of anything."""
    return "." not in manifest.group and pod_template(manifest.body) is not None


def _pulls(manifest: Manifest, secret: PullSecret) -> bool:
    """Whether one of its images is in the registry; a Secret that stands already may be for any."""
    start = f"{secret.registry}/" if secret.registry else ""
    return any(_in_full(image).startswith(start) for image in images_of(manifest.body))


def _changed(value: Body, path: Sequence[str], change: Callable[[Body], Body]) -> Body:
    if not path:
        return change(value)
    return {**value, path[0]: _changed(value[path[0]], path[1:], change)}


def _naming(holder: Body, name: str) -> Body:
    """A pod's specification, or a service account, with one more of imagePullSecrets."""
    named = holder.get("imagePullSecrets") or []
    return holder if {"name": name} in named else {**holder, "imagePullSecrets": [*named, {"name": name}]}


def pull_secret(secret: PullSecret, namespace: str) -> Manifest:
    """A Secret with credentials, for a namespace.

    https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
    """
    host = str(secret.registry).partition("/")[0]
    password = secret.password.get_secret_value() if secret.password else ""
    login = {"username": secret.username, "password": password}
    login["auth"] = base64.b64encode(f"{secret.username}:{password}".encode()).decode()
    config = json.dumps({"auths": {DOCKER_HUB_LOGIN if host == DOCKER_HUB else str(secret.registry): login}})
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.name, "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()},
    }
    return Manifest(body, APPLICATION)
