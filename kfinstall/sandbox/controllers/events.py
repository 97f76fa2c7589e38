"""Events: what components tell of objects, counted and gathered as client-go does before they are written."""

import itertools
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.clock import micro_now, now
from kfinstall.sandbox.controllers.client import Client
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Name
from kfinstall.sandbox.types.kinds import GroupResource

EVENTS = GroupResource("", "events")
REMEMBERED = 4096
SIMILAR, SIMILAR_SECONDS = 10, 600.0
"""Messages for one reason, within that time, before those that follow become one (client-go/tools/record)."""


@dataclass(slots=True)
class _Told:
    """An event that was written: where, and how often it happened."""

    name: Name
    count: int = 1


@dataclass(slots=True)
class _Similar:
    """Messages of one reason about one object. since: monotonic time of the latest."""

    messages: set[str] = field(default_factory=set)
    since: float = 0.0


class Recorder:
    """Tells of objects as one component; the same once more is counted (client-go/tools/record)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._told: OrderedDict[tuple[str, ...], _Told] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._numbers = _numbers()

    def tell(self, subject: Body, kind: str, reason: str, message: str, *, host: str = "", part: str = "") -> None:
        """kind: Normal or Warning. host: the node that tells. part: the field of the object that it is about."""
        group = (_uid(subject), part, host, kind, reason)
        message, key = self._gathered(group, message)
        told = self._told.get(key)
        try:
            if told is not None and self._again(told, message):
                return
            self._told[key] = _Told(self._write(subject, kind, reason, message, host, part))
            _forget(self._told)
        except StatusError:
            return  # an event of something in a namespace that ends

    def _gathered(self, group: tuple[str, ...], message: str) -> tuple[str, tuple[str, ...]]:
        similar, moment = self._similar.setdefault(group, _Similar()), time.monotonic()
        _forget(self._similar)
        if moment - similar.since > SIMILAR_SECONDS:
            similar.messages.clear()
        similar.since = moment
        similar.messages.add(message)
        if len(similar.messages) < SIMILAR:
            return message, (*group, message)
        return f"(combined from similar events): {message}", group

    def _again(self, told: _Told, message: str) -> bool:
        """Count an event once more; False when it is not there any more."""
        told.count += 1
        try:
            self._client.patch(EVENTS, told.name, {"count": told.count, "lastTimestamp": now(), "message": message})
        except StatusError as error:
            if error.code == 404:
                return False
            raise
        return True

    def _write(self, subject: Body, kind: str, reason: str, message: str, host: str, part: str) -> Name:
        body = event(subject, kind, reason, message, f"{subject['metadata']['name']}.{next(self._numbers):x}")
        moment, agent = now(), self._client.agent
        body |= {
            "count": 1,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "source": {"component": agent, "host": host} if host else {"component": agent},
            "reportingComponent": agent,
            "reportingInstance": host,
        }
        if part:
            body["involvedObject"]["fieldPath"] = part
        return _created(self._client, body)


class SeriesRecorder:
    """Tells of objects through events.k8s.io, as kube-scheduler does: what repeats becomes a series, and the message
    stays that of the first time (client-go/tools/events/event_broadcaster.go)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._told: OrderedDict[tuple[str, ...], _Told] = OrderedDict()
        self._numbers = _numbers()

    def tell(self, subject: Body, kind: str, reason: str, message: str, *, action: str) -> None:
        """action: what was done or tried."""
        key = (_uid(subject), kind, reason, action)
        told = self._told.get(key)
        try:
            if told is None:
                self._told[key] = _Told(self._write(subject, kind, reason, message, action))
                _forget(self._told)
                return
            told.count += 1
            series = {"count": told.count, "lastObservedTime": micro_now()}
            self._client.patch(EVENTS, told.name, {"series": series})
        except StatusError:
            return  # an event of something in a namespace that ends

    def _write(self, subject: Body, kind: str, reason: str, message: str, action: str) -> Name:
        body = event(subject, kind, reason, message, f"{subject['metadata']['name']}.{next(self._numbers):x}")
        agent = self._client.agent
        body |= {
            "eventTime": micro_now(),
            "action": action,
            "source": {},
            "reportingComponent": agent,
            "reportingInstance": f"{agent}-sandbox",
        }
        return _created(self._client, body)


def event(subject: Body, kind: str, reason: str, message: str, name: str) -> Body:
    """What all events have; one about an object without a namespace is in "default"."""
    metadata = subject["metadata"]
    reference = {
        "apiVersion": subject["apiVersion"],
        "kind": subject["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata.get("resourceVersion", ""),
    }
    if metadata.get("namespace"):
        reference["namespace"] = metadata["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata.get("namespace") or "default"},
        "involvedObject": reference,
        "type": kind,
        "reason": reason,
        "message": message,
    }


def _created(client: Client, body: Body) -> Name:
    name = Name(body["metadata"]["namespace"], body["metadata"]["name"])
    client.create(EVENTS, name.namespace, body)
    return name


def _numbers() -> "itertools.count[int]":
    """What names of events end with: the time in nanoseconds, a bit later each time."""
    return itertools.count(time.time_ns())


def _uid(subject: Body) -> str:
    return str(subject["metadata"]["uid"])


def _forget(cache: "OrderedDict[tuple[str, ...], _Told] | OrderedDict[tuple[str, ...], _Similar]") -> None:
    if len(cache) > REMEMBERED:
        cache.popitem(last=False)
