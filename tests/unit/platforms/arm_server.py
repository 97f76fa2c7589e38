"""Azure's Resource Manager as far as AKS needs it: HTTPS on loopback with a certificate of a test CA."""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.controlplane.certificates import Authority

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/kubeflow"
PROVIDER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService"
OPERATION = f"{PROVIDER}/locations/eastus/operations/1"

Body = dict[str, Any]


@dataclass
class Answer:
    """What the server says instead of what it would say."""

    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)


def error(code: str, message: str = "") -> Body:
    return {"error": {"code": code, "message": message or f"The reason is {code}."}}


@dataclass
class ArmServer:
    """One cluster, whose operations need as many looks as `polls` says and end as `ending` says.

    instead: answers to the next requests of a method and path (of any api-version), before the usual ones.
    before: called with each request before it is answered.
    """

    url: str
    certificate: Path
    cluster: Body | None = None
    polls: int = 2
    ending: Body = field(default_factory=lambda: {"status": "Succeeded"})
    kubeconfig: bytes = b""
    registered: bool = True
    retry_after: str = "7"
    free_cpus: int = 100
    secret_expired: bool = False
    sizes: tuple[str, ...] = ("Standard_D8s_v5", "Standard_NC4as_T4_v3")
    instead: dict[tuple[str, str], list[Answer]] = field(default_factory=lambda: defaultdict(list))
    requests: list[tuple[str, str, Body]] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _method, _path: None

    def asked(self, method: str) -> list[str]:
        """The paths of the requests of a method."""
        return [path for each, path, _body in self.requests if each == method]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Body) -> Answer:
        self.requests.append((method, path, body))
        self.before(method, path)
        known = self.instead[method, path.lower()]
        if known:
            return known.pop(0)
        if "api-version" not in query:
            return Answer(400, error("MissingApiVersionParameter"))
        return self._usual(method, path, body)

    def refuse(self, method: str, path: str, *answers: Answer) -> None:
        self.instead[method, path.lower()] += answers

    @property
    def metadata(self) -> Body:
        """Where the parts of this Azure are, as ARM itself tells."""
        login = {"loginEndpoint": self.url, "audiences": ["https://management.contoso.example/"]}
        return {"name": "Contoso", "resourceManager": self.url, "authentication": login}

    def login(self, path: str) -> Answer:
        """What Microsoft Entra ID would say: where tokens are to be had, and a token."""
        if path.endswith("/.well-known/openid-configuration"):
            here = f"{self.url}/contoso"
            endpoints = {"issuer": here, "authorization_endpoint": f"{here}/authorize"}
            return Answer(200, {**endpoints, "token_endpoint": f"{here}/oauth2/v2.0/token"})
        if self.secret_expired:
            description = "AADSTS7000222: The provided client secret keys for app 'me' are expired."
            return Answer(401, {"error": "invalid_client", "error_description": description})
        return Answer(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": "valid"})

    def _usual(self, method: str, path: str, body: Body) -> Answer:
        match method, path.removeprefix(CLUSTER):
            case "GET", "":
                return Answer(200, self.cluster) if self.cluster else Answer(404, error("ResourceNotFound"))
            case "PUT", "":
                return self._made(body)
            case "DELETE", "":
                return self._accepted("Deleting")
            case "POST", "/stop":
                return self._accepted("Stopping")
            case "POST", "/start":
                return self._accepted("Starting")
            case "POST", "/listClusterUserCredential" | "/listClusterAdminCredential":
                value = base64.b64encode(self.kubeconfig).decode()
                return Answer(200, {"kubeconfigs": [{"name": "clusterUser", "value": value}]})
        return self._around(method, path)

    def _around(self, method: str, path: str) -> Answer:
        """What a subscription has besides clusters."""
        if path == OPERATION:
            return self._operation()
        if path.lower() == GROUP.lower():
            return Answer(200 if method == "GET" else 201, {"name": "ml", "location": "eastus"})
        if path == PROVIDER:
            return Answer(200, {"registrationState": "Registered" if self.registered else "NotRegistered"})
        if path == f"/subscriptions/{SUBSCRIPTION}/locations":
            return Answer(200, {"value": [{"name": "eastus", "displayName": "East US", "metadata": {}}]})
        if path.endswith("/kubernetesVersions"):
            return Answer(200, {"values": [{"version": "1.34"}, {"version": "1.33"}]})
        if path.endswith("/skus"):
            return Answer(200, {"value": [_sku(name) for name in self.sizes]})
        if path.endswith("/usages"):
            name = {"value": "cores", "localizedValue": "Total Regional vCPUs"}
            return Answer(200, {"value": [{"currentValue": 4, "limit": 4 + self.free_cpus, "name": name}]})
        return Answer(404, error("InvalidResourceType", path))

    def _made(self, body: Body) -> Answer:
        self.cluster = {**body, "id": CLUSTER, "name": "kubeflow"}
        return self._accepted("Creating", 201, self.cluster)

    def _accepted(self, state: str, status: int = 202, body: Body | None = None) -> Answer:
        assert self.cluster is not None
        self.cluster["properties"]["provisioningState"] = state
        for pool in self.cluster["properties"].get("agentPoolProfiles", ()):
            pool["provisioningState"] = state
        where = f"{self.url}{OPERATION}?api-version=2017-08-31"
        headers = {"Azure-AsyncOperation": where, "Location": where, "Retry-After": self.retry_after}
        return Answer(status, body or {}, headers)

    def _operation(self) -> Answer:
        self.polls -= 1
        if self.polls > 0:
            return Answer(200, {"name": "1", "status": "InProgress"}, {"Retry-After": self.retry_after})
        if self.cluster is not None and self.cluster["properties"]["provisioningState"].endswith("ing"):
            self._ended(self.cluster["properties"])
        return Answer(200, {"name": "1", **self.ending})

    def _ended(self, properties: Body) -> None:
        if properties["provisioningState"] == "Deleting":
            self.cluster = None
            return
        stopped = properties["provisioningState"] == "Stopping"
        properties["provisioningState"] = self.ending["status"]
        properties["powerState"] = {"code": "Stopped" if stopped else "Running"}


def _sku(name: str) -> Body:
    cpus = re.findall(r"\d+", name)[0]
    able = [{"name": "vCPUs", "value": cpus}, {"name": "MemoryGB", "value": "32"}]
    if name.startswith("Standard_N"):
        able.append({"name": "GPUs", "value": "1"})
    return {"resourceType": "virtualMachines", "name": name, "family": "standardDSv5Family", "capabilities": able}


@contextmanager
def arm_server(folder: Path) -> Iterator[ArmServer]:
    """A server until the end of the context."""
    authority = Authority.create(folder, "ca")
    pair = authority.server("arm", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        server = ArmServer(f"https://127.0.0.1:{listening.server_port}", authority.pair.certificate_file)
        listening.arm = server  # type: ignore[attr-defined]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        arm: ArmServer = self.server.arm  # type: ignore[attr-defined]
        if parts.path == "/metadata/endpoints":
            answer = Answer(200, arm.metadata)
        elif parts.path.startswith("/contoso/"):
            answer = arm.login(parts.path)
        elif self.headers.get("Authorization") != "Bearer valid":
            answer = Answer(401, error("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier."))
        else:
            answer = arm.answer(self.command, parts.path, parse_qs(parts.query), json.loads(content or b"{}"))
        text = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", "Connection": "close", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815 - the names that the base class looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of the base class
        """Nothing: the tests say what they saw."""
