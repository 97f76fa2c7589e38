"""The `storage` of an Install document: where the claims of Kubeflow get their volumes."""

from typing import Annotated, Literal

from pydantic import Field

from kfinstall.model.base import Model
from kfinstall.words import _


class Automatic(Model):
    """What the cluster has."""

    type: Literal["auto"] = Field(default="auto", title=_("Storage"), description=_("The cluster's default class."))


class NamedClass(Model):
    """A storage class of the cluster."""

    type: Literal["class"] = Field(title=_("Storage"), description=_("A storage class of the cluster."))
    name: str = Field(
        min_length=1, title=_("Storage class"), description=_("For claims that name none: its name in the cluster.")
    )


Storage = Annotated[Automatic | NamedClass, Field(discriminator="type")]
