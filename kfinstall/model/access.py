"""The `access` of an Install document: from where Kubeflow can be reached, and who may sign in."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema, model_validator

from kfinstall.model.base import DNS_LABEL, DnsLabel, Model, WebAddress
from kfinstall.words import _

LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at."""


def _host_name(text: str) -> str:
    if "." not in text or not all(re.fullmatch(DNS_LABEL[1:-1], part) for part in text.split(".")):
        raise ValueError(_("a host name is expected here, such as kubeflow.example.com, without https:// and a port."))
    return text


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise ValueError(_("an e-mail address is expected here, such as ada@example.com."))
    return text


def _password(secret: SecretStr) -> SecretStr:
    length = len(secret.get_secret_value().encode())
    if not 8 <= length <= LONGEST_PASSWORD:
        raise ValueError(_("a password of 8 to {most} bytes is expected here.").format(most=LONGEST_PASSWORD))
    return secret


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(_("a network is expected here, such as 192.0.2.0/24.")) from error


HostName = Annotated[str, AfterValidator(_host_name), WithJsonSchema({"type": "string", "format": "hostname"})]
Email = Annotated[str, AfterValidator(_email), WithJsonSchema({"type": "string", "format": "email"})]
Password = Annotated[SecretStr, AfterValidator(_password)]
Network = Annotated[str, AfterValidator(_network), WithJsonSchema({"type": "string"})]


class User(Model):
    """Somebody who signs in with a password that Dex keeps the bcrypt hash of."""

    email: Email = Field(title=_("E-mail"), description=_("The name to sign in with."))
    password: Password = Field(title=_("Password"), description=_("From the environment: ${NAME}."))


class IdentityProvider(Model):
    """An OpenID Connect provider that Dex sends users to."""

    name: str = Field(default="Single sign-on", min_length=1, title=_("Name"), description=_("On the sign-in page."))
    issuer: WebAddress = Field(title=_("Issuer"), description=_("Its URL, as its discovery document names it."))
    client_id: str = Field(min_length=1, title=_("Client ID"), description=_("Of Kubeflow, at the provider."))
    client_secret: SecretStr = Field(title=_("Client secret"), description=_("From the environment: ${NAME}."))


class Tls(Model):
    """The certificate of the way in."""

    certificate: DnsLabel | None = Field(
        default=None,
        title=_("Certificate"),
        description=_("A Secret of type kubernetes.io/tls of your own, in the namespace istio-system."),
    )
    issuer: DnsLabel | None = Field(
        default=None, title=_("Issuer"), description=_("The issuer of cert-manager that is asked for a certificate.")
    )
    issuer_kind: Literal["ClusterIssuer", "Issuer"] = Field(
        default="ClusterIssuer", title=_("Kind of issuer"), description=_("An Issuer has to be in istio-system.")
    )

    @model_validator(mode="after")
    def _own_or_issued(self) -> "Tls":
        if (self.certificate is None) == (self.issuer is None):
            raise ValueError(_("a certificate is there, or an issuer makes it: give one of the two keys."))
        return self


class AccessOptions(Model):
    """What every way in has: who may sign in."""

    users: tuple[User, ...] = Field(
        default=(),
        title=_("Users"),
        description=_("Who may sign in, instead of the release's user@example.com; the first owns its profile."),
    )
    oidc: IdentityProvider | None = Field(
        default=None, title=_("Identity provider"), description=_("OpenID Connect; it needs a host with https.")
    )

    @property
    def address(self) -> str:
        """Where users reach it, without a slash at the end; "" where that shows only later."""
        return ""

    @model_validator(mode="after")
    def _different_users(self) -> "AccessOptions":
        emails = [user.email for user in self.users]
        twice = next((email for email in emails if emails.count(email) > 1), None)
        if twice is not None:
            raise ValueError(_("{email} is listed twice under users.").format(email=twice))
        return self

    @model_validator(mode="after")
    def _address_for_the_provider(self) -> "AccessOptions":
        if self.oidc is not None and not self.address.startswith("https://"):
            message = _("an identity provider sends users back to an https address: oidc needs host, and TLS.")
            raise ValueError(message)
        return self


class PortForward(AccessOptions):
    """Nothing is reachable but through kfinstall or kubectl."""

    type: Literal["port-forward"] = Field(
        default="port-forward",
        title=_("Port forwarding"),
        description=_("From this machine only, while `kfinstall open` runs."),
    )


class Exposed(AccessOptions):
    """Reachable by others than who installs; what is dangerous about that is asked for by name."""

    host: HostName | None = Field(
        default=None, title=_("Host name"), description=_("The name that users type; its DNS record is yours to make.")
    )
    allow_default_password: bool = Field(
        default=False,
        title=_("Allow the default password"),
        description=_("Everybody can read user@example.com's password in Kubeflow's manual: anyone could sign in."),
    )


class AtGateway(Exposed):
    """TLS ends at Istio's gateway."""

    tls: Tls | None = Field(default=None, title=_("TLS"), description=_("The certificate; it makes the way in https."))
    allow_plain_http: bool = Field(
        default=False,
        title=_("Allow plain http"),
        description=_("Without TLS, passwords and sessions can be read on the way."),
    )

    @property
    def address(self) -> str:
        if self.host is None:
            return ""
        return f"https://{self.host}" if self.tls else f"http://{self.host}"

    @model_validator(mode="after")
    def _encrypted(self) -> "AtGateway":
        if self.tls is None and not self.allow_plain_http:
            raise ValueError(_("others could read passwords on the way: give tls, or say allowPlainHttp: true."))
        if self.tls is not None and self.allow_plain_http:
            raise ValueError(_("tls and allowPlainHttp exclude each other. Keep one."))
        if self.tls is not None and self.tls.issuer and self.host is None:
            raise ValueError(_("an issuer makes a certificate for a name: give host, too."))
        return self


class NodePort(AtGateway):
    """A port of every node."""

    type: Literal["node-port"] = Field(
        title=_("Port of the nodes"), description=_("A port of every node, for everybody who reaches a node.")
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        title=_("Port"),
        description=_("Of the nodes, commonly 30000 to 32767; without it, one that the cluster chooses."),
    )


class LoadBalancer(AtGateway):
    """An address of its own, by the cloud's load balancer."""

    type: Literal["load-balancer"] = Field(
        title=_("Load balancer"),
        description=_("An address of its own, which clouds charge for; mostly on the internet."),
    )
    source_ranges: tuple[Network, ...] = Field(
        default=(),
        title=_("Source ranges"),
        description=_("The networks that may come in, for example 192.0.2.0/24; without them, all."),
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        title=_("Annotations"),
        description=_("Of the Service, for the cloud: for example what makes its load balancer an internal one."),
    )


class Route(Exposed):
    """OpenShift's router, which ends TLS with its own certificate."""

    type: Literal["route"] = Field(
        title=_("OpenShift route"), description=_("OpenShift's router, with its own certificate.")
    )

    @property
    def address(self) -> str:
        return f"https://{self.host}" if self.host else ""


def _forwarded_unless_said(value: object) -> object:
    return {"type": "port-forward", **value} if isinstance(value, Mapping) else value


Access = Annotated[
    PortForward | NodePort | LoadBalancer | Route, Field(discriminator="type"), BeforeValidator(_forwarded_unless_said)
]
