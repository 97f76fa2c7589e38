"""What is here, and which of it is recommended."""

from pathlib import Path

import pytest

from kfinstall.guide import here


def test_what_nobody_has_set_up_is_not_recommended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "docker"
    silent.write_text("#!/bin/sh\nexit 1\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert here.found()[0].name == "sandbox"
