"""Credentials of registries, for the pull secrets of a fix: from the environment, or as somebody gives them."""

import os
from collections.abc import Iterable, Mapping

from pydantic import SecretStr

from kfinstall.contracts.fix import Login
from kfinstall.facts.images.logins import variable
from kfinstall.model.images import PullSecret

Given = Mapping[str, tuple[str, str]]
"""Registry -> user, password or token."""


def names(login: Login) -> str:
    """The environment variables that may have them."""
    return f"{variable(login.registry, 'USERNAME')}, {variable(login.registry, 'PASSWORD')}"


def of_environment(registry: str) -> tuple[str, str] | None:
    """User and password, where both are there."""
    username = os.environ.get(variable(registry, "USERNAME"))
    password = os.environ.get(variable(registry, "PASSWORD"))
    return (username, password) if username and password else None


def missing(logins: Iterable[Login]) -> list[str]:
    """The registries whose credentials somebody has to give, each once."""
    return [name for name in dict.fromkeys(each.registry for each in logins) if of_environment(name) is None]


def secrets(logins: Iterable[Login], given: Given) -> list[PullSecret]:
    """The pull secrets, in the order of the logins; what nobody gave comes from the environment."""
    return [
        _secret(login, *(given.get(login.registry) or of_environment(login.registry) or ("", ""))) for login in logins
    ]


def variables(given: Iterable[PullSecret]) -> dict[str, str]:
    """The environment variables by which a document refers to them, and their values."""
    found: dict[str, str] = {}
    for each in given:
        if each.registry and each.username and each.password:
            found[variable(each.registry, "USERNAME")] = each.username
            found[variable(each.registry, "PASSWORD")] = each.password.get_secret_value()
    return found


def _secret(login: Login, username: str, password: str) -> PullSecret:
    return PullSecret(name=login.name, registry=login.registry, username=username, password=SecretStr(password))
