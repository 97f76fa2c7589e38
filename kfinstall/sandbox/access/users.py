"""Who sends a request: users by bearer token, service accounts by tokens that are signed here."""

import base64
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types.kinds import GroupResource

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ACCOUNTS = GroupResource("", "serviceaccounts")
ACCOUNT_PREFIX = "system:serviceaccount:"
ISSUER = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, as the API server's authenticators describe it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_master(self) -> bool:
        """Whether nothing is forbidden to it."""
        return MASTERS in self.groups

    def info(self) -> Body:
        """As a UserInfo of authentication.k8s.io."""
        extra = {name: list(values) for name, values in self.extra.items()}
        found = {"username": self.name, "uid": self.uid, "groups": list(self.groups), "extra": extra}
        return {name: value for name, value in found.items() if value}


COMPONENT = User("system:apiserver", (MASTERS, AUTHENTICATED))
"""The cluster's own parts."""

ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))


def account_name(username: str) -> Name | None:
    """The ServiceAccount that a user name stands for; None for others."""
    namespace, _, name = username.removeprefix(ACCOUNT_PREFIX).partition(":")
    return Name(namespace, name) if username.startswith(ACCOUNT_PREFIX) and namespace and name else None


def account_groups(namespace: str) -> tuple[str, ...]:
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


class Tokens:
    """Bearer tokens. Those of service accounts are JSON Web Tokens, good until they expire or the account goes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: list[tuple[bytes, User]] = []
        self._key = secrets.token_bytes(32)

    def add(self, token: str, user: User) -> None:
        self._known.append((token.encode(), user))

    def user(self, token: str) -> User | None:
        """Whose token it is; None when it is nobody's."""
        for known, user in self._known:
            if hmac.compare_digest(known, token.encode(errors="surrogateescape")):
                return user
        return self._account(token)

    def issue(self, account: Body, audiences: Sequence[str], seconds: int) -> str:
        """A token of a ServiceAccount (pkg/serviceaccount/claims.go)."""
        metadata, moment = account["metadata"], int(time.time())
        named = {"name": metadata["name"], "uid": metadata["uid"]}
        claims = {
            "aud": list(audiences),
            "exp": moment + seconds,
            "iat": moment,
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {"namespace": metadata["namespace"], "serviceaccount": named},
            "nbf": moment,
            "sub": f"{ACCOUNT_PREFIX}{metadata['namespace']}:{metadata['name']}",
        }
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def _account(self, token: str) -> User | None:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode(errors="surrogateescape")):
            return None
        claims = _decoded(signed.partition(".")[2])
        bound = claims["kubernetes.io"]
        namespace, name, uid = bound["namespace"], bound["serviceaccount"]["name"], bound["serviceaccount"]["uid"]
        account = self._store.get(ACCOUNTS, Name(namespace, name))
        if account is None or account["metadata"]["uid"] != uid or claims["exp"] < time.time():
            return None
        groups = (*account_groups(namespace), AUTHENTICATED)
        return User(
            claims["sub"], groups, uid, {"authentication.kubernetes.io/credential-id": [f"JTI={claims['jti']}"]}
        )

    def _signature(self, signed: str) -> str:
        return _plain(hmac.digest(self._key, signed.encode(errors="surrogateescape"), "sha256"))


def _encoded(part: Body) -> str:
    return _plain(json.dumps(part, separators=(",", ":")).encode())


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
