"""What a pod needs before it starts: ConfigMaps, Secrets and keys of them, and a kubelet's words when it lacks one."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.types.kinds import GroupResource

MAPS = GroupResource("", "configmaps")
SECRETS = GroupResource("", "secrets")
Reader = Callable[[GroupResource, str], Body | None]
"""Gives an object of the pod's namespace by its name."""


@dataclass(frozen=True, slots=True)
class Need:
    """One object, and a key of it or "" for none. volume: where it is mounted; "" for a variable."""

    resource: GroupResource
    name: str
    key: str = ""
    volume: str = ""

    def lack(self, found: Body | None, namespace: str) -> str:
        """Why a kubelet cannot use what it found; "" when it can."""
        word = "configmap" if self.resource == MAPS else "secret"
        if found is None:
            return self._said(f'{word} "{self.name}" not found')
        if not self.key or self.key in {**(found.get("data") or {}), **(found.get("binaryData") or {})}:
            return ""
        if self.volume:
            prefix = (
                "configmap references non-existent config" if word == "configmap" else "references non-existent secret"
            )
            return self._said(f"{prefix} key: {self.key}")
        kind = "ConfigMap" if word == "configmap" else "Secret"
        return f"couldn't find key {self.key} in {kind} {namespace}/{self.name}"

    def _said(self, text: str) -> str:
        """pkg/volume/util/operationexecutor/operation_generator.go."""
        return f'MountVolume.SetUp failed for volume "{self.volume}" : {text}' if self.volume else text


def mounted(pod: Body) -> Iterator[Need]:
    """What the volumes of a pod are filled from."""
    for volume in pod["spec"].get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for source in sources:
            for resource, each in ((MAPS, source.get("configMap")), (SECRETS, source.get("secret"))):
                name = (each or {}).get("secretName") or (each or {}).get("name")
                if name and not each.get("optional"):
                    keys = [item["key"] for item in each.get("items") or ()] or [""]
                    yield from (Need(resource, name, key, volume["name"]) for key in keys)


def referred(container: Body) -> Iterator[Need]:
    """What the variables of a container come from."""
    for source in container.get("envFrom") or ():
        for resource, each in ((MAPS, source.get("configMapRef")), (SECRETS, source.get("secretRef"))):
            if each and not each.get("optional"):
                yield Need(resource, each["name"])
    for variable in container.get("env") or ():
        value = variable.get("valueFrom") or {}
        for resource, each in ((MAPS, value.get("configMapKeyRef")), (SECRETS, value.get("secretKeyRef"))):
            if each and not each.get("optional"):
                yield Need(resource, each["name"], each["key"])


def all_needs(pod: Body) -> Iterator[Need]:
    """Every need of a pod, and the Secrets that it pulls its images with."""
    spec = pod["spec"]
    yield from mounted(pod)
    for container in itertools.chain(spec.get("initContainers") or (), spec["containers"]):
        yield from referred(container)
    yield from (Need(SECRETS, each["name"]) for each in spec.get("imagePullSecrets") or () if each.get("name"))
