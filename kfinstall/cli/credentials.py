"""Credentials of registries: from the environment, or asked for with what is typed hidden; never shown, never kept."""

import os
import sys
from collections.abc import Iterable

import click
from pydantic import SecretStr

from kfinstall.contracts.fix import Login
from kfinstall.facts.images.logins import variable
from kfinstall.model.images import PullSecret
from kfinstall.words import _


def names(login: Login) -> str:
    """The environment variables that may have them."""
    return f"{variable(login.registry, 'USERNAME')}, {variable(login.registry, 'PASSWORD')}"


def given(logins: Iterable[Login]) -> list[PullSecret] | None:
    """The pull secrets of some logins; None where nobody gives their credentials. Each registry is asked for once."""
    known: dict[str, tuple[str, str]] = {}
    for login in logins:
        found = known.get(login.registry) or _of_environment(login.registry) or _asked(login.registry)
        if found is None:
            return None
        known[login.registry] = found
    return [_secret(login, *known[login.registry]) for login in logins]


def _secret(login: Login, username: str, password: str) -> PullSecret:
    return PullSecret(name=login.name, registry=login.registry, username=username, password=SecretStr(password))


def _of_environment(registry: str) -> tuple[str, str] | None:
    username = os.environ.get(variable(registry, "USERNAME"))
    password = os.environ.get(variable(registry, "PASSWORD"))
    return (username, password) if username and password else None


def _asked(registry: str) -> tuple[str, str] | None:
    if not sys.stdin.isatty():
        return None
    username = click.prompt(_("User at {registry}").format(registry=registry), err=True)
    password = click.prompt(_("Password or token"), hide_input=True, err=True)
    return username, password
