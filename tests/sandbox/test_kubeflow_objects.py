"""A whole Kubeflow is kept by the practice cluster as a real API server keeps it, field for field.

Where the release is not at hand, objects of its shape are compared. A claim's default class is left out, as it is the
scenario's; so are warnings, of which the practice cluster gives fewer.
"""

import os
from pathlib import Path
from typing import Any

from tests.bench.objects import objects
from tests.controlplane.api import Api
from tests.controlplane.server import ControlPlane
from tests.sandbox.answers import answered, comparable
from tests.sandbox.cases.steps import Step, apply
from tests.sandbox.conftest import Started

NAMESPACE = "NAMESPACE"
FIRST = {"Namespace": 0, "CustomResourceDefinition": 1}
Kept = dict[tuple[str, str, str], Any]


def test_every_object_is_kept_as_a_real_server_keeps_it(scenario: Started, fresh_control_plane: ControlPlane) -> None:
    kept = Path(os.environ["KFINSTALL_TEST_CACHE"]) / "renders"  # rendering is tested elsewhere
    bodies = sorted(objects(kept)[0], key=lambda body: FIRST.get(body["kind"], 2))
    ours = applied(scenario("healthy"), bodies)
    with Api(fresh_control_plane.kubeconfig()) as api:
        theirs = applied(api, bodies)
    assert {key for key in theirs if ours[key] != theirs[key]} == set()


def applied(api: Api, bodies: list[Any]) -> Kept:
    """What a server answers to server-side apply of each object: the code and the object, or why not."""
    found: Kept = {}
    paths: dict[tuple[str, str], str] = {}
    for body in bodies:
        metadata = body["metadata"]
        kind = body["apiVersion"], body["kind"]
        if kind not in paths:
            paths[kind] = collection(api, body)
        path = f"{paths[kind]}/{metadata['name']}".replace(NAMESPACE, metadata.get("namespace", "default"))
        step = apply(path, body, "kfinstall", force="true")
        code, answer, _warnings = answered(api, step, {})
        if answer.get("kind") == "PersistentVolumeClaim":
            answer["spec"].pop("storageClassName", None)
        found[body["kind"], metadata.get("namespace", ""), metadata["name"]] = code, comparable(answer)
    return found


def collection(api: Api, body: Any) -> str:
    """The path of the objects of its kind, as soon as the server serves it."""
    group, _, version = body["apiVersion"].rpartition("/")
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    _code, served, _warnings = answered(api, Step("GET", root, until=lambda _code, found: bool(named(found, body))), {})
    resource = named(served, body)
    namespace = f"/namespaces/{NAMESPACE}" if resource["namespaced"] else ""
    return f"{root}{namespace}/{resource['name']}"


def named(served: Any, body: Any) -> Any:
    """The resource of an object's kind, of those that discovery lists."""
    resources = served.get("resources", ()) if isinstance(served, dict) else ()
    return next((each for each in resources if each["kind"] == body["kind"] and "/" not in each["name"]), None)
