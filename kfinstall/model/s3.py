"""A store that speaks as S3 does: where it is, whether it is trusted, and who asks."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from kfinstall.model.base import LocalPath, Model
from kfinstall.words import _

AWS = re.compile(r"s3[a-z0-9.-]*\.amazonaws\.com(\.cn)?")
"""The hosts at which S3 itself is served, of a region or of all."""

ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"


def _one_line(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]+", secret.get_secret_value()):
        raise ValueError(_("a key without spaces is expected here, as the store's console shows it."))
    return secret


def _endpoint(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?", text):
        raise ValueError(_("a host is expected here, or host:port, without https:// and without a path."))
    return text


OneLine = Annotated[SecretStr, AfterValidator(_one_line)]
Endpoint = Annotated[str, AfterValidator(_endpoint), WithJsonSchema({"type": "string", "minLength": 1})]


class S3(Model):
    """S3, or a store that speaks as S3 does."""

    type: str
    endpoint: Endpoint | None = Field(
        default=None,
        title=_("Endpoint"),
        description=_("The store's host, or host:port; without it, S3 itself in the bucket's region."),
    )
    region: str = Field(
        default="us-east-1", pattern=r"^[a-z0-9-]+$", title=_("Region"), description=_("The bucket's region.")
    )
    tls: bool = Field(default=True, title=_("TLS"), description=_("Whether the store is asked over https."))
    ca_file: LocalPath | None = Field(
        default=None,
        title=_("Certificate authority"),
        description=_(
            "A file with the certificate (PEM) of the authority that signed the store's; without it, the store's has "
            "to be one that everybody trusts."
        ),
    )
    access_key: OneLine | None = Field(
        default=None, title=_("Access key"), description=_("From the environment: ${NAME}.")
    )
    secret_key: OneLine | None = Field(
        default=None, title=_("Secret key"), description=_("From the environment: ${NAME}.")
    )
    role_arn: str | None = Field(
        default=None,
        pattern=ROLE,
        title=_("IAM role"),
        description=_("Instead of keys, on EKS: the role that service accounts take (IRSA), as arn:aws:iam::…"),
    )

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError(_("accessKey and secretKey go together."))
        if (self.access_key is None) == (self.role_arn is None):
            raise ValueError(_("the store needs either accessKey and secretKey or roleArn."))
        if self.role_arn and not self.is_aws:
            raise ValueError(_("roleArn is for S3 itself; a store elsewhere needs accessKey and secretKey."))
        return self

    @model_validator(mode="after")
    def _authority_of_a_store_elsewhere(self) -> Self:
        if self.ca_file and not self.tls:
            raise ValueError(_("caFile is for https, and tls: false asks the store over http."))
        if self.ca_file and self.is_aws:
            raise ValueError(_("caFile is for a store elsewhere; everybody trusts the certificates of S3 itself."))
        return self

    @property
    def address(self) -> str:
        """Of the store: a host, or host:port. S3 itself by the name of the region: at s3.amazonaws.com it only answers
        with where a bucket is, which not every client follows (https://docs.aws.amazon.com/general/latest/gr/s3.html).
        """
        if self.endpoint and self.endpoint.lower() != "s3.amazonaws.com":
            return self.endpoint.lower()
        return f"s3.{self.region}.amazonaws.com" + (".cn" if self.region.startswith("cn-") else "")

    @property
    def is_aws(self) -> bool:
        """Whether this is S3 itself."""
        return bool(AWS.fullmatch(self.address))

    @property
    def host(self) -> str:
        """The address without its port."""
        return self.address.partition(":")[0]

    @property
    def port(self) -> str:
        """Of the address; "" for that of the protocol."""
        return self.address.partition(":")[2]
