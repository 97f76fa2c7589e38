"""What answers at once must not load what takes long."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.release import Release
from tests.patience import PATIENCE

SLOW = ("textual", "kubernetes", "google", "azure")
PROGRAM = """
import json, sys
sys.argv[1:] = json.loads(sys.argv[1])
from kfinstall.__main__ import main
try:
    main()
except SystemExit as end:
    code = end.code or 0
else:
    code = 0
sys.stderr.write("\\n" + json.dumps({"code": int(code), "modules": sorted(sys.modules)}))
"""


def _loaded(*arguments: str) -> list[str]:
    """The modules that a command leaves in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    answer = json.loads(done.stderr.splitlines()[-1])
    assert answer["code"] == 0
    assert done.stdout
    modules: list[str] = answer["modules"]
    return modules


def _slow(modules: list[str]) -> list[str]:
    return [module for module in modules if module.partition(".")[0] in SLOW]


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["install", "--help"], ["uninstall", "--help"], ["configs"], ["platforms"], ["init"]],
    ids=" ".join,
)
def test_no_client_library_for_words(arguments: list[str]) -> None:
    assert _slow(_loaded(*arguments)) == []


def test_no_client_library_to_read_a_file(release: Release) -> None:
    assert _slow(_loaded("config", "validate", "-f", str(release.install))) == []
    assert _slow(_loaded("build", "-f", str(release.install))) == []


def test_the_version_needs_next_to_nothing() -> None:
    modules = _loaded("--version")
    assert not {"click", "pydantic", "yaml", "rich"} & set(modules)
    assert [module for module in modules if module.startswith("kfinstall")] == ["kfinstall", "kfinstall.__main__"]
