"""The `images` of an Install document: from where they are pulled, with which credentials, and when."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from kfinstall.model.base import DnsLabel, Model
from kfinstall.model.faults import one_of
from kfinstall.model.mirror_map import Layout, mirror_map, mirror_names
from kfinstall.words import _

_HOST = r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+)(?::\d+)?|[a-zA-Z0-9-]+:\d+"
_PLACE = rf"(?:{_HOST})(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
"""https://github.com/distribution/reference, without tag and digest, and never of an unnamed registry."""


def _known(name: str) -> str:
    if name not in mirror_names():
        raise ValueError(_('"{value}" is not known.').format(value=name) + one_of(name, mirror_names()))
    return name


def _place(text: str) -> str:
    if not re.fullmatch(_PLACE, text):
        message = _("a registry is expected here, such as registry.example.com or registry.example.com:5000/team.")
        raise ValueError(message)
    return text


MirrorName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(mirror_names())})]
Place = Annotated[str, AfterValidator(_place), WithJsonSchema({"type": "string", "pattern": f"^{_PLACE}$"})]
"""A registry, or repositories of one: the beginning of an image's name."""


class PullSecret(Model):
    """Credentials for a registry: a Secret that is made of them, or one that stands in every namespace already."""

    name: DnsLabel = Field(
        max_length=63,
        title=_("Name"),
        description=_("What the Secret is called; without the other keys it has to stand in every namespace."),
    )
    registry: Place | None = Field(
        default=None, title=_("Registry"), description=_("Whom the credentials are for, for example docker.io.")
    )
    username: str | None = Field(default=None, title=_("User"), description=_("The user, or the robot's name."))
    password: SecretStr | None = Field(
        default=None, title=_("Password"), description=_("The password or token, from the environment: ${NAME}.")
    )

    @model_validator(mode="after")
    def _whole(self) -> "PullSecret":
        given = [self.registry is not None, self.username is not None, self.password is not None]
        if any(given) and not all(given):
            raise ValueError(_("registry, username and password go together; without all three it is only a name."))
        return self


class Images(Model):
    """From where images are pulled; without options, from where the release has them."""

    mirror: MirrorName | None = Field(
        default=None, title=_("Mirror"), description=_("A mirror, or a kind of registry, that kfinstall knows.")
    )
    registry: Place | None = Field(
        default=None,
        title=_("Registry"),
        description=_("A registry of your own that all images are pulled from, for example registry.example.com/team."),
    )
    layout: Layout | None = Field(
        default=None,
        title=_("Layout"),
        description=_("What gcr.io/a/b is called there: gcr.io/a/b (full, the default), a/b (path) or b (flat)."),
    )
    rules: dict[Place, Place] = Field(
        default_factory=dict,
        title=_("Rules"),
        description=_("Beginnings of names and what stands there instead; the longest goes first, before the mirror."),
    )
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        default=None, title=_("Pull policy"), description=_("The imagePullPolicy of all containers.")
    )
    pull_secrets: tuple[PullSecret, ...] = Field(
        default=(), title=_("Pull secrets"), description=_("Credentials for registries that want a login.")
    )

    @model_validator(mode="after")
    def _registry_of_ones_own(self) -> "Images":
        if self.mirror is not None:
            own = mirror_map(self.mirror).registry is None
            if own and self.registry is None:
                message = _("{mirror} needs the key registry: the place of your own there.")
                raise ValueError(message.format(mirror=self.mirror))
            if not own and self.registry is not None:
                message = _("{mirror} is at {registry}; registry is for one of your own. Keep one of the two.")
                raise ValueError(message.format(mirror=self.mirror, registry=mirror_map(self.mirror).registry))
        elif self.layout is not None and self.registry is None:
            raise ValueError(_("layout says how images are called in a registry, and there is none here."))
        return self

    @model_validator(mode="after")
    def _different_secrets(self) -> "Images":
        names = [each.name for each in self.pull_secrets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(_('two pull secrets are called "{name}".').format(name=twice))
        return self
