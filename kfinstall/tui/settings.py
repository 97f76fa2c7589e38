"""What a user prefers in the interface: $XDG_CONFIG_HOME/kfinstall/settings.yaml, which the user writes.

theme: light            # dark, light, contrast
keymap: {theme: f7}     # a binding's id: other keys
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

THEME = "KFINSTALL_THEME"


@dataclass(frozen=True, slots=True)
class Settings:
    """theme: a theme's name, "" where none is preferred. keymap: binding id -> keys, separated by commas."""

    theme: str = ""
    keymap: Mapping[str, str] = field(default_factory=dict)


def settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings; a file that cannot be used counts as none, so that a slip in it never locks anybody out."""
    found = _read(environ)
    theme, keymap = found.get("theme"), found.get("keymap")
    return Settings(
        theme=environ.get(THEME) or (theme if isinstance(theme, str) else ""),
        keymap={str(key): str(value) for key, value in keymap.items()} if isinstance(keymap, dict) else {},
    )


def _read(environ: Mapping[str, str]) -> Mapping[str, object]:
    base = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    path = Path(base) / "kfinstall" / "settings.yaml"
    if not path.exists():
        return {}
    import yaml  # noqa: PLC0415 - most people have no such file, and start without it

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
