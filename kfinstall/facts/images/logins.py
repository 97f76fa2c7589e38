"""The fix that has pods pull with credentials: a pull secret in their namespaces, and accounts that name it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from kfinstall.contracts.fix import Fix, Login, Patch
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.images.pull_remedies import account_of, missing_secrets, secret_name
from kfinstall.facts.images.pulls import FailedPull
from kfinstall.facts.objects.kinds import SERVICE_ACCOUNT
from kfinstall.facts.objects.owners import controller
from kfinstall.words import _, joined


def variable(registry: str, part: str) -> str:
    """The environment variable that has a part of the credentials. part: USERNAME or PASSWORD."""
    return re.sub(r"[^A-Z0-9]+", "_", registry.upper()).strip("_") + f"_{part}"


def with_login(failures: Iterable[FailedPull], snapshot: Snapshot) -> Fix | None:
    """Pull secrets for what a registry does not give to strangers; None where images or accounts are not known.

    A pod has the secrets of its account since it was made, so those that something makes anew are deleted then.
    """
    by_registry: dict[str, list[FailedPull]] = defaultdict(list)
    for failure in failures:
        if failure.reference is None:
            return None
        by_registry[failure.reference.registry].append(failure)
    logins: list[Login] = []
    patches: dict[ObjectKey, Patch] = {}
    again: list[ObjectKey] = []
    for registry, refused in by_registry.items():
        for namespace in sorted({each.pod.namespace for each in refused}):
            here = [each for each in refused if each.pod.namespace == namespace]
            names = missing_secrets(here, snapshot)
            logins += [Login(registry, name, (namespace,)) for name in names or [secret_name(registry)]]
            if not names:
                named = _named(here, secret_name(registry), snapshot)
                if named is None:
                    return None
                patches |= named
                again += [each.pod for each in here if controller(each.body)]
    return Fix(
        _("Pull from {registries} with credentials, which you give").format(registries=joined(sorted(by_registry))),
        patches=tuple(patches.values()),
        deletions=tuple(dict.fromkeys(again)),
        logins=_merged(logins),
        settings={"images.pullSecrets": [_setting(each) for each in _merged(logins)]},
    )


def _named(refused: Sequence[FailedPull], name: str, snapshot: Snapshot) -> dict[ObjectKey, Patch] | None:
    """The accounts of the pods with one more pull secret; None where one of them was not read."""
    patches = {}
    for failure in refused:
        key = ObjectKey(*SERVICE_ACCOUNT, failure.pod.namespace, account_of(failure))
        account = snapshot.get(key)
        if account is None:
            return None
        listed: list[dict[str, Any]] = account.get("imagePullSecrets") or []
        if {"name": name} not in listed:
            patches[key] = Patch(key, {"imagePullSecrets": [*listed, {"name": name}]})
    return patches


def _merged(logins: Sequence[Login]) -> tuple[Login, ...]:
    """One for each Secret, with all its namespaces."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in logins:
        places[each.registry, each.name] += each.namespaces
    return tuple(Login(registry, name, tuple(spaces)) for (registry, name), spaces in places.items())


def _setting(login: Login) -> dict[str, str]:
    return {
        "name": login.name,
        "registry": login.registry,
        "username": f"${{{variable(login.registry, 'USERNAME')}}}",
        "password": f"${{{variable(login.registry, 'PASSWORD')}}}",
    }
