"""The `objectStore` of an Install document: the store that Pipelines keep artifacts in."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from kfinstall.model.base import Model, WebAddress
from kfinstall.model.s3 import S3, OneLine
from kfinstall.words import _

BUCKET = r"^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$"
ACCOUNT = r"^[a-z0-9]{3,24}$"
CONTAINER = r"^[a-z0-9][a-z0-9-]{2,62}$"


def _key(secret: SecretStr) -> SecretStr:
    """The stores' own start scripts do not quote it."""
    if not re.fullmatch(r"[A-Za-z0-9+/=_.-]{8,64}", secret.get_secret_value()):
        raise ValueError(
            _('8 to 64 letters and digits are expected here; "+", "/", "=", "_", "." and "-" are possible.')
        )
    return secret


def _account_key(secret: SecretStr) -> SecretStr:
    try:
        account = json.loads(secret.get_secret_value())
    except ValueError:
        account = None
    if not isinstance(account, dict) or not account.get("private_key") or not account.get("client_email"):
        raise ValueError(_("the JSON key of a service account is expected here, whole, as Google Cloud gives it out."))
    return secret


Key = Annotated[SecretStr, AfterValidator(_key)]
AccountKey = Annotated[SecretStr, AfterValidator(_account_key)]


class OwnStore(Model):
    """The keys of the store that comes with the release: MinIO or SeaweedFS."""

    type: str
    access_key: Key | None = Field(
        default=None,
        title=_("Access key"),
        description=_("Of the release's own store. From the environment: ${NAME}."),
    )
    secret_key: Key | None = Field(
        default=None,
        title=_("Secret key"),
        description=_("Of the release's own store. From the environment: ${NAME}."),
    )

    @model_validator(mode="after")
    def _both(self) -> "OwnStore":
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError(_("accessKey and secretKey go together."))
        return self


class BundledStore(OwnStore):
    """MinIO or SeaweedFS, as the release has it; without keys, with those that are published with it."""

    type: Literal["bundled"] = Field(
        default="bundled", title=_("The release's own"), description=_("MinIO or SeaweedFS, as the release has it.")
    )


class S3Store(S3):
    """S3, or a store that speaks as S3 does. The release's own store is left out then."""

    type: Literal["s3"] = Field(
        title="S3", description=_("S3, or any store that speaks as S3 does: MinIO, Ceph, OSS and others.")
    )
    bucket: str = Field(pattern=BUCKET, title=_("Bucket"), description=_("It has to be there already."))


class GcsStore(OwnStore):
    """Google Cloud Storage for what pipelines produce.

    Pipelines' own server speaks S3 only, so that definitions and logs stay in the release's own store.
    """

    type: Literal["gcs"] = Field(
        title="Google Cloud Storage",
        description=_("Google Cloud Storage for artifacts; definitions and logs stay in the release's own store."),
    )
    bucket: str = Field(pattern=BUCKET, title=_("Bucket"), description=_("It has to be there already."))
    account_key: AccountKey | None = Field(
        default=None,
        title=_("Service account key"),
        description=_("The JSON key of a service account that may write to the bucket. From the environment: ${NAME}."),
    )
    workload_identity: bool = Field(
        default=False,
        title=_("Workload identity"),
        description=_("Instead of a key, on GKE: the service account default-editor of each profile may write there."),
    )

    @model_validator(mode="after")
    def _one_identity(self) -> "GcsStore":
        if (self.account_key is None) != self.workload_identity:
            raise ValueError(_("the store needs either accountKey or workloadIdentity."))
        return self


class AzureStore(Model):
    """A container of Azure Blob Storage, behind the MinIO of the release as a gateway."""

    type: Literal["azure"] = Field(
        title="Azure Blob Storage",
        description=_("Azure Blob Storage, behind the release's MinIO as a gateway: Kubeflow 1.10 has one that can."),
    )
    account: str = Field(pattern=ACCOUNT, title=_("Storage account"), description=_("Its name."))
    account_key: OneLine = Field(
        title=_("Account key"), description=_("Of the storage account. From the environment: ${NAME}.")
    )
    container: str = Field(pattern=CONTAINER, title=_("Container"), description=_("It has to be there already."))
    endpoint: WebAddress | None = Field(
        default=None,
        title=_("Endpoint"),
        description=_("Of another Azure than the public one, for example https://blob.core.chinacloudapi.cn."),
    )


def _bundled_unless_said(value: object) -> object:
    return {"type": "bundled", **value} if isinstance(value, Mapping) else value


ObjectStoreOptions = BundledStore | S3Store | GcsStore | AzureStore
ObjectStore = Annotated[ObjectStoreOptions, Field(discriminator="type"), BeforeValidator(_bundled_unless_said)]
