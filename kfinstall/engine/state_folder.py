"""Where kfinstall keeps what it must remember between runs on this machine."""

import os
import re
from collections.abc import Mapping
from pathlib import Path


def state_home(environ: Mapping[str, str] = os.environ) -> Path:
    """$XDG_STATE_HOME/kfinstall."""
    base = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "kfinstall"


def state_folder(server: str, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for one cluster: $XDG_STATE_HOME/kfinstall/<host-port of the API server>."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", server.partition("://")[2] or server).strip("-")
    return state_home(environ) / (name or "cluster")


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for what can be fetched or rendered again: $XDG_CACHE_HOME/kfinstall."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "kfinstall"
