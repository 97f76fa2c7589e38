"""Credentials of registries, asked for with what is typed hidden; never shown, never kept."""

import sys
from collections.abc import Sequence

import click

from kfinstall.contracts.fix import Login
from kfinstall.guide import logins as known
from kfinstall.model.images import PullSecret
from kfinstall.words import _


def given(logins: Sequence[Login]) -> list[PullSecret] | None:
    """The pull secrets of some logins; None where nobody gives their credentials. Each registry is asked for once."""
    missing = known.missing(logins)
    if missing and not sys.stdin.isatty():
        return None
    return known.secrets(logins, {registry: _asked(registry) for registry in missing})


def _asked(registry: str) -> tuple[str, str]:
    username = click.prompt(_("User at {registry}").format(registry=registry), err=True)
    password = click.prompt(_("Password or token"), hide_input=True, err=True)
    return username, password
