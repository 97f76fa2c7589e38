"""What screens may know: no client library, no cloud, no platform, no check; and what loads how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import kfinstall.tui

MODULES = sorted(
    f"kfinstall.tui.{file.stem}" for file in Path(kfinstall.tui.__path__[0]).glob("*.py") if file.stem != "__init__"
)
FOREIGN = ("kubernetes", "google", "azure", "platforms", "checks", "click")
PROGRAM = "import importlib, json, sys; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def loaded(module: str) -> list[str]:
    """What importing a module loads, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module], capture_output=True, text=True, check=True, timeout=60
    )
    modules: list[str] = json.loads(done.stdout)
    return modules


@pytest.mark.parametrize("module", MODULES)
def test_a_screen_loads_nothing_that_is_behind_the_engine(module: str) -> None:
    """Platforms and checks are found by entry point, and a client library is loaded by whoever talks to a cluster."""
    assert [each for each in loaded(module) if each.partition(".")[0] in FOREIGN] == []


def test_the_first_picture_needs_no_model() -> None:
    """Documents, platforms and rich's tables are loaded behind it."""
    needed = loaded("kfinstall.tui.home")
    assert not {"pydantic", "yaml", "kfinstall.model", "kfinstall.registry", "kfinstall.engine"} & set(needed)
