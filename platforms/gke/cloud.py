"""The way to Google's APIs: credentials, addresses, patience, and refusals as CloudError."""

import ipaddress
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from kfinstall.contracts.platform import Host
from kfinstall.errors import CloudError, Interrupted
from kfinstall.words import _
from platforms.gke import refusals

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud.container_v1 import ClusterManagerClient

T = TypeVar("T")

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

ADDRESSES = {
    "container": "https://container.googleapis.com/",
    "compute": "https://compute.googleapis.com/compute/v1/",
    "cloudresourcemanager": "https://cloudresourcemanager.googleapis.com/",
}

TRIES = 6
LONGEST_PAUSE = 300.0
SECONDS = 60.0
"""That one request may take."""


class Cloud:
    """Google's APIs for one project. Every call raises CloudError, or Interrupted when the user stops meanwhile."""

    def __init__(self, project: str, host: Host) -> None:
        self.project = project
        self.host = host

    @cached_property
    def clusters(self) -> "ClusterManagerClient":
        """Over REST, since that goes through a proxy as everything else does."""
        from google.cloud.container_v1 import ClusterManagerClient  # noqa: PLC0415 - takes a second

        options = {"api_endpoint": self._address("container").rstrip("/")}
        return ClusterManagerClient(credentials=self._credentials, transport="rest", client_options=options)

    def asked(self, method: Callable[..., T], /, **arguments: Any) -> T:
        """What a method of `clusters` answers."""
        return self._patiently(lambda: method(**arguments, retry=None, timeout=SECONDS))

    def read(self, service: str, path: str, **parameters: str) -> dict[str, Any]:
        """A resource of an API that has no client library here, as JSON. service: a key of ADDRESSES."""
        return self._patiently(lambda: self._sent("GET", self._address(service) + path, params=parameters))

    def write(self, service: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a resource in a collection; an operation, as JSON."""
        return self._patiently(lambda: self._sent("POST", self._address(service) + path, json=body))

    def remove(self, service: str, path: str) -> dict[str, Any]:
        """Delete a resource; an operation, as JSON."""
        return self._patiently(lambda: self._sent("DELETE", self._address(service) + path))

    def items(self, service: str, path: str, key: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """The resources of a collection, page by page. key: under which a page has them."""
        while True:
            page = self.read(service, path, **parameters)
            yield from page.get(key) or ()
            if not page.get("nextPageToken"):
                return
            parameters["pageToken"] = page["nextPageToken"]

    def _sent(self, method: str, url: str, **content: Any) -> dict[str, Any]:
        from google.api_core.exceptions import from_http_response  # noqa: PLC0415 - as above

        response = self._session.request(method, url, timeout=SECONDS, **content)
        if not response.ok:
            raise from_http_response(response)
        found: dict[str, Any] = response.json()
        return found

    @cached_property
    def _session(self) -> "AuthorizedSession":
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - as above

        return AuthorizedSession(self._credentials)

    @cached_property
    def _credentials(self) -> "Credentials":
        import google.auth  # noqa: PLC0415 - as above
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415 - as above

        try:
            with warnings.catch_warnings():
                # Says to users of `gcloud auth application-default login` that they have no quota project.
                warnings.simplefilter("ignore", UserWarning)
                found, _project = google.auth.default(scopes=SCOPES)
        except DefaultCredentialsError as error:
            raise refusals.no_credentials(str(error)) from error
        return found

    def _address(self, service: str) -> str:
        """gcloud's own variable leads elsewhere: https://cloud.google.com/sdk/gcloud/reference/topic/configurations."""
        variable = f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}"
        address = self.host.environ.get(variable) or ADDRESSES[service]
        if not _guarded(address):
            raise CloudError(
                _("{variable} is {address}, and credentials are not sent without TLS.").format(
                    variable=variable, address=address
                ),
                fix=_("Give an address that begins with https://, or take the variable away."),
            )
        return address.rstrip("/") + "/"

    def _patiently(self, request: Callable[[], T]) -> T:
        """Everything that is asked may be asked twice: a second create finds the cluster of the first."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415 - as above
        from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415 - as above
        from requests import RequestException  # noqa: PLC0415 - comes with google-auth

        tried = 0
        while True:
            tried += 1
            try:
                return request()
            except GoogleAPICallError as error:
                failure, pause = self._refusal(error), _retry_after(error)
                if error.code not in (429, 502, 503, 504):
                    raise failure from error
            except (TransportError, RequestException) as error:
                failure, pause = refusals.unreachable(str(error)), None
            except GoogleAuthError as error:
                raise refusals.expired(str(error.args[0]) if error.args else "") from error
            if tried == TRIES:
                raise failure
            if self.host.wait(min(2.0**tried if pause is None else pause, LONGEST_PAUSE)):
                raise Interrupted(_("Stopped while Google Cloud was asked."))

    def _refusal(self, error: Any) -> CloudError:
        return refusals.refused(
            int(error.code or 0), str(error.message), self.project, reason=error.reason or "", facts=error.metadata
        )


def _retry_after(error: Any) -> float | None:
    """Seconds that the answer asks to wait; its other form, a date, is not used by Google's APIs."""
    text = getattr(error.response, "headers", {}).get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _guarded(address: str) -> bool:
    parts = urlsplit(address)
    try:
        return parts.scheme == "https" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
