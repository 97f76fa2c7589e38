"""ConfigMaps, Secrets and Events."""

from base64 import b64decode
from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server import go_json
from kfinstall.sandbox.server.status import Cause, not_allowed, required, wrong
from kfinstall.sandbox.validation.names import config_key
from kfinstall.sandbox.validation.names import faults as named_faults
from kfinstall.sandbox.validation.rules import fixed

NEEDED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
"""Keys that a Secret of a type must have."""

ACCOUNT = "kubernetes.io/service-account.name"


def config_map(body: Body, old: Body | None) -> Iterator[Cause]:
    data, binary = body.get("data") or {}, body.get("binaryData") or {}
    for key in sorted(data):
        yield from named_faults(f"data[{key}]", key, config_key(key))
        if key in binary:
            yield wrong(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in sorted(binary):
        yield from named_faults(f"binaryData[{key}]", key, config_key(key))
    yield from _immutable(body, old)


def event(body: Body, _old: Body | None) -> Iterator[Cause]:
    """An Event of the core group stands beside what it is about; of what is in no namespace in default."""
    namespace, about = body["metadata"].get("namespace", ""), (body.get("involvedObject") or {}).get("namespace", "")
    if namespace != about and (about or namespace != "default"):
        yield wrong("involvedObject.namespace", about, "does not match event.namespace")


def secret(body: Body, old: Body | None) -> Iterator[Cause]:
    data = body.get("data") or {}
    for key in sorted(data):
        yield from named_faults(f"data[{key}]", key, config_key(key))
    yield from _typed(body, data)
    if old is not None:
        yield from fixed("type", body.get("type"), old.get("type"))
    yield from _immutable(body, old)


def _typed(body: Body, data: Body) -> Iterator[Cause]:
    kind = body.get("type", "")
    for key in NEEDED.get(kind, ()):
        if key not in data:
            yield required(f"data[{key}]")
        elif kind.startswith("kubernetes.io/dockerc"):
            yield from _registries(key, data[key])
    if kind == "kubernetes.io/basic-auth" and not ("username" in data or "password" in data):
        yield required("data[username]")
        yield required("data[password]")
    if kind == "kubernetes.io/service-account-token" and not (body["metadata"].get("annotations") or {}).get(ACCOUNT):
        yield required(f"metadata.annotations[{ACCOUNT}]")


def _registries(key: str, value: str) -> Iterator[Cause]:
    """What the value is, nobody tells."""
    fault = go_json.fault(b64decode(value))
    if fault:
        yield wrong(f"data[{key}]", "<secret contents redacted>", fault)


def _immutable(body: Body, old: Body | None) -> Iterator[Cause]:
    if old is None or not old.get("immutable"):
        return
    if body.get("immutable") is not True:
        yield not_allowed("immutable", "field is immutable when `immutable` is set")
    for name in ("data", "binaryData"):
        if old.get(name) != body.get(name):
            yield not_allowed(name, "field is immutable when `immutable` is set")
