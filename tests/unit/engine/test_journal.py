"""The journal survives what a kill, a full disk or an editor does to it."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import Applied
from kfinstall.engine.journal import Journal, applied, entries
from kfinstall.engine.state_folder import cache_folder, state_folder
from kfinstall.errors import KfinstallError

KEY = ObjectKey("", "ConfigMap", "ns", "settings")
DONE = {"done": "apply", "key": list(KEY), "wanted": "w", "owned": "o"}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal"
    with Journal(path) as journal:
        journal.write([{"begin": "step"}, DONE])
        journal.write([])
    assert list(entries(path)) == [{"begin": "step"}, DONE]
    assert applied(path) == {KEY: Applied("w", "o")}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_two_runs_of_one_install_do_not_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.write([DONE])
        with pytest.raises(KfinstallError, match="Another kfinstall on this machine"):
            Journal(path)
    with Journal(path):
        assert applied(path) == {KEY: Applied("w", "o")}


def test_a_deletion_is_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.write([DONE, {"done": "delete", "key": list(KEY)}])
        assert applied(path) == {}
        journal.write([DONE])
        assert applied(path) != {}
        journal.clear()
    assert list(entries(path)) == []


@given(st.integers(1, 200))
def test_a_line_that_was_cut_off_is_no_harm(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("journals") / "journal"
    whole = (json.dumps({"begin": "a"}) + "\n" + json.dumps(DONE) + "\n").encode()
    path.write_bytes(whole[:cut])
    before = list(entries(path))
    with Journal(path) as journal:
        journal.write([{"begin": "b"}])
    assert list(entries(path)) == [*before, {"begin": "b"}]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00\x00",
        '{"done": "apply"}',
        '{"done": "apply", "key": ["", "ConfigMap"], "wanted": "w", "owned": "o"}',
        '{"done": "apply", "key": ["", "ConfigMap", "ns", 3], "wanted": "w", "owned": "o"}',
        '{"done": "apply", "key": "text", "wanted": "w", "owned": "o"}',
        '{"done": "apply", "key": ["", "ConfigMap", "ns", "other"], "wanted": 1, "owned": null}',
    ],
)
def test_a_line_that_makes_no_sense_is_passed_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / "journal"
    path.write_text(f"{line}\n{json.dumps(DONE)}\n")
    assert applied(path) == {KEY: Applied("w", "o")}


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert applied(tmp_path / "nothing") == {}


def test_a_journal_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(KfinstallError, match="cannot be used") as caught:
        Journal(blocked / "journal")
    assert "XDG_STATE_HOME" in caught.value.fix


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.symlink_to("/dev/full")
    with Journal(path) as journal, pytest.raises(KfinstallError) as caught:
        journal.write([DONE])
    assert caught.value.why == os.strerror(28)


@pytest.mark.parametrize(
    ("server", "name"),
    [("https://127.0.0.1:6443", "127.0.0.1-6443"), ("https://[::1]:6443/a/b", "1-6443-a-b"), ("", "cluster")],
)
def test_each_cluster_has_a_folder(server: str, name: str) -> None:
    assert state_folder(server, {"XDG_STATE_HOME": "/state"}) == Path("/state/kfinstall") / name
    assert cache_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/kfinstall")
