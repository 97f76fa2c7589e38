"""The `proxy` of an Install document: how what calls out of the cluster gets there."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, WithJsonSchema, model_validator

from kfinstall.errors import UsageError
from kfinstall.model.base import Model
from kfinstall.words import _

VARIABLES = {"http": "http_proxy", "https": "https_proxy", "exceptions": "no_proxy"}
"""Fields of a Proxy -> the variables of a shell."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError(_("the URL of a proxy is expected here, such as http://proxy.example.com:3128."))
    if parts.username or parts.password:
        raise ValueError(_("whoever may see a pod would see this password: a proxy without a login is needed here."))
    return text.rstrip("/")


def _direct(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:/*-]+", text):
        raise ValueError(
            _("a host, a domain such as .example.com, or a network such as 192.0.2.0/24 is expected here.")
        )
    return text


ProxyAddress = Annotated[str, AfterValidator(_proxy), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Direct = Annotated[str, AfterValidator(_direct), WithJsonSchema({"type": "string"})]


class Proxy(Model):
    """The proxy of those components that call out; without options, none."""

    http: ProxyAddress | None = Field(
        default=None, title=_("HTTP_PROXY"), description=_("The proxy for http addresses.")
    )
    https: ProxyAddress | None = Field(
        default=None, title=_("HTTPS_PROXY"), description=_("The proxy for https addresses.")
    )
    from_host: bool = Field(
        default=False,
        title=_("This machine's proxy"),
        description=_(
            "Take HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the shell that installs, where they are not said here."
        ),
    )
    exceptions: tuple[Direct, ...] = Field(
        default=(),
        title=_("NO_PROXY"),
        description=_("What is reached without it; the cluster's own names and networks are added."),
    )

    @model_validator(mode="after")
    def _exceptions_of_something(self) -> "Proxy":
        if self.exceptions and not (self.http or self.https or self.from_host):
            raise ValueError(_("there is no proxy that these are exceptions of: give http or https."))
        return self


def of_host(proxy: Proxy, environ: Mapping[str, str]) -> Proxy:
    """The proxy, with what it leaves to the machine that installs. environ: of the user's shell.

    Raises UsageError for a proxy that pods cannot use.
    """
    http = proxy.http or _variable("http_proxy", environ)
    https = proxy.https or _variable("https_proxy", environ)
    direct = [*proxy.exceptions, *(_variable("no_proxy", environ) or "").replace(" ", "").split(",")]
    _refuse_loopback(http, https)
    try:
        return Proxy.model_validate(
            {"fromHost": True, "http": http, "https": https, "exceptions": [*filter(None, direct)]}
        )
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(
            _("proxy.fromHost takes this machine's proxy, and pods cannot have it."),
            why=f"{VARIABLES[str(problem['loc'][0])]}: {problem['msg'].removeprefix('Value error, ')}",
            fix=_("Say in the document which proxy the components have: proxy.http, proxy.https, proxy.exceptions."),
        ) from error


def _variable(name: str, environ: Mapping[str, str]) -> str | None:
    """In small letters first, as curl takes it: https://everything.curl.dev/usingcurl/proxies/env.html."""
    return environ.get(name) or environ.get(name.upper()) or None


def _refuse_loopback(*proxies: str | None) -> None:
    for each in proxies:
        host = urlsplit(each).hostname if each else None
        if host in LOOPBACK:
            raise UsageError(
                _("proxy.fromHost takes this machine's proxy, and pods cannot have it."),
                why=_("It listens on this machine only ({host}).").format(host=host),
                fix=_("Say in the document by which address pods reach it: proxy.http, proxy.https."),
            )
