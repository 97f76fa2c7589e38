"""The `storage` of an Install document: where the claims of Kubeflow get their volumes."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from kfinstall.model.base import DnsLabel, Model
from kfinstall.words import _

SIZE = r"^[1-9][0-9]*(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)$"
"""A quantity of bytes; without a unit it would be a volume of a few bytes."""

NUMBER = "{number}"
"""In the path of NFS volumes: the number of the volume."""

ReclaimPolicy = Literal["Delete", "Retain"]


def _size(text: str) -> str:
    if not re.fullmatch(SIZE, text):
        raise ValueError(_("a size with a unit is expected here, for example 20Gi."))
    return text


def _absolute(text: str) -> str:
    if not re.fullmatch(r"(/[\w.{}-]+)+", text, re.ASCII) or ".." in text.split("/"):
        raise ValueError(_('a path that begins with "/" is expected here, of letters, digits, ".", "_" and "-".'))
    return text


def _server(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?", text):
        raise ValueError(_("the name or the address of a server is expected here, without a path."))
    return text


Size = Annotated[str, AfterValidator(_size), WithJsonSchema({"type": "string", "pattern": SIZE})]
AbsolutePath = Annotated[str, AfterValidator(_absolute), WithJsonSchema({"type": "string", "pattern": "^/"})]
Server = Annotated[str, AfterValidator(_server), WithJsonSchema({"type": "string", "minLength": 1})]


class NotebookVolume(Model):
    """The volume that a new notebook gets unless its user says otherwise."""

    class_name: str | None = Field(
        default=None,
        alias="class",
        min_length=1,
        title=_("Storage class"),
        description=_("Its storage class; without it, the one that Kubeflow's own claims get here."),
    )
    size: Size | None = Field(
        default=None, title=_("Size"), description=_("For example 10Gi; without it, as released.")
    )
    mount_path: AbsolutePath | None = Field(
        default=None,
        title=_("Mount path"),
        description=_("Where a notebook sees it; without it, as released: /home/jovyan."),
    )


class StorageOptions(Model):
    """What every way to get volumes begins with; each narrows `type` to its own name."""

    type: str
    notebooks: NotebookVolume = Field(
        default_factory=NotebookVolume,
        title=_("Notebooks"),
        description=_("The volume that a new notebook gets unless its user says otherwise."),
    )


class Automatic(StorageOptions):
    """What the cluster has."""

    type: Literal["auto"] = Field(
        default="auto",
        title=_("The cluster's default class"),
        description=_("Whatever class the cluster takes for claims that name none; refused where there is none."),
    )


class Static(StorageOptions):
    """Volumes that somebody else makes."""

    type: Literal["static"] = Field(
        title=_("Volumes that an administrator makes"),
        description=_("The claims stay as released, and wait until somebody makes volumes for them."),
    )


class NamedClass(StorageOptions):
    """A storage class of the cluster."""

    type: Literal["class"] = Field(title=_("A class by its name"), description=_("A storage class of the cluster."))
    name: str = Field(
        min_length=1, title=_("Storage class"), description=_("For claims that name none: its name in the cluster.")
    )


class HostPath(StorageOptions):
    """Folders of one node."""

    type: Literal["hostpath"] = Field(
        title=_("Folders of one node"),
        description=_("One for each claim of the release. Nobody deletes what is in them."),
    )
    node: str | None = Field(
        default=None,
        min_length=1,
        title=_("Node"),
        description=_("The node that has the folders; needed where there are several."),
    )
    path: AbsolutePath = Field(
        default="/var/lib/kubeflow",
        title=_("Path"),
        description=_("The folder on the node under which they are; it is made when it is not there."),
    )


class Nfs(StorageOptions):
    """Folders of an NFS server, made beforehand."""

    type: Literal["nfs"] = Field(
        title=_("Folders of an NFS server"),
        description=_("They are there already. Nobody deletes what is in them."),
    )
    server: Server = Field(title=_("NFS server"), description=_("Its name or address, as the nodes reach it."))
    path: AbsolutePath = Field(
        title=_("Path"),
        description=_("The folder of a volume on the server; {number} in it stands for 1, 2, 3 and so on."),
    )
    count: int = Field(ge=1, le=1000, title=_("Volumes"), description=_("How many there are."))
    size: Size = Field(title=_("Size"), description=_("Of each volume: at least what the largest claim asks for."))
    name: DnsLabel = Field(
        default="nfs", title=_("Storage class"), description=_("The class that is made for these volumes.")
    )

    @model_validator(mode="after")
    def _a_folder_for_each(self) -> "Nfs":
        if self.count > 1 and NUMBER not in self.path:
            message = _("{count} volumes cannot share the folder {path}: put {number} into storage.path.")
            raise ValueError(message.format(count=self.count, path=self.path, number=NUMBER))
        return self


class Provisioned(StorageOptions):
    """Volumes that a provisioner makes, which is installed with Kubeflow."""

    default: bool = Field(
        default=False,
        title=_("Default class"),
        description=_("Whether the class becomes the cluster's default; refused where another class is."),
    )
    reclaim_policy: ReclaimPolicy = Field(
        default="Delete",
        title=_("Reclaim policy"),
        description=_("What happens to the data of a claim that is deleted."),
    )


class NfsProvisioner(Provisioned):
    """Folders of an NFS server, made when a claim needs one."""

    type: Literal["nfs-provisioner"] = Field(
        title=_("NFS server with a provisioner"),
        description=_("Folders of an NFS server, made for each claim by nfs-subdir-external-provisioner."),
    )
    server: Server = Field(title=_("NFS server"), description=_("Its name or address, as the nodes reach it."))
    path: AbsolutePath = Field(title=_("Path"), description=_("The exported folder under which they are made."))
    name: DnsLabel = Field(
        default="nfs-client", title=_("Storage class"), description=_("The class that is made for it.")
    )


class LocalPath(Provisioned):
    """Folders of the nodes, made when a pod needs one."""

    type: Literal["local-path"] = Field(
        title=_("Folders of the nodes"),
        description=_(
            "Made for each claim by local-path-provisioner; the pods stay on the node that has their folder."
        ),
    )
    path: AbsolutePath = Field(
        default="/opt/local-path-provisioner",
        title=_("Path"),
        description=_("The folder of every node under which they are made."),
    )
    name: DnsLabel = Field(
        default="local-path", title=_("Storage class"), description=_("The class that is made for it.")
    )


class NfsServer(Provisioned):
    """An NFS server in the cluster, which comes with Kubeflow."""

    type: Literal["nfs-server"] = Field(
        title=_("NFS server in the cluster"),
        description=_("On one disk: volumes that many nodes may write."),
    )
    size: Size = Field(default="200Gi", title=_("Size"), description=_("Of its disk: all volumes share it."))
    disk: str | None = Field(
        default=None,
        min_length=1,
        title=_("Class of the disk"),
        description=_("The storage class of its disk; without it, the cluster's default one."),
    )
    name: DnsLabel = Field(default="nfs", title=_("Storage class"), description=_("The class that is made for it."))


def _automatic_unless_said(value: object) -> object:
    """A volume for notebooks can be asked for without a word about the rest."""
    return {"type": "auto", **value} if isinstance(value, Mapping) and value.keys() <= {"notebooks"} else value


Storage = Annotated[
    Automatic | Static | NamedClass | HostPath | Nfs | NfsProvisioner | NfsServer | LocalPath,
    Field(discriminator="type"),
    BeforeValidator(_automatic_unless_said),
]
