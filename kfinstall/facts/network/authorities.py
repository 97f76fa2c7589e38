"""The certificates of a `caBundle`: whom the API server trusts to sign for a webhook or an extension."""

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def bundle(encoded: str) -> "list[Certificate]":
    """The certificates of PEM text in base64, as Kubernetes carries it. Raises ValueError when there is none in it."""
    from cryptography import x509  # noqa: PLC0415 - takes a while, and few need it

    try:
        return x509.load_pem_x509_certificates(base64.b64decode(encoded, validate=True))
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def last_valid(certificates: "list[Certificate]") -> datetime:
    """When the last of them expires: until then one of them may have signed."""
    return max(each.not_valid_after_utc for each in certificates)
