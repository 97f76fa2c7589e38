"""What screens may know: no client library, no cloud, no platform, no check; and what loads how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import kfinstall.tui
from tests.patience import PATIENCE

MODULES = [f"kfinstall.tui.{file.stem}" for file in Path(kfinstall.tui.__path__[0]).glob("[a-z]*.py")]
FOREIGN = ("kubernetes", "google", "azure", "platforms", "checks", "click")
PROGRAM = """
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(sys.modules)))
"""


def loaded(*modules: str) -> list[str]:
    """What importing modules loads, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *modules], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    found: list[str] = json.loads(done.stdout)
    return found


def test_no_screen_loads_what_is_behind_the_engine() -> None:
    """Platforms and checks are found by entry point, and a client library is loaded by whoever talks to a cluster."""
    assert "kfinstall.tui.walk" in MODULES
    assert [each for each in loaded(*MODULES) if each.partition(".")[0] in FOREIGN] == []


def test_the_first_picture_needs_no_model() -> None:
    """Documents and platforms are loaded behind it."""
    needed = set(loaded("kfinstall.tui.app", "kfinstall.tui.home"))
    assert not {"pydantic", "yaml", "kfinstall.model", "kfinstall.registry", "kfinstall.engine"} & needed
