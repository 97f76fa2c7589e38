"""Finding a kustomize: on PATH, by the variable, or downloaded; and what it says when it fails."""

import hashlib
import platform
from pathlib import Path

import pytest

from kfinstall.errors import RenderError, ToolMissing
from kfinstall.render import kustomize
from kfinstall.render.fetch import Fetcher
from kfinstall.render.kustomize import VARIABLE, find, parse_version
from kfinstall.render.limits import Limits

from .making import tar_gz

SCRIPT = "#!/bin/sh\n{body}\n"


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(SCRIPT.format(body=body))
    path.chmod(0o755)
    return path


def a_kubectl(folder: Path, version: str) -> Path:
    return program(folder, "kubectl", f"""echo '{{"clientVersion": {{}}, "kustomizeVersion": "{version}"}}'""")


@pytest.fixture
def getter(cache: Path) -> Fetcher:
    return Fetcher(cache, {"https://github.com/kubernetes-sigs/kustomize": "/nowhere"}, Limits(retries=1))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def test_kustomize_comes_before_kubectl(path: Path, getter: Fetcher) -> None:
    a_kubectl(path, "v5.5.0")
    own = program(path, "kustomize", "echo v5.6.0")
    assert find("5.0", getter).command == (str(own), "build")


def test_one_that_is_too_old_is_passed_over(path: Path, getter: Fetcher) -> None:
    program(path, "kustomize", "echo v4.5.7")
    kubectl = a_kubectl(path, "v5.5.0")
    found = find("5.4.2", getter)
    assert (found.command, found.version) == ((str(kubectl), "kustomize"), "v5.5.0")
    with pytest.raises(ToolMissing) as caught:
        find("5.5.1", getter)
    assert "v4.5.7" in caught.value.why
    assert "kubectl 1.31" in caught.value.fix


def test_the_variable_decides(path: Path, getter: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "kustomize", "echo v5.6.0")
    mine = program(tmp_path / "mine", "my-kustomize", "echo v5.7.1")
    monkeypatch.setenv(VARIABLE, str(mine))
    assert find("5.0", getter).command[0] == str(mine)
    monkeypatch.setenv(VARIABLE, str(a_kubectl(tmp_path / "mine", "v5.4.2")))
    assert find("5.0", getter).command[1] == "kustomize"
    for wrong in ("/nowhere/kustomize", str(program(tmp_path, "true", "true"))):
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(ToolMissing):
            find("5.0", getter)


def test_a_program_is_asked_once(path: Path, getter: Fetcher, tmp_path: Path) -> None:
    body = f"echo x >> {tmp_path}/asked; echo v5.6.0"
    own = program(path, "kustomize", body)
    assert find("5.0", getter) == find("5.0", getter)
    assert (tmp_path / "asked").read_text() == "x\n"
    own.write_text(SCRIPT.format(body=body + "  "))
    find("5.0", getter)
    assert (tmp_path / "asked").read_text() == "x\nx\n"


def test_none_at_all(path: Path, getter: Fetcher) -> None:
    path.mkdir()
    with pytest.raises(ToolMissing, match=r"No kustomize 5\.4\.2 or newer is here"):
        find("5.4.2", getter)


def test_the_pinned_release_is_downloaded_once(
    path: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.mkdir()
    archive = tar_gz(tmp_path / "k.tar.gz", {"kustomize": SCRIPT.format(body="echo v5.8.1")})
    name = next(iter(kustomize._CHECKSUMS))
    system, machine = name.split("_")
    monkeypatch.setattr(platform, "system", system.title)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    url = kustomize._RELEASE.format(version=kustomize.PINNED, platform=name)
    getter = Fetcher(cache, {url: str(archive)})
    with pytest.raises(ToolMissing, match="is not what it should be"):
        find("5.4.2", getter)
    monkeypatch.setitem(kustomize._CHECKSUMS, name, hashlib.sha256(archive.read_bytes()).hexdigest())
    found = find("5.4.2", Fetcher(cache, {url: str(archive)}))
    assert found.version == "v5.8.1"
    archive.unlink()
    assert find("5.4.2", Fetcher(cache, {url: str(archive)})) == found


def test_no_release_for_this_machine(path: Path, getter: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    path.mkdir()
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ToolMissing):
        find("5.0", getter)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo '# Warning: vars is deprecated' >&2; echo 'Error: no such thing' >&2; exit 1", "no such thing"),
        ("exit 3", "kustomize says nothing more."),
        ("sleep 5", "still at it"),
    ],
)
def test_a_failure_is_told_without_noise(
    path: Path, getter: Fetcher, tmp_path: Path, body: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path, "kustomize", f'case "$1" in version) echo v5.6.0;; *) {body};; esac')
    found = find("5.0", getter)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(RenderError) as caught:
        found.build(tmp_path, "dex", work=tmp_path, seconds=0.5)
    assert caught.value.why.startswith(why) or why in caught.value.why
    assert "deprecated" not in str(caught.value)
    assert "dex" in caught.value.what


def test_what_it_prints_on_stderr_is_not_output(path: Path, getter: Fetcher, tmp_path: Path) -> None:
    program(path, "kustomize", 'case "$1" in version) echo v5.6.0;; *) echo "a: 1"; echo "b: 2" >&2;; esac')
    assert find("5.0", getter).build(tmp_path, "x", work=tmp_path) == "a: 1\n"


def test_versions() -> None:
    assert parse_version("v5.5.0") == (5, 5, 0)
    assert parse_version("{Version:kustomize/v4.5.7 GitCommit:56d}") == (4, 5, 7)
    assert parse_version("5.0") == (5, 0, 0)
    assert parse_version("(devel)") is None
