"""Operators as data: what the controllers of a Kubeflow would make for objects, from configs/sandbox/operators/."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.server.status import StatusError
from kfinstall.sandbox.storage.store import Change, Name
from kfinstall.sandbox.types.kinds import GroupResource

DEPLOYMENTS = GroupResource("apps", "deployments")
RESOURCES = {
    "Secret": GroupResource("", "secrets"),
    "ConfigMap": GroupResource("", "configmaps"),
    "Namespace": GroupResource("", "namespaces"),
    "ServiceAccount": GroupResource("", "serviceaccounts"),
    "Pod": GroupResource("", "pods"),
    "StatefulSet": GroupResource("apps", "statefulsets"),
    "Deployment": DEPLOYMENTS,
    "Job": GroupResource("batch", "jobs"),
}
"""The kinds that are made."""

FIELD = re.compile(r"\{([\w.-]+)\}")
ALL_OF = "+"
"""In a mapping: the key of another one, of which it has everything that it does not say itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """For objects of a resource, once a Deployment is available: what is made, and the status that is set.

    follows: kind and name of what is made, whose state decides the status. statuses: state -> status.
    """

    of: GroupResource
    by: Name
    make: tuple[Body, ...]
    status: Body | None
    follows: tuple[str, str] | None
    statuses: Mapping[str, Body]


def rules() -> list[Rule]:
    """Those that come with the product."""
    found = []
    for entry in files("configs").joinpath("sandbox", "operators").iterdir():
        for rule in yaml.safe_load(entry.read_text(encoding="utf-8")):
            plural, _dot, group = rule["of"].partition(".")
            by = Name(*rule["by"].split("/"))
            kind, slash, name = rule.get("follows", "").partition("/")
            found.append(
                Rule(
                    GroupResource(group, plural),
                    by,
                    tuple(rule.get("make") or ()),
                    rule.get("status"),
                    (kind, name) if slash else None,
                    rule.get("statuses") or {},
                )
            )
    return found


class Operators:
    """Plays the operators whose Deployments are available."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rules = rules()

    def concerns(self, change: Change) -> Iterable[Key]:
        for rule in self._rules:
            if change.resource == rule.of and change.after is not None:
                yield rule.of, change.name
            elif rule.follows and change.resource == RESOURCES[rule.follows[0]] and change.after is not None:
                owners = change.after["metadata"].get("ownerReferences") or ()
                yield from ((rule.of, Name(change.name.namespace, each["name"])) for each in owners)
            if change.resource == DEPLOYMENTS and change.name == rule.by and _available(change.after):
                yield from ((rule.of, name_of(body)) for body in self._client.all(rule.of))

    def reconcile(self, key: Key) -> float | None:
        body = self._client.get(*key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            return None
        for rule in self._rules:
            if rule.of == key[0] and _available(self._client.get(DEPLOYMENTS, rule.by)):
                self._make(rule, body)
                if rule.status and not (body.get("status") or {}).get("conditions"):
                    self._client.set_status(*key, rule.status)
                if rule.follows:
                    self._follow(rule, key, body)
        return None

    def _follow(self, rule: Rule, key: Key, body: Body) -> None:
        assert rule.follows  # noqa: S101 - its caller looked
        kind, name = rule.follows
        followed = self._client.get(RESOURCES[kind], Name(key[1].namespace, str(_filled(name, body))))
        status = _filled(rule.statuses.get(_state(followed or {}), {}), body)
        if not status:
            return
        try:
            self._client.set_status(*key, status)
        except StatusError as error:  # of a definition without the subresource, as Argo's is
            if error.code != 404:
                raise
            self._client.patch(*key, {"status": status})

    def _make(self, rule: Rule, body: Body) -> None:
        for template in rule.make:
            wanted = _filled(template, body)
            resource = RESOURCES[wanted["kind"]]
            namespace = wanted["metadata"].get("namespace") or body["metadata"].get("namespace", "")
            if rule.follows:
                wanted["metadata"]["ownerReferences"] = [_owner(body)]
            if self._client.get(resource, Name(namespace, wanted["metadata"]["name"])) is None:
                try:
                    self._client.create(resource, namespace, wanted)
                except StatusError as error:
                    if error.code != 409:
                        raise


def _available(deployment: Body | None) -> bool:
    conditions = ((deployment or {}).get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


def _owner(body: Body) -> Body:
    metadata = {name: body["metadata"][name] for name in ("name", "uid")}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], **metadata, "controller": True}


def _state(body: Body) -> str:
    """Of what ends: Succeeded or Failed, as a pod's phase; of what runs on: Ready, once all of it is."""
    status = body.get("status") or {}
    true = {each["type"] for each in status.get("conditions") or () if each["status"] == "True"}
    if body.get("kind") == "Job":
        return "Succeeded" if "Complete" in true else "Failed" if "Failed" in true else ""
    if body.get("kind") == "Pod":
        return str(status.get("phase", ""))
    wanted = (body.get("spec") or {}).get("replicas", 1)
    return "Ready" if status.get("readyReplicas", 0) >= wanted else ""


def _filled(value: Any, body: Body) -> Any:
    if isinstance(value, dict):
        rest = {name: _filled(child, body) for name, child in value.items() if name != ALL_OF}
        return {**(_filled(value[ALL_OF], body) or {}), **rest} if ALL_OF in value else rest
    if isinstance(value, list):
        return [_filled(child, body) for child in value]
    if not isinstance(value, str):
        return value
    whole = FIELD.fullmatch(value)
    return _field(body, whole[1]) if whole else FIELD.sub(lambda found: str(_field(body, found[1])), value)


def _field(body: Any, path: str) -> Any:
    """A field; "" where there is none."""
    for name in path.split("."):
        if isinstance(body, list) and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return "" if body is None else body
