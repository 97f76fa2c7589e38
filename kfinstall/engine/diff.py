"""What an install would change, field by field, as the server itself sees it."""

import base64
import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.plan import Apply, Plan, Verb
from kfinstall.errors import ApiError
from kfinstall.kube.cluster import Cluster

WIDTH = 8
"""Objects that are compared at the same time."""

NOISE = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps a copy of the object: of a Secret with its values."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object before and after. before: None when it does not exist. Secret values are masked in both."""

    key: ObjectKey
    before: Body | None
    after: Body


def differences(plan: Plan, cluster: Cluster) -> Iterator[Difference]:
    """Every object that would change. What the server cannot try out yet is shown as it is wanted."""
    actions = [action for action in plan.applies if action.verb is not Verb.KEEP]
    with ThreadPoolExecutor(WIDTH) as pool:
        for difference in pool.map(lambda action: _difference(action, cluster), actions):
            if difference.before != difference.after:
                yield difference


def _difference(action: Apply, cluster: Cluster) -> Difference:
    key, body = action.manifest.key, action.manifest.body
    before = cluster.look(action.path) if action.verb is Verb.CHANGE else None
    try:
        after = cluster.applied(action.path, body)
    except ApiError as error:
        if error.status != 404:
            raise
        after = body  # its namespace or its definition is not there yet
    return Difference(key, *_masked(_shown(before) if before else None, _shown(after)))


def _shown(body: Body) -> Body:
    """Without what the server writes on its own."""
    body = copy.deepcopy(body)
    body.pop("status", None)
    for name in NOISE:
        body["metadata"].pop(name, None)
    return body


def _masked(before: Body | None, after: Body) -> tuple[Body | None, Body]:
    """Secret values as stars, that still tell whether a value changes."""
    if after.get("kind") != "Secret":
        return before, after
    old = _values(before) if before else {}
    new = _values(after)
    for body in filter(None, (before, after)):
        values = _values(body)
        body.pop("stringData", None)
        (body["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
        body["data"] = {
            name: "***" if old.get(name) == new.get(name) else ("*** (before)" if body is before else "*** (after)")
            for name in sorted(values)
        }
    return before, after


def _values(secret: Body) -> dict[str, str]:
    plain = secret.get("stringData") or {}
    encoded = {name: base64.b64encode(str(value).encode()).decode() for name, value in plain.items()}
    return {**(secret.get("data") or {}), **encoded}
