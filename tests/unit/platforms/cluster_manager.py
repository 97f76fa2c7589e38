"""Google on loopback, as far as kfinstall asks it: GKE's ClusterManager, Compute Engine, projects, and a token service.

A stand-in for the servers only: Google's own client libraries send real requests to it.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

PROJECT = "lab-project"
ZONE = "us-central1-a"
PARENT = f"/v1/projects/{PROJECT}/locations/{ZONE}"
ANYWHERE = f"/v1/projects/{PROJECT}/locations/-"
COMPUTE = f"/compute/v1/projects/{PROJECT}"


@dataclass
class Answer:
    """What the server says instead of what it would. status 0: it closes the connection without a word."""

    status: int
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, name: str, message: str, **info: Any) -> Json:
    """https://cloud.google.com/apis/design/errors#http_mapping. info: of the ErrorInfo, when there is one."""
    body: Json = {"code": status, "message": message, "status": name}
    if info:
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}]
    return {"error": body}


class Google:
    """clusters, operations: as the API shows them. steps: how often an operation is looked at until it is done."""

    def __init__(self) -> None:
        self.clusters: dict[str, Json] = {}
        self.operations: dict[str, Json] = {}
        self.steps = 3
        self.failure: Json | None = None
        self.token = "granted-1"
        self.endpoint, self.certificate = "34.1.2.3", "Q0E="
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[Json] = []
        self.told: list[tuple[str, str, Json]] = []
        self.compute: dict[str, Json] = {
            "/zones": {"items": [{"name": ZONE}, {"name": "us-central1-b"}, {"name": "europe-west4-a"}]},
            f"/zones/{ZONE}/machineTypes": {"items": [{"name": "e2-standard-8"}, {"name": "g2-standard-8"}]},
            f"/zones/{ZONE}/acceleratorTypes": {"items": [{"name": "nvidia-l4"}]},
            "/regions/us-central1": {"quotas": [{"metric": "CPUS", "limit": 72.0, "usage": 8.0}]},
            "/global/firewalls": {},
            "/global/addresses": {},
            "": {"quotas": [{"metric": "GPUS_ALL_REGIONS", "limit": 0.0, "usage": 0.0}]},
        }
        self._instead: list[tuple[str, str, Answer]] = []

    def instead(self, method: str, path: str, *answers: Answer) -> None:
        """Answer the next requests of this method, to paths that end so, with these."""
        self._instead += [(method, path, answer) for answer in answers]

    def sent(self, method: str) -> list[str]:
        return [path for sent, path in self.requests if sent == method and path != "/token"]

    def answer(self, method: str, path: str, authorization: str, body: Json) -> Answer:
        self.requests.append((method, path))
        self.told.append((method, path, body))
        for index, (wanted, end, answer) in enumerate(self._instead):
            if wanted == method and path.endswith(end):
                del self._instead[index]
                return answer
        if path == "/token":
            issued = "urn:ietf:params:oauth:token-type:access_token"
            granted = {"access_token": self.token, "issued_token_type": issued, "token_type": "Bearer"}
            return Answer(200, {**granted, "expires_in": 3600})
        if authorization != f"Bearer {self.token}":
            return Answer(401, error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        if path.startswith(COMPUTE):
            return self._compute(method, path.removeprefix(COMPUTE), body)
        if path == "/v1/projects":
            return Answer(
                200, {"projects": [{"projectId": PROJECT, "name": "The lab"}, {"projectId": "another-project"}]}
            )
        return self._cluster_manager(method, path.removeprefix(ANYWHERE).removeprefix(PARENT), body)

    def stand(self, name: str) -> None:
        """Have a cluster that runs."""
        self.clusters[name] = {
            **self.clusters.get(name, {}),
            "name": name,
            "location": ZONE,
            "status": "RUNNING",
            "endpoint": self.endpoint,
            "currentNodeCount": 2,
            "currentMasterVersion": "1.34.1-gke.100",
            "masterAuth": {"clusterCaCertificate": self.certificate},
        }

    def begin(self, kind: str, name: str) -> Json:
        operation = {
            "name": f"operation-{len(self.operations) + 1}",
            "operationType": kind,
            "status": "RUNNING",
            "location": ZONE,
            "targetLink": f"https://container.googleapis.com{PARENT}/clusters/{name}",
        }
        self.operations[operation["name"]] = operation
        return operation

    def _compute(self, method: str, path: str, body: Json) -> Answer:
        """A change is an operation that runs when it is answered, and is done when it is looked at."""
        if method == "GET":
            return self._found(self.compute.get(path))
        collection = path if method == "POST" else path.rpartition("/")[0]
        name = body["name"] if method == "POST" else path.rpartition("/")[2]
        standing = self.compute[collection].setdefault("items", [])
        if method == "POST" and any(each["name"] == name for each in standing):
            return Answer(409, error(409, "ALREADY_EXISTS", f"The resource '{name}' already exists"))
        kept = [each for each in standing if each["name"] != name]
        self.compute[collection]["items"] = [*kept, body] if method == "POST" else kept
        operation = {"name": f"{method.lower()}-{name}", "status": "RUNNING"}
        self.compute[f"/global/operations/{operation['name']}"] = {**operation, "status": "DONE"}
        return Answer(200, operation)

    def _cluster_manager(self, method: str, path: str, body: Json) -> Answer:
        if path == "/clusters" and method == "GET":
            return Answer(200, {"clusters": list(self.clusters.values())})
        if path == "/clusters":
            return self._create(body)
        if method == "DELETE":
            self.clusters[path.rpartition("/")[2]]["status"] = "STOPPING"
            return Answer(200, self.begin("DELETE_CLUSTER", path.rpartition("/")[2]))
        if path == "/operations":
            return Answer(200, {"operations": list(self.operations.values())})
        if match := re.fullmatch("/operations/(.*)", path):
            return Answer(200, self._looked_at(self.operations[match[1]]))
        if path == "/serverConfig":
            channels = [{"channel": "REGULAR", "validVersions": ["1.34.1-gke.100", "1.33.5-gke.200"]}]
            return Answer(200, {"channels": channels, "validMasterVersions": ["1.32.1-gke.1"]})
        return self._found(None)

    def _create(self, body: Json) -> Answer:
        name = body["cluster"]["name"]
        self.bodies.append(body)
        if name in self.clusters:
            return Answer(409, error(409, "ALREADY_EXISTS", f"Already exists: {PARENT}/clusters/{name}"))
        kept = {key: body["cluster"][key] for key in ("privateClusterConfig", "nodePools") if key in body["cluster"]}
        self.clusters[name] = {**kept, "name": name, "location": ZONE, "status": "PROVISIONING"}
        return Answer(200, self.begin("CREATE_CLUSTER", name))

    def _looked_at(self, operation: Json) -> Json:
        looks = operation["looks"] = operation.get("looks", 0) + 1
        metrics = [{"name": "CLUSTER_DEPLOYING", "intValue": looks}, {"name": "CLUSTER_DEPLOYING_TOTAL", "intValue": 4}]
        operation["progress"] = {"metrics": metrics}
        if looks >= self.steps:
            self._done(operation)
        return {key: value for key, value in operation.items() if key != "looks"}

    def _done(self, operation: Json) -> None:
        operation["status"] = "DONE"
        name = operation["targetLink"].rpartition("/")[2]
        if operation["operationType"] == "DELETE_CLUSTER":
            self.clusters.pop(name, None)
        elif self.failure:
            operation["error"] = self.failure
            self.clusters[name]["status"] = "ERROR"
        else:
            self.stand(name)

    def _found(self, body: Json | None) -> Answer:
        return Answer(200, body) if body is not None else Answer(404, error(404, "NOT_FOUND", "Not found."))


def environment(folder: Path, address: str) -> dict[str, str]:
    """The variables of a user whose Google is at this address, and who logs in without a key of Google's."""
    folder.mkdir()
    (folder / "subject").write_text("who-I-am")
    credentials = {
        "type": "external_account",
        "audience": "the lab",  # the form that Google has would make google-auth ask for the pool's regions
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{address}/token",
        "credential_source": {"file": str(folder / "subject")},
    }
    (folder / "credentials.json").write_text(json.dumps(credentials))
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "credentials.json"),
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": address,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{address}/compute/v1/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER": address,
    }


def plugin(folder: Path, token: str = "") -> Path:
    """A folder with a gke-gcloud-auth-plugin that gives this token of the cluster's."""
    folder.mkdir()
    status = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    program = folder / "gke-gcloud-auth-plugin"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(status)}'\n")
    program.chmod(0o755)
    return folder


@contextmanager
def serving(google: Google) -> Iterator[str]:
    """The address of the server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            body = json.loads(content) if content and is_json else {}
            path = urlsplit(self.path).path
            answer = google.answer(self.command, path, self.headers.get("Authorization", ""), body)
            if not answer.status:
                self.close_connection = True
                return
            data = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": len(data),
                **answer.headers,
            }.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - as http.server looks for them

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited signature
            """Not wanted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
