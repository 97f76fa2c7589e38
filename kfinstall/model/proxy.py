"""The `proxy` of an Install document: how what calls out of the cluster gets there."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from kfinstall.model.base import Model
from kfinstall.words import _


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
    exceptions: tuple[Direct, ...] = Field(
        default=(),
        title=_("NO_PROXY"),
        description=_("What is reached without it; the cluster's own names and networks are added."),
    )

    @model_validator(mode="after")
    def _exceptions_of_something(self) -> "Proxy":
        if self.exceptions and not (self.http or self.https):
            raise ValueError(_("there is no proxy that these are exceptions of: give http or https."))
        return self
