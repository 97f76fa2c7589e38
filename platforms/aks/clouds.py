"""Which Azure: the public one, or one of one's own (Azure Stack Hub, a cloud without internet) that metadata describe.

The variable and the form are those of the Azure CLI (azure/cli/core/cloud.py): ARM's own answer to /metadata/endpoints,
https://learn.microsoft.com/azure-stack/user/azure-stack-version-profiles-azurecli2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kfinstall.errors import CloudError
from kfinstall.words import _

VARIABLE = "ARM_CLOUD_METADATA_URL"
SECONDS = 30.0
"""That the metadata may take."""


@dataclass(frozen=True, slots=True)
class PrivateCloud:
    """Addresses of Azure's parts. manager: of ARM. login: of Microsoft Entra ID. audience: what a token is for."""

    manager: str
    login: str
    audience: str

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"{self.audience.rstrip('/')}/.default"


def private_cloud(environ: Mapping[str, str]) -> PrivateCloud | None:
    """The one that the user's shell names; None for the public Azure. Raises CloudError."""
    url = environ.get(VARIABLE)
    if not url:
        return None
    if not url.startswith("https://"):
        raise CloudError(
            _("{variable} is {address}, and credentials are not sent without TLS.").format(
                variable=VARIABLE, address=url
            ),
            fix=_("Give an address that begins with https://, or take the variable away."),
        )
    return _read(_metadata(url), url)


def _metadata(url: str) -> Any:
    import requests  # noqa: PLC0415 - comes with azure-core

    try:
        answer = requests.get(url, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as error:
        raise CloudError(
            _("{variable} names {address}, which does not tell where Azure's parts are.").format(
                variable=VARIABLE, address=url
            ),
            why=str(error),
            fix=_("Take the variable away for the public Azure; for a private authority set REQUESTS_CA_BUNDLE."),
        ) from error


def _read(found: Any, url: str) -> PrivateCloud:
    """The only cloud there, or the first."""
    first = found[0] if isinstance(found, list) and found else found
    try:
        login = first["authentication"]
        return PrivateCloud(str(first["resourceManager"]), str(login["loginEndpoint"]), str(login["audiences"][0]))
    except (KeyError, IndexError, TypeError) as error:
        raise CloudError(
            _("{variable} names {address}, which does not tell where Azure's parts are.").format(
                variable=VARIABLE, address=url
            ),
            why=_("resourceManager, authentication.loginEndpoint and authentication.audiences are expected there."),
            fix=_("Take the variable away for the public Azure."),
        ) from error
