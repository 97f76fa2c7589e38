"""Requests that are to be taken for another user's: kubectl --as (k8s.io/apiserver endpoints/filters/impersonation)."""

from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from urllib.parse import unquote

from kfinstall.sandbox.access.authorization import Attributes, Authorizer, attributes_of, refusal
from kfinstall.sandbox.access.users import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User, account_groups, account_name
from kfinstall.sandbox.server.requests import Request
from kfinstall.sandbox.server.status import bad_request, forbidden

EXTRA = "impersonate-extra-"
AUTHENTICATION = "authentication.k8s.io"


def wanted_user(headers: Message) -> User | None:
    """The user whom the Impersonate headers name; None without them. Raises StatusError 400."""
    name, uid = headers.get("Impersonate-User", ""), headers.get("Impersonate-Uid", "")
    groups = tuple(headers.get_all("Impersonate-Group") or ())
    extra: dict[str, list[str]] = {}
    for header, value in headers.items():
        if header.lower().startswith(EXTRA):
            extra.setdefault(unquote(header.lower().removeprefix(EXTRA)), []).append(value)
    if not name and (uid or groups or extra):
        raise bad_request("requested groups, a UID or extra fields without impersonating a user name")
    return User(name, groups, uid, extra) if name else None


def impersonated(authorizer: Authorizer, wanted: User, request: Request) -> User:
    """The user that the request is taken for from now on. Raises StatusError 403."""
    for each in _steps(wanted):
        if not authorizer.decide(request.user, each)[0]:
            raise _refused(wanted, request, each)
    groups, account = wanted.groups, account_name(wanted.name)
    if account and not groups:
        groups = account_groups(account.namespace)
    base = UNAUTHENTICATED if wanted.name == ANONYMOUS.name else AUTHENTICATED
    if base not in groups and UNAUTHENTICATED not in groups:
        groups = (*groups, base)
    return User(wanted.name, groups, wanted.uid, wanted.extra)


def _steps(wanted: User) -> Iterator[Attributes]:
    """What has to be allowed, one thing after the other."""
    account = account_name(wanted.name)
    if account:
        yield Attributes("impersonate", "", "serviceaccounts", "", account.namespace, account.name)
    else:
        yield Attributes("impersonate", "", "users", name=wanted.name)
    if wanted.uid:
        yield Attributes("impersonate", AUTHENTICATION, "uids", name=wanted.uid)
    for group in wanted.groups:
        yield Attributes("impersonate", "", "groups", name=group)
    for key, values in wanted.extra.items():
        for value in values:
            yield Attributes("impersonate", AUTHENTICATION, "userextras", key, name=value)


def _refused(wanted: User, request: Request, step: Attributes) -> Exception:
    """The API server tries several modes and reports the first refusal, which is mostly that of a narrow mode."""
    account, plain = account_name(wanted.name), not (wanted.uid or wanted.groups or wanted.extra)
    if not account or plain:
        asked = attributes_of(request)
        mode = "serviceaccount" if account else "user-info"
        step = replace(asked, verb=f"impersonate-on:{mode}:{asked.verb}")
    return forbidden(step.group, step.resource, step.name, refusal(request.user, step))
