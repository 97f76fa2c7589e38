"""Who may sign in: the users of Dex and the provider that it sends others to.

The releases from 1.9 on: ConfigMap auth/dex, Secret auth/dex-passwords, from which Dex gets its environment.
"""

import base64
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bcrypt
import yaml

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.model.access import AccessOptions, IdentityProvider, User
from kfinstall.words import _

NAMESPACE = "auth"
CONFIGURATION = ObjectKey("", "ConfigMap", NAMESPACE, "dex")
PASSWORDS = ObjectKey("", "Secret", NAMESPACE, "dex-passwords")
FILE = "config.yaml"
PASSWORD = "DEX_USER_PASSWORD"  # noqa: S105 - the name of an environment variable
PROVIDER_SECRET = "DEX_PROVIDER_SECRET"  # noqa: S105 - as above

PUBLISHED_USER = "user@example.com"
PUBLISHED_PASSWORD = b"12341234"
"""Of every release: https://github.com/kubeflow/manifests#change-default-user-password."""

HASH = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
ROUNDS = 12
"""As in the hash of the releases."""


def with_sign_in(manifests: Sequence[Manifest], access: AccessOptions, surroundings: Surroundings) -> list[Manifest]:
    """The manifests with the document's users and provider. Raises PlanRefused when the release has no such Dex."""
    if not access.users and access.oidc is None:
        return list(manifests)
    found = {manifest.key: manifest.body for manifest in manifests}
    if CONFIGURATION not in found or PASSWORDS not in found:
        raise PlanRefused(
            _("access.users and access.oidc are for Dex, and this release has none that kfinstall can configure."),
            why=_("It has no ConfigMap auth/dex with a Secret auth/dex-passwords, as Kubeflow has from 1.9 on."),
            fix=_("Leave them out, and see the release's manual for how to sign in."),
        )
    configuration = yaml.safe_load(found[CONFIGURATION]["data"][FILE])
    internal = str(configuration["issuer"])
    configured = _configured(configuration, access)
    changes: dict[ObjectKey, Callable[[Body], Body]] = {
        CONFIGURATION: lambda body: _with_text(body, FILE, yaml.safe_dump(configured, sort_keys=False)),
        PASSWORDS: lambda body: _with_secrets(body, _secrets(access, surroundings)),
    }
    signed = [_changed(manifest, changes) for manifest in manifests]
    owned = [_owned(manifest, access.users) for manifest in signed]
    return [_issued(each, internal, configured["issuer"]) for each in owned] if access.oidc else owned


def is_published(manifests: Sequence[Manifest]) -> bool:
    """Whether somebody can sign in with the password that is in Kubeflow's manual."""
    texts = (text for manifest in manifests if manifest.namespace == NAMESPACE for text in _texts(manifest.body))
    hashes = {found for text in texts for found in HASH.findall(text)}
    return any(bcrypt.checkpw(PUBLISHED_PASSWORD, each.encode()) for each in hashes)


def _configured(configuration: Mapping[str, Any], access: AccessOptions) -> dict[str, Any]:
    """Dex's configuration: https://dexidp.io/docs/configuration/."""
    passwords = [
        {
            "email": user.email,
            "hashFromEnv": _variable(number),
            "username": user.email.partition("@")[0],
            "userID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{user.email}")),
        }
        for number, user in enumerate(access.users)
    ]
    configured = {**configuration, "enablePasswordDB": bool(passwords), "staticPasswords": passwords}
    if access.oidc:
        issuer = f"{access.address}/dex"
        configured |= {"issuer": issuer, "connectors": [_connector(access.oidc, issuer)]}
    return configured


def _connector(provider: IdentityProvider, issuer: str) -> dict[str, Any]:
    """https://dexidp.io/docs/connectors/oidc/; Dex takes $NAME in it from its environment."""
    config = {
        "issuer": provider.issuer,
        "clientID": provider.client_id,
        "clientSecret": f"${PROVIDER_SECRET}",
        "redirectURI": f"{issuer}/callback",
    }
    return {"type": "oidc", "id": "oidc", "name": provider.name, "config": config}


def _secrets(access: AccessOptions, surroundings: Surroundings) -> dict[str, str]:
    present = surroundings.secret(NAMESPACE, PASSWORDS.name) or {}
    secrets = {
        _variable(number): _hash(user.password.get_secret_value().encode(), present.get(_variable(number), ""))
        for number, user in enumerate(access.users)
    }
    if access.oidc:
        secrets[PROVIDER_SECRET] = access.oidc.client_secret.get_secret_value()
    return secrets


def _hash(password: bytes, present: str) -> str:
    """The hash that is in the cluster, while it is of this password: a new one would differ, and Dex start again."""
    if HASH.fullmatch(present) and bcrypt.checkpw(password, present.encode()):
        return present
    return bcrypt.hashpw(password, bcrypt.gensalt(ROUNDS)).decode()


def _variable(number: int) -> str:
    return f"{PASSWORD}_{number + 1}" if number else PASSWORD


def _owned(manifest: Manifest, users: Sequence[User]) -> Manifest:
    """The profile of the release belongs to its published user: the first of the document gets it."""
    body = manifest.body
    if not users or manifest.kind != "Profile" or body["spec"]["owner"]["name"] != PUBLISHED_USER:
        return manifest
    owner = {**body["spec"]["owner"], "name": users[0].email}
    return Manifest({**body, "spec": {**body["spec"], "owner": owner}}, manifest.application)


def _issued(manifest: Manifest, internal: str, issuer: str) -> Manifest:
    """With the address that browsers know as the issuer of tokens; pods still fetch the keys inside the cluster."""
    body = manifest.body
    if manifest.kind == "RequestAuthentication":
        rules = [
            {"jwksUri": f"{internal}/keys", **rule, "issuer": issuer} if rule.get("issuer") == internal else rule
            for rule in body["spec"].get("jwtRules") or ()
        ]
        return Manifest({**body, "spec": {**body["spec"], "jwtRules": rules}}, manifest.application)
    name = "oauth2_proxy.cfg"
    if manifest.kind == "ConfigMap" and name in (body.get("data") or {}):
        old, new = (f'oidc_issuer_url = "{address}"' for address in (internal, issuer))
        return Manifest(_with_text(body, name, body["data"][name].replace(old, new)), manifest.application)
    return manifest


def _changed(manifest: Manifest, changes: Mapping[ObjectKey, Callable[[Body], Body]]) -> Manifest:
    change = changes.get(manifest.key)
    return Manifest(change(manifest.body), manifest.application) if change else manifest


def _with_text(body: Body, name: str, text: str) -> Body:
    return {**body, "data": {**body["data"], name: text}}


def _with_secrets(body: Body, secrets: Mapping[str, str]) -> Body:
    rest = {key: value for key, value in body.items() if key != "stringData"}
    return {**rest, "data": {name: base64.b64encode(value.encode()).decode() for name, value in secrets.items()}}


def _texts(body: Body) -> list[str]:
    encoded = (body.get("data") or {}) if body["kind"] == "Secret" else {}
    plain = (body.get("stringData") or {}) if body["kind"] == "Secret" else (body.get("data") or {})
    return [base64.b64decode(value).decode("utf-8", "replace") for value in encoded.values()] + [*plain.values()]
