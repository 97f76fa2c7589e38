"""Names, labels and keys as Kubernetes wants them (k8s.io/apimachinery/pkg/util/validation)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kfinstall.sandbox.server.status import Cause, wrong

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
PORT_NAME = re.compile(r"[-a-z0-9]+")

SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
QUALIFIED_TEXT = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
PORT_TEXT = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"


def subdomain(name: str) -> Iterator[str]:
    """Why a text is no DNS subdomain."""
    if len(name) > 253:
        yield "must be no more than 253 bytes"
    if not SUBDOMAIN.fullmatch(name):
        yield SUBDOMAIN_TEXT


def label(name: str) -> Iterator[str]:
    """Why a text is no DNS label."""
    if len(name) > 63:
        yield "must be no more than 63 bytes"
    if not LABEL.fullmatch(name):
        yield "must not contain dots" if "." in name and LABEL.fullmatch(name.replace(".", "")) else LABEL_TEXT


def service_name(name: str) -> Iterator[str]:
    if len(name) > 63:
        yield "must be no more than 63 bytes"
    if not SERVICE_NAME.fullmatch(name):
        yield "must not contain dots" if "." in name else SERVICE_TEXT


def path_segment(name: str) -> Iterator[str]:
    """Why a text cannot be a part of a path; all that RBAC asks of a name."""
    if name in {".", ".."}:
        yield f"may not be '{name}'"
    for character in ("/", "%"):
        if character in name:
            yield f"may not contain '{character}'"


def qualified(key: str) -> Iterator[str]:
    """Why a text is no key of a label or an annotation."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        yield (
            f"a valid label key {QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' "
            "(e.g. 'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {why}" for why in subdomain(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not QUALIFIED.fullmatch(name):
        yield f"name part {QUALIFIED_TEXT}"


def value(text: str) -> Iterator[str]:
    """Why a text is no value of a label."""
    if len(text) > 63:
        yield "must be no more than 63 bytes"
    if not VALUE.fullmatch(text):
        yield VALUE_TEXT


def config_key(key: str) -> Iterator[str]:
    """Why a text is no key of a ConfigMap or a Secret."""
    if len(key) > 253:
        yield "must be no more than 253 bytes"
    if not CONFIG_KEY.fullmatch(key):
        yield CONFIG_KEY_TEXT
    elif key in {".", ".."}:
        yield f"must not be '{key}'"
    elif key.startswith(".."):
        yield "must not start with '..'"


def port_name(name: str) -> Iterator[str]:
    if len(name) > 15:
        yield "must be no more than 15 characters"
    if not PORT_NAME.fullmatch(name):
        yield PORT_TEXT


def faults(field: str, given: Any, reasons: Iterable[str]) -> Iterator[Cause]:
    return (wrong(field, given, why) for why in reasons)


def labels(given: Mapping[str, str] | None, field: str) -> Iterator[Cause]:
    for key, text in (given or {}).items():
        yield from faults(field, key, qualified(key))
        yield from faults(field, text, value(text))
