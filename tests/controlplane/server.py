"""Starts and stops a control plane on loopback: etcd, kube-apiserver, kube-scheduler, kube-controller-manager."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.controlplane.certificates import Authority, write_signing_key
from tests.controlplane.folder import StateFolder
from tests.controlplane.processes import ControlPlaneFailed, Process

LOOPBACK = "127.0.0.1"
SERVICE_NETWORK = "10.96.0.0/16"
FIRST_SERVICE_ADDRESS = "10.96.0.1"  # the ClusterIP of the Service kubernetes
# Endpoints may not be on loopback, so the Service kubernetes points at an address that documentation is written with.
ADVERTISED_ADDRESS = "192.0.2.1"
CONTEXT = "kfinstall-test"
ISSUER = "https://kubernetes.default.svc.cluster.local"

# The groups of each user. installer has no right before a test binds it; viewer is bound to the ClusterRole view.
USERS: dict[str, tuple[str, ...]] = {
    "admin": ("system:masters",),
    "alice": (),
    "installer": (),
    "viewer": (),
    "system:kube-scheduler": (),
    "system:kube-controller-manager": (),
}
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ATTEMPTS = 3  # a port that was free may be taken before the process binds it
PORT_TAKEN = "address already in use"
STARTUP_SECONDS = 120.0
POLL_SECONDS = 0.05


@dataclass
class ControlPlane:
    """A control plane of its own, from the folder of its binaries; use it with `with`.

    Without a controller manager nothing creates the ServiceAccount that a Pod needs, so that admission is off then;
    and nothing fills the ClusterRole view from the roles that it is made of, so viewer is bound to the main one.
    """

    binaries: Path
    scheduler: bool = True
    controller_manager: bool = True
    apiserver_args: Sequence[str] = ()
    _state: StateFolder | None = field(default=None, init=False, repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    _processes: list[Process] = field(default_factory=list, init=False, repr=False)
    _port: int = field(default=0, init=False, repr=False)
    _etcd_port: int = field(default=0, init=False, repr=False)

    has_users = True

    @property
    def has_scheduler(self) -> bool:
        """Whether the scheduler runs."""
        return self.scheduler

    @property
    def has_controller_manager(self) -> bool:
        """Whether the controller manager runs."""
        return self.controller_manager

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"https://{LOOPBACK}:{self._port}"

    @property
    def folder(self) -> Path:
        """The folder of everything this control plane wrote: certificates, tokens, kubeconfigs, data, logs."""
        if self._state is None:
            raise ControlPlaneFailed("the control plane is not running")
        return self._state.path

    @property
    def ca_file(self) -> Path:
        """The authority that vouches for the API server."""
        return self.folder / "ca.crt"

    @property
    def kubectl(self) -> Path:
        """The kubectl beside the other binaries."""
        return self.binaries / "kubectl"

    def token(self, user: str) -> str:
        """The bearer token of the user."""
        return self._tokens[user]

    def kubeconfig(self, user: str = "admin") -> Path:
        """A kubeconfig of the user, readable by the owner alone and complete in itself."""
        path = self.folder / f"kubeconfig-{user.replace(':', '-')}"
        if not path.exists():
            document = _kubeconfig(self.url, self.ca_file, user, self.token(user))
            _write_private(path, yaml.safe_dump(document, sort_keys=False))
        return path

    def logs(self) -> str:
        """The tail of each process's log."""
        return "\n".join(process.tail() for process in self._processes)

    def compact(self, version: str) -> None:
        """Have etcd forget what was before a resourceVersion, which it does by itself every five minutes."""
        body = json.dumps({"revision": version, "physical": True})
        connection = http.client.HTTPConnection(LOOPBACK, self._etcd_port, timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", "/v3/kv/compaction", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise ControlPlaneFailed(f"etcd did not compact: {response.status} {response.read()!r}")

    def __enter__(self) -> Self:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start()
                return self
            except ControlPlaneFailed:
                retry = attempt < ATTEMPTS and self._lost_a_port()
                self.stop()
                if not retry:
                    raise
            except BaseException:
                self.stop()
                raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the processes, those that need the API server first, and removes the folder."""
        for process in self._processes:
            if process.name not in {"etcd", "kube-apiserver"}:
                process.terminate()
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
        self._tokens.clear()
        if self._state is not None:
            self._state.remove()
            self._state = None

    def _start(self) -> None:
        self._state = StateFolder.create()
        self._write_credentials()
        self._etcd_port, peer_port, self._port = free_ports(3)
        self._run("etcd", _etcd_arguments(self.folder, self._etcd_port, peer_port))
        self._run("kube-apiserver", self._apiserver_arguments(self._etcd_port))
        self._wait_for("/readyz to say ok", lambda: self._get("/readyz")[0] == http.HTTPStatus.OK)
        if self.controller_manager:
            self._run("kube-controller-manager", self._controller_manager_arguments())
        if self.scheduler:
            self._run("kube-scheduler", self._scheduler_arguments())
        self._bind_viewer()
        self._wait_for(
            "the namespace default", lambda: self._get("/api/v1/namespaces/default")[0] == http.HTTPStatus.OK
        )
        if self.controller_manager:
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._wait_for("its ServiceAccount", lambda: self._get(account)[0] == http.HTTPStatus.OK)
            view = f"{RBAC}/clusterroles/view"
            self._wait_for("the rules of view", lambda: bool(json.loads(self._get(view)[1]).get("rules")))

    def _run(self, name: str, arguments: Sequence[str]) -> None:
        binary = self.binaries / name
        try:
            self._processes.append(Process.start(binary, arguments, self.folder))
        except OSError as error:
            raise ControlPlaneFailed(f"{binary} did not start: {error}") from error

    def _write_credentials(self) -> None:
        authority = Authority.create(self.folder, "ca")
        authority.server("apiserver", [LOOPBACK, FIRST_SERVICE_ADDRESS])
        authority.client("apiserver-kubelet-client")
        front_proxy = Authority.create(self.folder, "front-proxy-ca")
        front_proxy.client("front-proxy-client")
        write_signing_key(self.folder / "service-account.key")
        self._tokens.update((user, secrets.token_urlsafe(32)) for user in USERS)
        lines = (f'{self._tokens[user]},{user},{user},"{",".join(groups)}"\n' for user, groups in USERS.items())
        _write_private(self.folder / "tokens.csv", "".join(lines))

    def _apiserver_arguments(self, etcd_port: int) -> list[str]:
        folder = self.folder
        unserved = [] if self.controller_manager else ["--disable-admission-plugins=ServiceAccount"]
        return [
            f"--etcd-servers=http://{LOOPBACK}:{etcd_port}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={self._port}",
            f"--advertise-address={ADVERTISED_ADDRESS}",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--cert-dir={folder}",
            f"--tls-cert-file={folder}/apiserver.crt",
            f"--tls-private-key-file={folder}/apiserver.key",
            f"--client-ca-file={folder}/ca.crt",
            f"--kubelet-client-certificate={folder}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={folder}/apiserver-kubelet-client.key",
            f"--token-auth-file={folder}/tokens.csv",
            "--authorization-mode=Node,RBAC",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={folder}/service-account.key",
            f"--service-account-signing-key-file={folder}/service-account.key",
            f"--requestheader-client-ca-file={folder}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={folder}/front-proxy-client.crt",
            f"--proxy-client-key-file={folder}/front-proxy-client.key",
            "--enable-aggregator-routing",
            "--allow-privileged",
            "--profiling=false",
            *unserved,
            *self.apiserver_args,
        ]

    def _controller_manager_arguments(self) -> list[str]:
        """Each controller with its own rights, as kubeadm runs them; no rate limit of clients, nobody shares this."""
        return [
            f"--kubeconfig={self.kubeconfig('system:kube-controller-manager')}",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self.folder}/service-account.key",
            f"--root-ca-file={self.ca_file}",
            f"--cluster-signing-cert-file={self.ca_file}",
            f"--cluster-signing-key-file={self.folder}/ca.key",
            *_client_arguments(),
        ]

    def _scheduler_arguments(self) -> list[str]:
        return [f"--kubeconfig={self.kubeconfig('system:kube-scheduler')}", *_client_arguments()]

    def _wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not condition():
            for process in self._processes:
                process.check()
            if time.monotonic() > deadline:
                raise ControlPlaneFailed(f"waited {STARTUP_SECONDS:.0f} s for {what}\n{self.logs()}")
            time.sleep(POLL_SECONDS)

    def _lost_a_port(self) -> bool:
        return any(PORT_TAKEN in process.tail() for process in self._processes)

    def _bind_viewer(self) -> None:
        role = "view" if self.controller_manager else "system:aggregate-to-view"
        body = json.dumps(_cluster_role_binding("kfinstall-test-viewer", role, "viewer")).encode()
        status, answer = self._request("POST", f"{RBAC}/clusterrolebindings", body)
        if status != http.HTTPStatus.CREATED:
            raise ControlPlaneFailed(f"viewer could not be bound: {status} {answer.decode(errors='replace')}")

    def _get(self, path: str) -> tuple[int, bytes]:
        try:
            return self._request("GET", path, None)
        except OSError:
            return 0, b"{}"  # nobody listens yet

    def _request(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """One request as admin, with what Python brings along: a client library takes longer to load than this."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        headers = {"Authorization": f"Bearer {self.token('admin')}", "Content-Type": "application/json"}
        connection = http.client.HTTPSConnection(LOOPBACK, self._port, context=context, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()


def _etcd_arguments(folder: Path, client_port: int, peer_port: int) -> list[str]:
    """An etcd of one member that syncs nothing to disk: its data need not survive the machine."""
    client, peer = f"http://{LOOPBACK}:{client_port}", f"http://{LOOPBACK}:{peer_port}"
    return [
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _client_arguments() -> list[str]:
    """A single instance that elects no leader, serves nothing and is not slowed down by its own rate limit."""
    return [
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def _cluster_role_binding(name: str, role: str, user: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }


def _kubeconfig(url: str, ca_file: Path, user: str, token: str) -> dict[str, Any]:
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(ca_file.read_bytes()).decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user}}],
        "current-context": CONTEXT,
    }


def _write_private(path: Path, text: str) -> None:
    """Never readable by others, not even for the moment between writing and chmod."""
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all are held until all are found, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]
