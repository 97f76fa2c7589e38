"""Archives of strangers: what is taken, and what refuses the whole of one."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from kfinstall.errors import FetchError
from kfinstall.render.archive import unpack
from kfinstall.render.limits import Limits

from .making import member, tar_gz, tar_of, zipped

FILES = {"a/b.yaml": "x: 1\n", "c.txt": "hello"}


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "make",
    [
        lambda path: tar_gz(path, FILES),
        lambda path: tar_gz(path, FILES, mode="w:"),
        lambda path: zipped(path, FILES),
    ],
)
def test_every_format_is_unpacked(tmp_path: Path, make: object) -> None:
    archive = make(tmp_path / "archive")  # type: ignore[operator]
    unpack(archive, tmp_path / "out", Limits(), shown="it")
    assert contents(tmp_path / "out") == FILES


def test_modes_and_owners_are_not_taken_over(tmp_path: Path) -> None:
    info = member("tool", size=1)
    info.mode, info.uid = 0o4777, 0
    unpack(tar_of(tmp_path / "a.tgz", info), tmp_path / "out", Limits(), shown="it")
    mode = stat.S_IMODE((tmp_path / "out/tool").stat().st_mode)
    assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR | stat.S_IWOTH)


def test_a_link_inside_is_kept(tmp_path: Path) -> None:
    archive = tar_of(
        tmp_path / "a.tgz",
        member("d/link", tarfile.SYMTYPE, "../file"),
        member("file", size=3),
        member("hard", tarfile.LNKTYPE, "file"),
    )
    unpack(archive, tmp_path / "out", Limits(), shown="it")
    assert (tmp_path / "out/d/link").read_text() == "xxx"
    assert (tmp_path / "out/hard").read_text() == "xxx"


HOSTILE = {
    "climbs": [member("../evil")],
    "climbs in the middle": [member("a/../../evil")],
    "absolute": [member("/tmp/evil")],  # noqa: S108
    "link out": [member("link", tarfile.SYMTYPE, "../..")],
    "absolute link": [member("link", tarfile.SYMTYPE, "/etc")],
    "link through a link": [
        member("a/b", tarfile.SYMTYPE, ".."),
        member("c", tarfile.SYMTYPE, "a/b/.."),
    ],
    "link through a later link": [
        member("c", tarfile.SYMTYPE, "a/b/.."),
        member("a/b", tarfile.SYMTYPE, ".."),
    ],
    "file below a link": [member("d", tarfile.SYMTYPE, ".."), member("d/evil", size=1)],
    "hard link out": [member("link", tarfile.LNKTYPE, "../../etc/passwd")],
    "hard link to nothing": [member("link", tarfile.LNKTYPE, "later"), member("later")],
    "hard link to a link": [member("l", tarfile.SYMTYPE, "x"), member("h", tarfile.LNKTYPE, "l")],
    "device": [member("null", tarfile.CHRTYPE)],
    "pipe": [member("pipe", tarfile.FIFOTYPE)],
    "file over a folder": [member("a/b"), member("a")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_tar_is_refused_whole(tmp_path: Path, members: list[tarfile.TarInfo]) -> None:
    inside = tmp_path / "deep/inside"
    inside.mkdir(parents=True)
    archive = tar_of(tmp_path / "a.tgz", member("good"), *members)
    with pytest.raises(FetchError, match="it cannot be used"):
        unpack(archive, inside / "out", Limits(), shown="it")
    assert list(inside.iterdir()) == []
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["inside"]


def test_the_member_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        unpack(tar_of(tmp_path / "a.tgz", member("../evil")), tmp_path / "out", Limits(), shown="it")
    assert "'../evil'" in caught.value.why


def test_hostile_zips_are_refused(tmp_path: Path) -> None:
    for name in ("../evil", "/evil", "a/../../evil"):
        with pytest.raises(FetchError, match="leads out"):
            unpack(zipped(tmp_path / "a.zip", {name: "x"}), tmp_path / "out", Limits(), shown="it")
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(FetchError, match="leads out"):
        unpack(tmp_path / "b.zip", tmp_path / "out", Limits(), shown="it")


@pytest.mark.parametrize("make", [tar_gz, zipped])
def test_a_bomb_is_refused(tmp_path: Path, make: object) -> None:
    archive = make(tmp_path / "bomb", {"a": "0" * 3_000_000, "b": "0" * 3_000_000})  # type: ignore[operator]
    assert archive.stat().st_size < 20_000
    with pytest.raises(FetchError, match="more than 5 MiB"):
        unpack(archive, tmp_path / "out", Limits(unpacked=5 * 1024 * 1024), shown="it")
    assert not (tmp_path / "out").exists()


def test_a_bomb_in_the_headers_is_refused(tmp_path: Path) -> None:
    info = member("x" * 200)
    info.pax_headers = {"comment": "0" * 80_000_000}
    with tarfile.open(tmp_path / "a.tgz", "w:gz", format=tarfile.PAX_FORMAT, compresslevel=1) as archive:
        archive.addfile(info)
    with pytest.raises(FetchError, match="unpacked it has more than"):
        unpack(tmp_path / "a.tgz", tmp_path / "out", Limits(unpacked=1024 * 1024), shown="it")


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    archive = tar_gz(tmp_path / "a.tgz", {str(n): "" for n in range(20)})
    with pytest.raises(FetchError, match="more than 10 entries"):
        unpack(archive, tmp_path / "out", Limits(entries=10), shown="it")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!DOCTYPE html><html>login</html>", "web page"),
        (b"\n  <html><body>", "web page"),
        (b"", "it is empty"),
        (b"PK\x03\x04 not really", "damaged or cut off"),
        (b"apiVersion: v1\n", "not a .tar.gz"),
        (b"\x1f\x8b\x08\x00garbage", "damaged or cut off"),
        (gzip.compress(b"no tar inside", mtime=0), "damaged or cut off"),
    ],
)
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FetchError, match=why):
        unpack(tmp_path / "a", tmp_path / "out", Limits(), shown="it")


@pytest.mark.parametrize("make", [tar_gz, zipped])
def test_a_cut_off_archive_is_refused(tmp_path: Path, make: object) -> None:
    noise = io.BytesIO(os.urandom(40_000)).read().hex()
    archive = make(tmp_path / "a", {"a": noise, "b": noise})  # type: ignore[operator]
    whole = archive.read_bytes()
    for length in (len(whole) // 3, len(whole) - 40):
        archive.write_bytes(whole[:length])
        with pytest.raises(FetchError, match="damaged or cut off"):
            unpack(archive, tmp_path / "out", Limits(), shown="it")
