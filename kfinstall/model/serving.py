"""The `serving` of an Install document: what serves models, and from where it takes them."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, WithJsonSchema, model_validator

from kfinstall.model.base import DnsLabel, Model
from kfinstall.model.objectstore import AccountKey
from kfinstall.model.s3 import S3, OneLine
from kfinstall.model.storage import AbsolutePath, Server, Size
from kfinstall.words import _

UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
GOOGLE_ACCOUNT = r"^[a-z0-9-]+@[a-z0-9.-]+\.iam\.gserviceaccount\.com$"
ADDRESS = r"^(s3|gs|pvc|https)://[A-Za-z0-9][^\s]*$"


class S3Models(S3):
    """Models in S3, or in a store that speaks as S3 does."""

    type: Literal["s3"] = Field(title="S3", description=_("In S3, or in a store that speaks as S3 does."))


class GcsModels(Model):
    """Models in Google Cloud Storage."""

    type: Literal["gcs"] = Field(title="Google Cloud Storage", description=_("In Google Cloud Storage."))
    account_key: AccountKey | None = Field(
        default=None,
        title=_("Service account key"),
        description=_("The JSON key of a service account that may read the bucket. From the environment: ${NAME}."),
    )
    service_account: str | None = Field(
        default=None,
        pattern=GOOGLE_ACCOUNT,
        title=_("Google service account"),
        description=_("Instead of a key, on GKE: the account that pods act as (workload identity)."),
    )

    @model_validator(mode="after")
    def _one_identity(self) -> "GcsModels":
        if (self.account_key is None) == (self.service_account is None):
            raise ValueError(_("the store needs either accountKey or serviceAccount."))
        return self


class AzureModels(Model):
    """Models in Azure Blob Storage."""

    type: Literal["azure"] = Field(title="Azure Blob Storage", description=_("In Azure Blob Storage."))
    account_key: OneLine | None = Field(
        default=None,
        title=_("Account key"),
        description=_("Of the storage account. From the environment: ${NAME}."),
    )
    client_id: str | None = Field(
        default=None,
        pattern=UUID,
        title=_("Client"),
        description=_("Instead of a key, on AKS: the managed identity that pods act as (workload identity)."),
    )

    @model_validator(mode="after")
    def _one_identity(self) -> "AzureModels":
        if (self.account_key is None) == (self.client_id is None):
            raise ValueError(_("the store needs either accountKey or clientId."))
        return self


class NfsModels(Model):
    """Models in a folder of an NFS server, which nodes mount."""

    type: Literal["nfs"] = Field(title="NFS", description=_("In a folder of an NFS server."))
    server: Server = Field(title=_("Server"), description=_("Its name or address, as nodes reach it."))
    path: AbsolutePath = Field(title=_("Path"), description=_("The folder with the models."))
    size: Size = Field(default="100Gi", title=_("Size"), description=_("What the claim says; NFS does not limit it."))


ModelSource = Annotated[S3Models | GcsModels | AzureModels | NfsModels, Field(discriminator="type")]


class ModelOfTest(Model):
    """A model that `kfinstall test serving` serves."""

    address: str = Field(
        pattern=ADDRESS,
        title=_("Address"),
        description=_("The folder of the model: s3://…, gs://…, https://…; pvc://models/… for an NFS folder."),
    )
    format: str = Field(
        pattern=r"^[a-z0-9]+$", title=_("Format"), description=_("As the serving component names it, e.g. sklearn.")
    )
    instances: tuple[Annotated[JsonValue, WithJsonSchema({})], ...] = Field(
        default=(),
        title=_("Instances"),
        description=_(
            "What the model is asked to predict for, such as [[6.8, 2.8, 4.8, 1.4]]; without it, the model only has to "
            "be ready."
        ),
    )


class Serving(Model):
    """What serves models, and from where it takes them; without options, as the release has it."""

    component: Literal["kserve", "tf-serving", "seldon"] | None = Field(
        default=None,
        title=_("Component"),
        description=_("What is to serve models; a release that lacks it is refused before anything is written."),
    )
    models: ModelSource | None = Field(
        default=None,
        title=_("Models"),
        description=_("Where models come from: service account kfinstall-models in each profile may read them."),
    )
    profiles: tuple[DnsLabel, ...] = Field(
        default=(), title=_("Profiles"), description=_("Whose models they are; without it, those of all profiles.")
    )
    test: ModelOfTest | None = Field(
        default=None, title=_("Test model"), description=_("What `kfinstall test serving -f FILE` serves.")
    )

    @model_validator(mode="after")
    def _profiles_of_something(self) -> "Serving":
        if self.profiles and self.models is None:
            raise ValueError(_("profiles says who may read models, and models does not say where they are."))
        return self
