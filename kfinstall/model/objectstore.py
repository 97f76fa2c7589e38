"""The `objectStore` of an Install document: the keys of the store that Pipelines keep artifacts in."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from kfinstall.model.base import Model
from kfinstall.words import _


def _key(secret: SecretStr) -> SecretStr:
    """The stores' own start scripts do not quote it."""
    if not re.fullmatch(r"[A-Za-z0-9+/=_.-]{8,64}", secret.get_secret_value()):
        raise ValueError(
            _('8 to 64 letters and digits are expected here; "+", "/", "=", "_", "." and "-" are possible.')
        )
    return secret


Key = Annotated[SecretStr, AfterValidator(_key)]


class ObjectStore(Model):
    """MinIO or SeaweedFS, as the release has it; without keys, with those that are published with it."""

    access_key: Key | None = Field(default=None, title=_("Access key"), description=_("From the environment: ${NAME}."))
    secret_key: Key | None = Field(default=None, title=_("Secret key"), description=_("From the environment: ${NAME}."))

    @model_validator(mode="after")
    def _both(self) -> "ObjectStore":
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError(_("accessKey and secretKey go together."))
        return self
