"""Bodies in protocol buffers, which kubectl create and typed Go clients send, as the JSON that they stand for.

The messages are data: `configs/sandbox/kubernetes.pb.xz` is a FileDescriptorSet of the .proto files of k8s.io/api and
k8s.io/apimachinery (`make sandbox-data`). What JSON writes differently (times, quantities, members that are inlined)
is put right here. Answers are always JSON, which every client takes as well.
"""

import base64
import datetime
import json
import lzma
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import bad_request
from kfinstall.sandbox.types.kubernetes import kubernetes_data

MAGIC = b"k8s\x00"
"""Before the envelope, a runtime.Unknown (k8s.io/apimachinery/pkg/runtime/serializer/protobuf)."""

API, MACHINERY = "k8s.io.api", "k8s.io.apimachinery.pkg"
META = f"{MACHINERY}.apis.meta.v1"


def decoded(data: bytes) -> Body:
    """The object of a request. Raises StatusError 400."""
    if not data.startswith(MAGIC):
        why = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        raise bad_request(f"the object provided is unrecognized: {why}")
    try:
        envelope: Any = _message(f"{MACHINERY}.runtime.Unknown").FromString(data.removeprefix(MAGIC))
        kind, api_version = envelope.typeMeta.kind, envelope.typeMeta.apiVersion
        found = _json(_message(_name(api_version, kind)).FromString(envelope.raw))
    except (DecodeError, KeyError, ValueError, OverflowError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error
    if not isinstance(found, dict):
        raise bad_request("the object provided is unrecognized: it is no object")
    return {"apiVersion": api_version, "kind": kind, **found}


@cache
def _pool() -> DescriptorPool:
    packed = files("configs").joinpath("sandbox", "kubernetes.pb.xz").read_bytes()
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(lzma.decompress(packed)).file:
        pool.Add(file)
    return pool


def _message(name: str) -> type[Message]:
    return GetMessageClass(_pool().FindMessageTypeByName(name))


def _name(api_version: str, kind: str) -> str:
    """The message of a kind; options of requests are those of meta/v1 in every group."""
    group, _, version = api_version.rpartition("/")
    name = f"{API}.{group.partition('.')[0] or 'core'}.{version}.{kind}"
    return f"{META}.{kind}" if kind.endswith("Options") else name


def _json(message: Message) -> Any:
    special = _SPECIAL.get(message.DESCRIPTOR.full_name)
    if special:
        return special(message)
    found: Body = {}
    known = _members(message.DESCRIPTOR.full_name)
    for field, value in message.ListFields():
        shown = _field(field, value)
        if known and field.name not in known and isinstance(shown, dict):
            found |= shown  # a struct that Go inlines
        else:
            found[field.name] = shown
    return found


def _field(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return {key: _value(child) for key, child in value.items()}
    return [_value(item) for item in value] if field.is_repeated else _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, Message):
        return _json(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@cache
def _members(message: str) -> frozenset[str]:
    """The members that OpenAPI knows; none for a message that it does not show."""
    name = message.replace("k8s.io.", "io.k8s.", 1)
    for document in kubernetes_data().schemas.values():
        schema = document["components"]["schemas"].get(name)
        if schema:
            return frozenset(schema.get("properties") or ())
    return frozenset()


def _time(message: Any) -> str | None:
    if not message.ListFields():
        return None
    moment = datetime.datetime.fromtimestamp(message.seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(message: Any) -> str | None:
    shown = _time(message)
    return shown and f"{shown.removesuffix('Z')}.{message.nanos // 1000:06d}Z"


def _raw_json(message: Any) -> Any:
    return json.loads(message.raw or b"null")


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    f"{META}.Time": _time,
    f"{META}.MicroTime": _micro_time,
    f"{META}.FieldsV1": lambda message: json.loads(message.Raw or b"{}"),
    f"{MACHINERY}.runtime.RawExtension": _raw_json,
    f"{MACHINERY}.api.resource.Quantity": lambda message: message.string,
    f"{MACHINERY}.util.intstr.IntOrString": lambda message: message.strVal if message.type else message.intVal,
    f"{API}.authorization.v1.ExtraValue": lambda message: list(message.items),
    f"{API}.authentication.v1.ExtraValue": lambda message: list(message.items),
}
