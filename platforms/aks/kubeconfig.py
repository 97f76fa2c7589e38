"""The kubeconfig that AKS gives, made to log in as the user wants to."""

from pathlib import Path
from typing import Any

import yaml

from kfinstall.words import _

KUBELOGIN = "kubelogin"
INSTALL = "https://azure.github.io/kubelogin/install.html"
AS_SOMEBODY = ("devicecode", "interactive")
"""Logins at which a person answers; they need to know at which application of which tenant."""


def with_login(text: bytes, login: str) -> str:
    """AKS writes the login by device code; kubelogin convert-kubeconfig would do the same as this.

    https://azure.github.io/kubelogin/cli/convert-kubeconfig.html
    """
    config: dict[str, Any] = yaml.safe_load(text)
    for entry in config.get("users") or ():
        command = entry["user"].get("exec")
        if command and Path(command["command"]).name == KUBELOGIN:
            command["args"] = _arguments(command.get("args") or [], login)
            command["installHint"] = _("kubelogin is missing: {address}").format(address=INSTALL)
    return yaml.safe_dump(config, sort_keys=False)


def needs_kubelogin(text: str) -> bool:
    """Whether kubectl runs kubelogin to log in."""
    users = yaml.safe_load(text).get("users") or ()
    return any(Path((each["user"].get("exec") or {}).get("command", "")).name == KUBELOGIN for each in users)


def _arguments(given: list[str], login: str) -> list[str]:
    flags = dict(zip(given[1::2], given[2::2], strict=False))
    kept = ("--environment", "--server-id", "--client-id", "--tenant-id") if login in AS_SOMEBODY else ("--server-id",)
    return ["get-token", "--login", login, *(word for flag in kept if flag in flags for word in (flag, flags[flag]))]
