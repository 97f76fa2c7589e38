"""The kubeconfig of the user as plain data, without the client library, which takes long to load."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LISTS = ("clusters", "contexts", "users")


def user_kubeconfig(environ: Mapping[str, str]) -> dict[str, Any]:
    """All files of $KUBECONFIG as one; {} where there is none. Files that cannot be read count as empty.

    The first file that has a name or a value wins:
    https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
    """
    merged: dict[str, Any] = {}
    for path in kubeconfig_files(environ):
        for key, value in _read(path).items():
            if key in LISTS:
                have = merged.setdefault(key, [])
                names = {each["name"] for each in have}
                entries = value if isinstance(value, list) else ()
                have += [each for each in entries if _named(each) and each["name"] not in names]
            else:
                merged[key] = merged.get(key) or value
    return merged


def kubeconfig_files(environ: Mapping[str, str]) -> list[Path]:
    """Where kubectl looks for one, whether or not there is any."""
    listed = [Path(each) for each in environ.get("KUBECONFIG", "").split(os.pathsep) if each]
    return listed or [Path(environ.get("HOME") or Path.home()) / ".kube" / "config"]


def _read(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
        found = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - both are safe loaders
        return found if isinstance(found, dict) else {}
    return {}


def _named(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)
