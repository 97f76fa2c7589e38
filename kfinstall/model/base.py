"""What all models of documents have in common, and the types of field that several of them use."""

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

from kfinstall.words import _

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names"""


class Model(BaseModel):
    """Frozen, camelCase in the file as Kubernetes has it, and nothing but the keys that are known."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


class _FromFolder:
    """Marks a field whose relative paths start at the folder of the file that names them."""


FROM_FOLDER: Final = _FromFolder()


def dns_label(text: str) -> str:
    """A name as Kubernetes wants it. Raises ValueError, with words for the user."""
    if not re.fullmatch(DNS_LABEL[1:-1], text):
        message = _('small letters, digits and "-" are possible here, with a letter or digit at both ends.')
        raise ValueError(message)
    return text


def _path(value: object) -> object:
    if isinstance(value, str) and (not value or not value.isprintable()):
        raise ValueError(_("a path is expected here."))
    return value


def web_address(text: str) -> str:
    """An http or https URL. Raises ValueError, with words for the user."""
    if not re.fullmatch(r"https?://[^/\s]\S*", text):
        raise ValueError(_("a URL that begins with https:// is expected here."))
    return text


def sha256(text: str) -> str:
    """A SHA-256 checksum, in small letters. Raises ValueError, with words for the user."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError(_("a SHA-256 checksum is expected here: 64 digits and letters from a to f."))
    return text.lower()


LocalPath = Annotated[Path, BeforeValidator(_path), FROM_FOLDER, WithJsonSchema({"type": "string"})]
DnsLabel = Annotated[str, AfterValidator(dns_label), WithJsonSchema({"type": "string", "pattern": DNS_LABEL})]
WebAddress = Annotated[str, AfterValidator(web_address), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
Sha256 = Annotated[str, AfterValidator(sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})]
