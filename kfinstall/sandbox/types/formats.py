"""The formats of texts that a structural schema can ask for (k8s.io/kube-openapi/pkg/validation/strfmt)."""

import base64
import binascii
import datetime
import ipaddress
import re
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")


def fits(value: str, name: str) -> bool:
    """Whether a text is of a format; one that nobody knows fits everything."""
    check = _CHECKS.get(name)
    try:
        return check is None or bool(check(value))
    except (ValueError, binascii.Error):
        return False


def _moment(value: str) -> bool:
    return "T" in value.upper() and datetime.datetime.fromisoformat(value).tzinfo is not None


def _uri(value: str) -> bool:
    found = urlsplit(value)
    return bool(found.scheme) or value.startswith("/")


_CHECKS: dict[str, Callable[[str], object]] = {
    "date": datetime.date.fromisoformat,
    "date-time": _moment,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "cidr": lambda value: ipaddress.ip_network(value, strict=False),
    "byte": lambda value: base64.b64decode(value, validate=True) is not None,
    "uuid": uuid.UUID,
    "email": _EMAIL.match,
    "uri": _uri,
}
