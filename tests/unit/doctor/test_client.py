"""The way to the cluster: servers on loopback that answer as badly as real ones, and a kubeconfig that leads there."""

import base64
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from checks.client import CHECKS, kubeconfig, tools
from kfinstall.cli.doctor import doctor
from kfinstall.contracts.client import Client, Hurdle, Way
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.platform import ClusterPhase, ClusterStatus, KnownCluster, Tool
from kfinstall.doctor.examination import examine
from kfinstall.doctor.snapshot import Collected
from kfinstall.facts.classify.catalogue import catalogue
from tests.controlplane.certificates import Authority, KeyPair

TAKEN = "2026-01-01T00:00:00Z"


class Answering(BaseHTTPRequestHandler):
    """Answers each request with the same status and body."""

    status = 200
    body = b"<html>Welcome</html>"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(pair: KeyPair | None, status: int = 200, body: bytes = Answering.body) -> Iterator[int]:
    """A server on loopback, with TLS where it gets a certificate; its port."""
    handler = type("Handler", (Answering,), {"status": status, "body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.certificate_file, pair.key_file)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path, "ca")


def written(path: Path, server: str, *, ca: Path | None = None, **user: Any) -> Path:
    """A kubeconfig with one context, "here"."""
    cluster = {"server": server, **({"certificate-authority": str(ca)} if ca else {})}
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1", "kind": "Config", "current-context": "here",
                "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user or {"token": "abc"}}],
            }
        )
    )  # fmt: skip
    return path


def report(kubeconfig: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `kfinstall doctor`, which must not raise."""
    done = CliRunner().invoke(
        doctor, ["--kubeconfig", str(kubeconfig), "-o", "json", *arguments], standalone_mode=False
    )
    assert done.exception is None, done.exception
    return done.return_value, json.loads(done.stdout)


def root(kubeconfig: Path, *arguments: str) -> dict[str, Any]:
    """The only finding; every check of the cluster says that it could not look."""
    code, document = report(kubeconfig, *arguments)
    assert code == 3
    asked = {each["status"] for each in document["checks"] if each["area"] != "client"}
    assert asked == {"skipped"}
    [finding] = document["findings"]
    assert finding["remedy"]["text"]
    assert finding["remedy"]["commands"]
    found: dict[str, Any] = finding
    return found


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_nobody_listens(tmp_path: Path) -> None:
    server = f"https://127.0.0.1:{unused_port()}"
    finding = root(written(tmp_path / "config", server))
    assert finding["cause"] == "cl-localhost-8080"
    assert finding["title"] == f"Nothing listens at {server}"


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    finding = root(written(tmp_path / "config", "https://api.nowhere.invalid:6443"))
    assert finding["title"] == "The name of the API server is not known here: api.nowhere.invalid"
    assert finding["remedy"]["commands"][0] == "nslookup api.nowhere.invalid"


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        finding = root(written(tmp_path / "config", server), "--request-timeout", "1s")
    assert finding["title"] == f"{server} does not answer in time"


def test_a_certificate_of_somebody_else(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "other").mkdir()
    other = Authority.create(tmp_path / "other", "ca")
    with serving(other.server("api", ["127.0.0.1"])) as port:
        config = written(tmp_path / "config", f"https://127.0.0.1:{port}", ca=authority.pair.certificate_file)
        finding = root(config)
    assert finding["cause"] == "cert-kubeconfig"
    assert "signed by somebody whom the kubeconfig does not trust" in finding["title"]
    assert f"openssl s_client -connect 127.0.0.1:{port}" in finding["remedy"]["commands"][0]


def test_a_certificate_for_other_names(tmp_path: Path, authority: Authority) -> None:
    with serving(authority.server("api", ["10.0.0.1"], ["api.example.com"])) as port:
        config = written(tmp_path / "config", f"https://127.0.0.1:{port}", ca=authority.pair.certificate_file)
        finding = root(config)
    assert finding["title"] == "The certificate of the API server is not for the name 127.0.0.1"
    assert "--tls-server-name" in finding["remedy"]["commands"][-1]


def test_a_server_without_tls(tmp_path: Path) -> None:
    with serving(None) as port:
        finding = root(written(tmp_path / "config", f"https://127.0.0.1:{port}"))
    assert finding["cause"] == "cl-not-apiserver"


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (200, b"<html>Log in</html>", "cl-not-apiserver"),
        (404, b"not found", "cl-not-apiserver"),
        (401, b'{"kind": "Status", "message": "Unauthorized"}', "rbac-unauthorized"),
        (403, b'{"kind": "Status", "reason": "Forbidden", "message": "no"}', "rbac-forbidden-verb"),
    ],
)
def test_what_a_server_answers(tmp_path: Path, authority: Authority, status: int, body: bytes, cause: str) -> None:
    with serving(authority.server("api", ["127.0.0.1"]), status, body) as port:
        config = written(tmp_path / "config", f"https://127.0.0.1:{port}", ca=authority.pair.certificate_file)
        assert root(config)["cause"] == cause


def test_a_proxy_that_lets_nobody_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused_port()}")
    finding = root(written(tmp_path / "config", "https://api.example.com:6443"))
    assert finding["cause"] == "net-proxy-misconfig"
    assert "export NO_PROXY=$NO_PROXY,api.example.com" in finding["remedy"]["commands"]


def expired(folder: Path) -> dict[str, str]:
    """A user whose certificate ended yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=1))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key").write_bytes(secret)
    pem = dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return {"client-certificate-data": base64.b64encode(pem).decode(), "client-key": str(folder / "key")}


def test_a_client_certificate_that_has_expired(tmp_path: Path, authority: Authority) -> None:
    with serving(authority.server("api", ["127.0.0.1"]), 401, b"{}") as port:
        config = written(
            tmp_path / "config", f"https://127.0.0.1:{port}", ca=authority.pair.certificate_file, **expired(tmp_path)
        )
        finding = root(config)
    assert finding["cause"] == "cert-kubeconfig"
    assert finding["title"].startswith("The certificate of the kubeconfig's user expired on ")
    assert "sudo kubeadm certs renew all" in finding["remedy"]["commands"]


def test_there_is_no_kubeconfig(tmp_path: Path) -> None:
    finding = root(tmp_path / "none")
    assert finding["title"] == f"There is no kubeconfig: {tmp_path / 'none'}"


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"current-context": ""}, "The kubeconfig has no current context"),
        ({"current-context": "hare"}, 'The kubeconfig has no context "hare"'),
        ({"clusters": []}, 'Context "here" names a cluster "c" that the kubeconfig does not have'),
        ({"users": []}, 'Context "here" names a user "u" that the kubeconfig does not have'),
        ({"contexts": "?", "clusters": None}, "The kubeconfig cannot be used: {path}"),
    ],
)
def test_a_kubeconfig_that_leads_nowhere(tmp_path: Path, change: dict[str, Any], title: str) -> None:
    config = written(tmp_path / "config", "https://127.0.0.1:1")
    config.write_text(yaml.safe_dump({**yaml.safe_load(config.read_text()), **change}))
    finding = root(config)
    assert finding["title"] == title.format(path=config)
    if "hare" in title:
        assert finding["remedy"]["text"] == 'Did you mean "here"?'


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_login_program_that_is_not_there(tmp_path: Path) -> None:
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "my-login", "interactiveMode": "Never",
               "installHint": "Get my-login\nfrom the intranet."}  # fmt: skip
    finding = root(written(tmp_path / "config", "https://127.0.0.1:1", exec=command))
    assert (finding["cause"], finding["remedy"]["text"]) == ("cl-login-missing", "Get my-login from the intranet.")


def test_a_login_program_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "kubelogin", "echo 'AADSTS700082: The refresh token has expired' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "kubelogin", "interactiveMode": "Never"}
    finding = root(written(tmp_path / "config", "https://127.0.0.1:1", exec=command))
    assert finding["cause"] == "cl-login-failed"
    assert "refresh token has expired" in finding["evidence"][0]["text"]
    assert finding["remedy"]["commands"] == ["az login"]


def test_when_nothing_is_found_and_nothing_is_known_it_is_not_well(tmp_path: Path) -> None:
    code, document = report(written(tmp_path / "config", "https://127.0.0.1:1"), "--only", "storage")
    assert (code, document["findings"]) == (3, [])


def asked(look: Callable[[Collected], Iterator[Finding]], client: Client, version: str = "v1.34.1") -> list[Finding]:
    return list(look(Collected({}, version=version, client=client)))


def test_a_certificate_that_soon_expires() -> None:
    way = Way(context="kind-lab", expires="2026-01-05T00:00:00Z")
    [finding] = asked(kubeconfig, Client(way, TAKEN))
    assert finding.title == "The certificate of the kubeconfig's user expires in 4 days"
    assert finding.remedy.commands == ("kind export kubeconfig --name lab",)
    assert not asked(kubeconfig, Client(replace(way, expires="2026-06-05T00:00:00Z"), TAKEN))


def test_programs_that_are_missing_or_of_another_age() -> None:
    client = Client(
        Way(), TAKEN, "v1.31.2", "minikube", (Tool("docker", "", "https://docker"), Tool("minikube", "1", ""))
    )
    missing, skewed = asked(tools, client)
    assert missing.title == "minikube needs docker, which is not here"
    assert skewed.title.startswith("kubectl is v1.31.2 and the API server v1.34.1")
    assert not asked(tools, replace(client, kubectl="v1.35.0", tools=()))
    assert not asked(tools, replace(client, kubectl="", tools=()))
    assert not asked(tools, replace(client, kubectl="v1.31.2-dispatcher", tools=()))


def test_the_cluster_of_a_file_that_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installing makes it: that is no trouble; what its platform finds in the way is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "install.yaml"
    file.write_text("apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform: {type: minikube, profile: lab}\n"
                    "kubeflow: {preset: starter}\n")  # fmt: skip
    done = CliRunner().invoke(doctor, ["-f", str(file), "-o", "json"], standalone_mode=False)
    assert done.exception is None, done.exception
    found = {each["cause"]: each for each in json.loads(done.stdout)["findings"]}
    assert found["cl-cluster-stopped"]["title"] == "minikube: there is no cluster lab yet"
    assert found["cl-cluster-stopped"]["severity"] == "info"
    assert found["minikube-missing"]["severity"] == "error"
    assert "cl-tool-missing" not in found
    assert done.return_value == 3


@pytest.mark.parametrize(
    ("phase", "made", "severity"),
    [(ClusterPhase.STOPPED, False, Severity.ERROR), (ClusterPhase.ABSENT, True, Severity.INFO)],
)
def test_a_cluster_that_rests_is_told_as_that(phase: ClusterPhase, made: bool, severity: Severity) -> None:
    known = KnownCluster("lab", ClusterStatus(phase, "4 CPUs"), "lab", start="minikube start -p lab")
    client = Client(Way(context="lab", hurdle=Hurdle.REFUSED), TAKEN, platform="minikube", known=known, made=made)
    [root] = examine(Collected({}, client=client, unreached="?"), CHECKS).roots
    assert root.finding.severity is severity
    assert root.finding.cause == "cl-cluster-stopped"
    assert root.finding.remedy.commands == ("minikube start -p lab",)


@pytest.mark.parametrize("hurdle", Hurdle)
def test_every_hurdle_is_a_finding_of_the_catalogue(hurdle: Hurdle) -> None:
    client = Client(Way(server="https://example.com:6443", context="a", hurdle=hurdle), TAKEN)
    [root] = examine(Collected({}, client=client, unreached="?"), CHECKS).roots
    assert root.finding.cause in catalogue().causes
    assert root.finding.remedy.text
    assert root.finding.remedy.commands
