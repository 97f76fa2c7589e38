"""Repos and documents over HTTP, from files and from folders: against a real server on loopback."""

import datetime
import hashlib
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kfinstall.errors import FetchError, KfinstallError
from kfinstall.render.address import locate, shown
from kfinstall.render.fetch import Fetcher, document
from kfinstall.render.limits import Limits

from .conftest import Server
from .making import member, tar_gz, tar_of, write, zipped

FAST = Limits(pause=0.01, connect=2, read=2)


def fetcher(cache: Path, sources: dict[str, str] | None = None, limits: Limits = FAST) -> tuple[Fetcher, list[str]]:
    warnings: list[str] = []
    return Fetcher(cache, sources or {}, limits, warnings.append), warnings


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    return tar_gz(tmp_path / "repo.tar.gz", {"app/a.yaml": "a: 1\n"}, top="manifests-1.0/").read_bytes()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_archive_comes_without_its_top_folder(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/repo.tar.gz"] = (200, {}, archive)
    getter, warnings = fetcher(cache)
    tree = getter.tree(f"{server.url}/repo.tar.gz")
    assert (tree.root_for("app") / "app/a.yaml").read_text() == "a: 1\n"
    assert tree.digest == sha256(archive)
    assert "plain http" in warnings[0]


def test_a_sha256_makes_plain_http_good_enough(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/repo.tar.gz"] = (200, {}, archive)
    getter, warnings = fetcher(cache)
    getter.tree(f"{server.url}/repo.tar.gz", sha256(archive).upper())
    assert warnings == []
    again, _warnings = fetcher(cache)
    again.tree(f"{server.url}/repo.tar.gz", sha256(archive))
    assert len(server.seen) == 1, "what is pinned and here is not asked for again"


def test_another_sha256_is_refused(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/repo.tar.gz"] = (200, {}, archive)
    with pytest.raises(FetchError, match="is not what it should be"):
        fetcher(cache)[0].tree(f"{server.url}/repo.tar.gz", "0" * 64)
    assert not list((cache / "trees").iterdir())


def test_an_etag_saves_the_second_download(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/r"] = (200, {"etag": '"1"'}, archive)
    first = fetcher(cache)[0].tree(f"{server.url}/r")
    second = fetcher(cache)[0].tree(f"{server.url}/r")
    assert first == second
    assert [headers.get("if-none-match") for _path, headers in server.seen] == [None, '"1"']
    server.routes["/r"] = (200, {"etag": '"2"'}, tar_gz(cache.parent / "n.tgz", {"new": ""}).read_bytes())
    assert fetcher(cache)[0].tree(f"{server.url}/r").digest != first.digest


def test_without_network_the_copy_does(server: Server, cache: Path, archive: bytes) -> None:
    url = f"{server.url}/repo.tar.gz"
    server.routes["/repo.tar.gz"] = (200, {}, archive)
    first = fetcher(cache)[0].tree(url)
    server.routes["/repo.tar.gz"] = (503, {}, b"")
    getter, warnings = fetcher(cache)
    assert getter.tree(url) == first
    assert "the copy that was fetched earlier is used" in warnings[-1]
    server.routes["/repo.tar.gz"] = (404, {}, b"")
    with pytest.raises(FetchError, match="404"):
        fetcher(cache)[0].tree(url)


def test_no_connection_is_explained(cache: Path, server: Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x.tar.gz"
        with pytest.raises(FetchError) as caught:
            fetcher(cache)[0].tree(url)
    assert "Connection refused" in caught.value.why
    assert "sources" in caught.value.fix


def test_a_host_that_is_not_there(cache: Path, server: Server) -> None:
    with pytest.raises(FetchError, match="There is no host of that name"):
        fetcher(cache)[0].tree("http://kfinstall.invalid/x.tar.gz")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, cache: Path, archive: bytes, status: int) -> None:
    server.routes["/r"] = [(status, {"retry-after": "0"}, b""), (200, {}, archive)]
    fetcher(cache)[0].tree(f"{server.url}/r")
    assert len(server.seen) == 2


@pytest.mark.parametrize(("status", "words"), [(404, "nothing at this address"), (403, "login"), (401, "login")])
def test_a_refusal_is_final(server: Server, cache: Path, status: int, words: str) -> None:
    server.routes["/r"] = (status, {}, b"<html>no</html>")
    with pytest.raises(FetchError, match=words):
        fetcher(cache)[0].tree(f"{server.url}/r")
    assert len(server.seen) == 1


def test_a_long_retry_after_is_not_waited_for(server: Server, cache: Path) -> None:
    server.routes["/r"] = (503, {"retry-after": "3600"}, b"")
    with pytest.raises(FetchError, match="overloaded"):
        fetcher(cache)[0].tree(f"{server.url}/r")
    assert len(server.seen) == 1


def test_redirects_are_followed_but_not_for_ever(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/r"] = (302, {"location": "/elsewhere"}, b"")
    server.routes["/elsewhere"] = (200, {}, archive)
    fetcher(cache)[0].tree(f"{server.url}/r")
    server.routes["/loop"] = (302, {"location": "/loop"}, b"")
    with pytest.raises(FetchError, match="redirects more than 10 times"):
        fetcher(cache)[0].tree(f"{server.url}/loop")


def test_a_redirect_to_another_scheme_is_refused(server: Server, cache: Path) -> None:
    server.routes["/r"] = (302, {"location": "file:///etc/passwd"}, b"")
    with pytest.raises(FetchError, match="which is not https"):
        fetcher(cache)[0].tree(f"{server.url}/r")


def test_credentials_go_to_their_host_only_and_into_no_error(server: Server, cache: Path) -> None:
    other = Server()
    try:
        server.routes["/r"] = (302, {"location": f"{other.url}/r"}, b"")
        url = server.url.replace("//", "//user:s3cret@") + "/r?token=s3cret"
        with pytest.raises(KfinstallError) as caught:
            fetcher(cache)[0].tree(url)
    finally:
        other.stop()
    assert server.seen == [] or server.seen[0][1]["authorization"].startswith("Basic ")
    assert all("authorization" not in headers for _path, headers in other.seen)
    assert "s3cret" not in str(caught.value)
    assert not [path for path in cache.rglob("*") if path.is_file() and "s3cret" in path.read_text()]


def test_a_web_page_is_named(server: Server, cache: Path) -> None:
    server.routes["/r"] = (200, {"content-type": "text/html"}, b"<!DOCTYPE html><html>Sign in</html>")
    with pytest.raises(FetchError, match="it is a web page"):
        fetcher(cache)[0].tree(f"{server.url}/r")
    with pytest.raises(FetchError, match="It is a web page"):
        document(f"{server.url}/r", cache=cache, limits=FAST)


@pytest.mark.parametrize("headers", [{}, {"content-length": "9999999"}])
def test_too_big_a_download_is_refused(server: Server, cache: Path, headers: dict[str, str]) -> None:
    server.routes["/r"] = (200, headers, b"x" * 3_000_000)
    with pytest.raises(FetchError, match="larger than 1 MiB"):
        fetcher(cache, limits=Limits(download=1024 * 1024, pause=0.01))[0].tree(f"{server.url}/r")


def test_a_download_that_breaks_off(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/r"] = (200, {"content-length": str(len(archive) + 50)}, archive)
    with pytest.raises(FetchError, match="broke in the middle"):
        fetcher(cache)[0].tree(f"{server.url}/r")
    assert len(server.seen) == FAST.retries


def test_a_climbing_archive_leaves_nothing(server: Server, cache: Path, tmp_path: Path) -> None:
    server.routes["/r"] = (200, {}, tar_of(tmp_path / "a", member("../evil")).read_bytes())
    with pytest.raises(FetchError, match="leads out of the folder"):
        fetcher(cache)[0].tree(f"{server.url}/r")
    assert [path for path in cache.rglob("*") if path.is_file() and path.parent.name != "locks"] == []


def test_a_damaged_copy_is_fetched_again(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/r"] = (200, {"etag": '"1"'}, archive)
    tree = fetcher(cache)[0].tree(f"{server.url}/r")
    (tree.folder / "manifests-1.0/app/a.yaml").unlink()
    assert fetcher(cache)[0].tree(f"{server.url}/r") == tree
    assert (tree.folder / "manifests-1.0/app/a.yaml").is_file()


def test_many_threads_fetch_once(server: Server, cache: Path, archive: bytes) -> None:
    server.routes["/r"] = (200, {}, archive)
    getter, _warnings = fetcher(cache)
    threads = [threading.Thread(target=getter.tree, args=(f"{server.url}/r",)) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.seen) == 1


def test_many_processes_share_a_cache(cache: Path, tmp_path: Path) -> None:
    """Each with a Fetcher of its own, over a damaged copy: whoever reads one finds it whole."""
    path = tar_gz(tmp_path / "a.tgz", {f"app/{n}.yaml": "a: 1\n" for n in range(300)})
    tree = fetcher(cache)[0].tree(str(path))
    (tree.folder / "app/0.yaml").unlink()
    found: list[int] = []

    def use() -> None:
        folder = fetcher(cache)[0].tree(str(path)).folder
        found.append(len(list((folder / "app").iterdir())))

    threads = [threading.Thread(target=use) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [300] * 6
    assert sorted(entry.suffix for entry in (cache / "trees").iterdir()) == ["", ".json"]


def test_the_proxy_of_the_environment(
    server: Server, cache: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//me:pw@"))
    server.routes["http://repo.invalid/r"] = (200, {}, archive)
    fetcher(cache)[0].tree("http://repo.invalid/r")
    assert server.seen[0][1]["proxy-authorization"].startswith("Basic ")
    monkeypatch.setenv("NO_PROXY", "repo.invalid")
    with pytest.raises(FetchError, match="no host of that name"):
        fetcher(cache / "other")[0].tree("http://repo.invalid/r")


def test_a_proxy_that_wants_a_login(server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.routes["http://repo.invalid/r"] = (407, {}, b"")
    with pytest.raises(FetchError, match="The proxy wants a login"):
        fetcher(cache)[0].tree("http://repo.invalid/r")


def _certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_https_is_verified(
    server: Server, cache: Path, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.httpd.socket = context.wrap_socket(server.httpd.socket, server_side=True)
    server.routes["/r"] = (200, {}, archive)
    url = server.url.replace("http:", "https:") + "/r"
    with pytest.raises(FetchError, match="certificate is not trusted"):
        fetcher(cache)[0].tree(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    getter, warnings = fetcher(cache)
    assert getter.tree(url).digest == sha256(archive)
    assert warnings == []
    server.routes["/down"] = (302, {"location": url.replace("https:", "http:")}, b"")
    with pytest.raises(FetchError, match="which is not https"):
        getter.tree(url.replace("/r", "/down"))


# --- files and folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
@pytest.mark.parametrize("make", [tar_gz, zipped])
def test_a_local_archive(tmp_path: Path, cache: Path, form: str, make: Any) -> None:
    path = make(tmp_path / "a", {"manifests-1.0/app/a.yaml": "a: 1\n"})
    tree = fetcher(cache)[0].tree(form.format(path=path))
    assert (tree.root_for("app") / "app/a.yaml").is_file()


def test_a_folder_is_used_where_it_is(tmp_path: Path, cache: Path) -> None:
    folder = write(tmp_path / "repo", {"app/a.yaml": "a: 1\n", ".git/HEAD": "x"})
    first = fetcher(cache)[0].tree(str(folder))
    assert first.folder == folder
    write(folder, {".git/HEAD": "y"})
    assert fetcher(cache)[0].tree(str(folder)) == first
    write(folder, {"app/a.yaml": "a: 2\n"})
    assert fetcher(cache)[0].tree(str(folder)).digest != first.digest


def test_the_only_folder_of_an_archive_stays_where_the_path_names_it(tmp_path: Path, cache: Path) -> None:
    path = tar_gz(tmp_path / "a.tgz", {"app/base/a.yaml": ""})
    tree = fetcher(cache)[0].tree(str(path))
    assert (tree.root_for("app/base") / "app/base/a.yaml").is_file()
    assert (tree.root_for("base") / "base/a.yaml").is_file()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/nowhere/at/all", "no such file"),
        ("s3://bucket/x.tar.gz", "s3 is not supported"),
        ("git::https://user:s3cret@x/y", "git is not supported|cannot be fetched"),
        ("file://host/x", "no other machine"),
    ],
)
def test_addresses_that_lead_nowhere(cache: Path, address: str, words: str) -> None:
    with pytest.raises(FetchError, match=words) as caught:
        fetcher(cache)[0].tree(address)
    assert "s3cret" not in str(caught.value)


def test_a_document(server: Server, cache: Path, tmp_path: Path) -> None:
    server.routes["/kfdef.yaml"] = (200, {"etag": '"1"'}, b"\xef\xbb\xbfkind: KfDef\n")
    assert document(f"{server.url}/kfdef.yaml", cache=cache) == "kind: KfDef\n"
    assert document(f"{server.url}/kfdef.yaml", cache=cache) == "kind: KfDef\n"
    assert document(str(write(tmp_path, {"k.yaml": "a: ü\n"}) / "k.yaml"), cache=cache) == "a: ü\n"
    (tmp_path / "latin").write_bytes("ü".encode("latin-1"))
    with pytest.raises(FetchError, match="not UTF-8"):
        document(str(tmp_path / "latin"), cache=cache)
    with pytest.raises(FetchError, match="larger than 1 MiB"):
        document(str(write(tmp_path, {"big": "x" * 2_000_000}) / "big"), cache=cache, limits=Limits(document=2**20))


# --- mirrors ------------------------------------------------------------------------------------------------

GITHUB = "https://github.com/kubeflow/manifests/archive/v1.tar.gz"


def test_the_longest_mirror_wins(tmp_path: Path) -> None:
    sources = {
        "https://github.com": "https://mirror.example/github",
        "https://github.com/kubeflow/manifests/archive/": str(tmp_path),
        GITHUB: str(tmp_path / "exactly.tar.gz"),
    }
    assert locate(GITHUB, sources).path == tmp_path / "exactly.tar.gz"
    assert locate(GITHUB.replace("v1", "v2"), sources).path == tmp_path / "v2.tar.gz"
    other = locate("https://github.com/other/x.tar.gz", sources)
    assert other.url == "https://mirror.example/github/other/x.tar.gz"
    assert locate("https://github.community/x", sources).url == "https://github.community/x"


def test_a_repository_mirrored_as_a_folder_or_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "checkout", {"README": ""})
    sources = {"https://github.com/kubeflow/manifests": str(folder)}
    assert locate(GITHUB, sources).path == folder
    archive = tar_gz(tmp_path / "a.tar.gz", {})
    assert locate(GITHUB, {"https://github.com/kubeflow/manifests": f"file://{archive}"}).path == archive


def test_an_address_does_not_leave_its_mirror(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="leads out of its mirror"):
        locate("https://x/a/../../etc/passwd", {"https://x/": str(tmp_path)})


def test_nothing_secret_is_shown() -> None:
    assert shown("https://user:pw@host:8443/path?token=x#y") == "https://host:8443/path"
    assert shown("git::https://user:p@w@host/path//sub?ref=v1") == "git::https://host/path//sub"
    assert shown("/a/path?with=this") == "/a/path?with=this"
