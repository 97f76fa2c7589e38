"""Asks the cases' questions, and keeps the answers of a real API server, to which the practice cluster's are compared.

With the kubeconfig of a real one, `python -m tests.sandbox.answers KUBECONFIG [AREA …]` asks it and writes its answers
anew.
"""

import contextlib
import json
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import urllib3

from tests.controlplane.api import Api
from tests.patience import PATIENCE
from tests.sandbox.cases import AREAS
from tests.sandbox.cases.steps import ACCOUNTS, MAPS, Step

FOLDER = Path(__file__).with_name("answers")

VOLATILE = frozenset(
    {
        "uid",
        "creationTimestamp",
        "resourceVersion",
        "time",
        "deletionTimestamp",
        "selfLink",
        "lastTransitionTime",
        "continue",
        "nodePort",
        "healthCheckNodePort",
        "ca.crt",
        "storageVersionHash",
        "serverAddress",
    }
)
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RANDOM = re.compile(
    r"(?<=generated-)[a-z0-9]{5}\b|(?<=in record \()\d+|(?<=in object meta: )\d+"
    r'|(?<=resourceVersion\\":\\")\d+|(?<=creationTimestamp\\":\\")[^"\\]+|(?<=time\\":\\")[^"\\]+'
)
SERVICE_ADDRESS = re.compile(r"^10\.\d+\.\d+\.\d+$")
AGE = re.compile(r"^\d+s$|^\d+y(\d+d)?$")
SHOWS_STATUS = ("CustomResourceDefinition", "Widget")
REVISION = "deployment.kubernetes.io/revision"


@cache
def expected(area: str) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = json.loads((FOLDER / f"{area}.json").read_text(encoding="utf-8"))
    return answers


AHEAD = 4
"""Namespaces that are made before they are needed: real controllers take a moment to fill one."""

NAMESPACES = "/api/v1/namespaces"


class Server:
    """An API server to ask, and namespaces for the cases in it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._ahead: deque[str] = deque()

    @contextlib.contextmanager
    def prepared(self, steps: list[Step]) -> Iterator[str]:
        """A namespace with what every new one gets; it goes afterwards, with all that the steps have made beside it."""
        while len(self._ahead) <= AHEAD:
            name = f"contract-{uuid4().hex[:8]}"
            self.api.create(NAMESPACES, {"metadata": {"name": name}})
            self._ahead.append(name)
        namespace = self._ahead.popleft()
        try:
            for path in (f"{ACCOUNTS}/default", f"{MAPS}/kube-root-ca.crt"):
                step = Step("GET", path, until=lambda code, _body: code == HTTPStatus.OK)
                answered(self.api, step, {"ns": namespace})
            yield namespace
        finally:
            _clean(self.api, steps, namespace)
            self.api.delete(f"{NAMESPACES}/{namespace}")

    def close(self) -> None:
        """Delete the namespaces that nobody needed."""
        for name in self._ahead:
            self.api.delete(f"{NAMESPACES}/{name}")


def asked(api: Api, steps: list[Step], namespace: str) -> list[Any]:
    """The answers to steps, as [code, body, warnings …] with what differs from run to run left out."""
    found = []
    known = {"ns": namespace}
    for step in steps:
        code, body, warnings = answered(api, step, known)
        known |= _told(body)
        text = json.dumps([code, comparable(body), *warnings], sort_keys=True)
        found.append(json.loads(text.replace(namespace, "{ns}")))
    return found


def _clean(api: Api, steps: list[Step], namespace: str) -> None:
    """Delete what the steps have made outside their namespace."""
    for step in steps:
        if step.method == "POST" and "namespaces/{ns}" not in step.path and isinstance(step.body, dict):
            name = step.body.get("metadata", {}).get("name", "absent")
            answered(api, Step("DELETE", f"{step.path}/{name}"), {"ns": namespace})


def answered(api: Api, step: Step, known: dict[str, str]) -> tuple[int, Any, list[str]]:
    """The code, the body and the warnings of one step; known: what its placeholders stand for."""
    deadline = time.monotonic() + PATIENCE
    while True:
        code, body, warnings = _send(api, step, known)
        if step.until is None or step.until(code, body) or time.monotonic() > deadline:
            return code, body, warnings
        time.sleep(0.05)


def _send(api: Api, step: Step, known: dict[str, str]) -> tuple[int, Any, list[str]]:
    path = _filled(step.path, known)
    headers = {"Accept": step.accept, "Content-Type": step.content, "User-Agent": "contract/1"}
    client = api._client
    client.update_params_for_auth(headers, [], ["BearerToken"], path, step.method, None)
    pool: urllib3.PoolManager = client.rest_client.pool_manager
    text = step.body if isinstance(step.body, str) else json.dumps(step.body)
    query = {name: _filled(value, known) for name, value in step.query.items()}
    response = pool.request(
        step.method,
        f"{client.configuration.host}{path}?{urlencode(query)}",
        body=None if step.body is None else _filled(text, known),
        headers=headers,
        retries=False,
        timeout=PATIENCE,
    )
    data = response.data
    body = json.loads(data) if data[:1] in {b"{", b"["} else data.decode()
    return response.status, body, sorted(response.headers.getlist("Warning"))


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace("{" + name + "}", value)
    return text


def _told(body: Any) -> dict[str, str]:
    metadata = body.get("metadata") or {} if isinstance(body, dict) else {}
    names = {"uid": "uid", "resourceVersion": "version", "continue": "continue"}
    return {short: metadata[name] for name, short in names.items() if metadata.get(name)}


def comparable(value: Any) -> Any:
    """Without what differs from run to run: identities, times, and what controllers write when they get to it."""
    if isinstance(value, dict):
        kept = {name: child for name, child in value.items() if child is not None or name not in VOLATILE}
        if isinstance(kept.get("status"), dict) and kept.get("kind") not in SHOWS_STATUS:
            del kept["status"]
        if REVISION in (kept.get("annotations") or {}):
            del kept["annotations"]
        return {UID.sub("…", name): "…" if name in VOLATILE else comparable(child) for name, child in kept.items()}
    if isinstance(value, list):
        return _ordered([comparable(item) for item in value if not _is_controllers(item)])
    return _steady(value) if isinstance(value, str) else value


def _steady(text: str) -> str:
    text = RANDOM.sub("…", UID.sub("…", text))
    return SERVICE_ADDRESS.sub("10.…", AGE.sub("…", text))


def _ordered(items: list[Any]) -> list[Any]:
    """managedFields are sorted by their times; conflicts come in no order; each layer of a server repeats a fault."""
    if not items or not all(isinstance(item, dict) for item in items):
        return items
    if all("fieldsV1" in item for item in items):
        return sorted(items, key=_text)
    if all("message" in item and "field" in item for item in items):
        distinct = [item for n, item in enumerate(items) if item not in items[:n]]
        conflicts = all(item.get("reason") == "FieldManagerConflict" for item in distinct)
        return sorted(distinct, key=_text) if conflicts else distinct
    return items


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _is_controllers(item: Any) -> bool:
    """What a controller owns depends on when it gets to it."""
    return isinstance(item, dict) and str(item.get("manager")).endswith(("-controller", "-controller-manager"))


def record(api: Api, areas: list[str]) -> None:
    """Write the answers of this server."""
    server = Server(api)
    for area in areas:
        answers = {}
        for case, steps in sorted(AREAS[area].items()):
            with server.prepared(steps) as namespace:
                answers[case] = asked(api, steps, namespace)
        (FOLDER / f"{area}.json").write_text(_written(answers), encoding="utf-8")
    server.close()


def _written(answers: dict[str, list[Any]]) -> str:
    """A line for each answer."""
    cases = []
    for case, found in answers.items():
        lines = ",\n".join(f"  {json.dumps(answer, ensure_ascii=False, sort_keys=True)}" for answer in found)
        cases.append(f" {json.dumps(case)}: [\n{lines}\n ]")
    return "{\n" + ",\n".join(cases) + "\n}\n"


if __name__ == "__main__":
    with Api(Path(sys.argv[1])) as opened:
        record(opened, sys.argv[2:] or sorted(AREAS))
