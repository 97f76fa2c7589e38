"""A cluster read from files of unknown origin."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from kfinstall.cli.doctor import doctor
from kfinstall.doctor.lists import from_files
from kfinstall.errors import UsageError
from kfinstall.facts.objects.kinds import NODE, POD, STORAGE_CLASS
from tests.unit.doctor.clusters import pod


def listed(*items: object, kind: str = "List") -> str:
    return json.dumps({"apiVersion": "v1", "kind": kind, "items": items})


def test_a_folder_of_lists(tmp_path: Path) -> None:
    (tmp_path / "namespace.json").write_text(listed(pod("a"), pod("b")))
    (tmp_path / "version.json").write_text('{"serverVersion": {"gitVersion": "v1.33.0"}}')
    read = from_files(tmp_path)
    assert [each["metadata"]["name"] for each in read.all(POD)] == ["a", "b"]
    assert read.version == "v1.33.0"


def test_the_items_of_a_typed_list_take_its_kind(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(listed({"metadata": {"name": "n"}}, kind="NodeList"))
    assert from_files(tmp_path).knows(NODE)


def test_an_empty_list_is_known_to_be_empty_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "storageclasses.storage.k8s.io.json").write_text(listed())
    (tmp_path / "namespace.json").write_text(listed(pod("a")))
    read = from_files(tmp_path, [STORAGE_CLASS, NODE])
    assert read.knows(STORAGE_CLASS)
    assert not read.knows(NODE)


def test_what_is_not_an_object_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "namespace.json").write_text(listed(pod("a"), {"metadata": None}, 7, {"metadata": {"name": 3}}, None))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert len(from_files(tmp_path).all(POD)) == 1


def test_an_archive_is_read_without_unpacking_it(tmp_path: Path) -> None:
    archive = tmp_path / "state.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        text = listed(pod("a")).encode()
        member = tarfile.TarInfo("../../pods.json")
        member.size = len(text)
        out.addfile(member, io.BytesIO(text))
    assert from_files(archive).knows(POD)
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08broken"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        from_files(file)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing of a cluster"):
        from_files(tmp_path)


def test_little_that_was_collected_is_a_failure_only_for_the_strict(tmp_path: Path) -> None:
    """Whoever hands over one list knows that the others are not there; the report says so, too."""
    (tmp_path / "namespace.json").write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}')
    for arguments, code in (([], 0), (["--strict"], 3)):
        ended = CliRunner().invoke(
            doctor, ["--from", str(tmp_path), "--only", "images", *arguments], standalone_mode=False
        )
        assert (ended.return_value, ended.exception) == (code, None), ended.output
        assert "could not look" in ended.output.splitlines()[-1]
