"""Operators as data: what the controllers of a Kubeflow would make for objects, from configs/sandbox/operators/."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, name_of
from kfinstall.sandbox.controllers.manager import Key
from kfinstall.sandbox.kinds import GroupResource
from kfinstall.sandbox.status import StatusError
from kfinstall.sandbox.store import Change, Name

DEPLOYMENTS = GroupResource("apps", "deployments")
PLURALS = {
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """For objects of a resource, once a Deployment is available: what is made, and the status that is set."""

    of: GroupResource
    by: Name
    make: tuple[Body, ...]
    status: Body | None


def rules() -> list[Rule]:
    """Those that come with the product."""
    found = []
    for entry in files("configs").joinpath("sandbox", "operators").iterdir():
        for rule in yaml.safe_load(entry.read_text(encoding="utf-8")):
            plural, _dot, group = rule["of"].partition(".")
            by = Name(*rule["by"].split("/"))
            found.append(Rule(GroupResource(group, plural), by, tuple(rule.get("make") or ()), rule.get("status")))
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
            elif change.resource == DEPLOYMENTS and change.name == rule.by and _available(change.after):
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
        return None

    def _make(self, rule: Rule, body: Body) -> None:
        for template in rule.make:
            wanted = _filled(template, body)
            resource = GroupResource("", PLURALS[wanted["kind"]])
            namespace = wanted["metadata"].get("namespace") or body["metadata"].get("namespace", "")
            if self._client.get(resource, Name(namespace, wanted["metadata"]["name"])) is None:
                try:
                    self._client.create(resource, namespace, wanted)
                except StatusError as error:
                    if error.code != 409:
                        raise


def _available(deployment: Body | None) -> bool:
    conditions = ((deployment or {}).get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Available" and each["status"] == "True" for each in conditions)


def _filled(value: Any, body: Body) -> Any:
    if isinstance(value, dict):
        return {name: _filled(child, body) for name, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, body) for child in value]
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return next(_fields(body, value[1:-1]), "")
    return value


def _fields(body: Any, path: str) -> Iterator[str]:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    if isinstance(body, str):
        yield body
