"""Azure's Resource Manager (ARM), through the connections of its own client library.

Only this package's functions import this module: it loads the client library, which listing platforms must not.
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.mgmt.containerservice import ContainerServiceClient

from kfinstall.contracts.platform import Host
from kfinstall.errors import Interrupted
from kfinstall.words import _
from platforms.aks.clouds import PrivateCloud, private_cloud
from platforms.aks.refusals import not_logged_in, refused, unreachable

for _logger in ("azure", "msal"):  # what they log as a warning they raise, too: a user needs it once
    logging.getLogger(_logger).addHandler(logging.NullHandler())

POLLING = 10
"""Seconds between two looks at an operation, where Azure does not say how many."""


def client(
    subscription: str, host: Host, credential: TokenCredential | None = None, **settings: Any
) -> ContainerServiceClient:
    """A client with the user's credentials. settings: of the client library, such as base_url.

    Nothing is sent, but where the user's shell names a private cloud. Raises CloudError.
    """
    private = None if "base_url" in settings else private_cloud(host.environ)
    if private:
        settings |= {"base_url": private.manager, "credential_scopes": [private.scope]}
    transport = _Transport(host, **settings)
    policy = _AskBeforeRegistering()
    return ContainerServiceClient(
        credential or _credential(private), subscription, transport=transport, custom_hook_policy=policy,
        **{"polling_interval": POLLING, **settings},
    )  # fmt: skip


def listed(service: ContainerServiceClient, path: str, version: str, **query: str) -> Iterator[dict[str, Any]]:
    """Every item of an ARM collection, page by page. path: after the host. version: the api-version of its provider."""
    url, parameters = path, {"api-version": version, **query}
    while url:
        answer = _sent(service, HttpRequest("GET", url, params=parameters))
        yield from answer.get("value") or ()
        url, parameters = answer.get("nextLink") or "", {}


def got(service: ContainerServiceClient, path: str, version: str) -> dict[str, Any]:
    """An ARM resource."""
    return _sent(service, HttpRequest("GET", path, params={"api-version": version}))


def put(service: ContainerServiceClient, path: str, version: str, body: dict[str, Any]) -> None:
    """Make or change an ARM resource."""
    _sent(service, HttpRequest("PUT", path, params={"api-version": version}, json=body))


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Raise CloudError, with the way out, for what the client library raises."""
    try:
        yield
    except ClientAuthenticationError as error:
        raise not_logged_in(error) from error
    except HttpResponseError as error:
        raise refused(error) from error
    except AzureError as error:
        raise unreachable(error) from error


def _sent(service: ContainerServiceClient, request: HttpRequest) -> dict[str, Any]:
    response = service.send_request(request)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def _credential(private: PrivateCloud | None) -> TokenCredential:
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - takes half a second to import

    if private is None:
        return DefaultAzureCredential()
    return DefaultAzureCredential(  # Microsoft does not know its authority, and would be asked for it
        authority=private.login, disable_instance_discovery=True
    )


class _Transport(RequestsTransport):  # type: ignore[misc]  # the library exports it without a type
    """The library sleeps through its transport, between polls and before it tries again: the user can wake it."""

    def __init__(self, host: Host, **settings: Any) -> None:
        super().__init__(**settings)
        self._host = host

    def sleep(self, duration: float) -> None:
        if self._host.wait(duration):
            raise Interrupted(
                _("Stopped while Azure was at work."),
                why=_("What Azure has begun, it goes on with."),
                fix=_("Run the same command again: it goes on from there."),
            )


class _AskBeforeRegistering(SansIOHTTPPolicy[Any, Any]):
    """The library would register a missing resource provider in the subscription by itself, unasked."""

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:  # noqa: ARG002 - the library's signature
        if response.http_response.status_code == 409:
            error = HttpResponseError(response=response.http_response)
            if error.error and error.error.code == "MissingSubscriptionRegistration":
                raise error
