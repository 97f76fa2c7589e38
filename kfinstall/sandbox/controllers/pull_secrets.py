"""The registries that a pod has credentials for."""

import base64
import json

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.controllers.needs import SECRETS
from kfinstall.sandbox.storage.store import Name

HUB = frozenset({"index.docker.io", "registry-1.docker.io"})


def hosts(client: Client, pod: Body) -> frozenset[str]:
    """The registry hosts of a pod's pull secrets; a secret that cannot be read gives none, as on a real node."""
    found: set[str] = set()
    for each in pod["spec"].get("imagePullSecrets") or ():
        secret = client.get(SECRETS, Name(pod["metadata"]["namespace"], each.get("name", "")))
        found |= _hosts_of(((secret or {}).get("data") or {}).get(".dockerconfigjson", ""))
    return frozenset("docker.io" if host in HUB else host for host in found)


def missing(client: Client, pod: Body) -> list[str]:
    """The names of a pod's pull secrets that are not there."""
    names = [each.get("name", "") for each in pod["spec"].get("imagePullSecrets") or ()]
    return [name for name in names if client.get(SECRETS, Name(pod["metadata"]["namespace"], name)) is None]


def _hosts_of(config: str) -> set[str]:
    try:
        auths = json.loads(base64.b64decode(config or "e30="))["auths"]
        return {host.removeprefix("https://").partition("/")[0] for host in auths}
    except (ValueError, KeyError, TypeError):
        return set()
