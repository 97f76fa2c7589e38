"""Provisioners that are installed with Kubeflow, and the storage class of each: configs/storage."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from string import Template
from typing import Any

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import PART_OF, applyset_id
from kfinstall.facts.storage.volumes import DEFAULT, is_default
from kfinstall.model.storage import LocalPath, NfsProvisioner, NfsServer
from kfinstall.words import _


def provisioner(
    storage: NfsProvisioner | NfsServer | LocalPath, install: str, surroundings: Surroundings
) -> Iterator[Body]:
    """The objects of the provisioner that the document asks for. Raises PlanRefused when its class is in the way."""
    _refuse_taken(storage, install, surroundings)
    text = files("configs").joinpath("storage", f"{storage.type}.yaml").read_text(encoding="utf-8")
    values = storage.model_dump(by_alias=True)
    for body in yaml.safe_load_all(text):
        filled = _filled(body, values)
        if storage.default and filled["kind"] == "StorageClass":
            filled["metadata"]["annotations"] = {DEFAULT: "true"}
        yield filled


def _refuse_taken(storage: NfsProvisioner | NfsServer | LocalPath, install: str, surroundings: Surroundings) -> None:
    for each in surroundings.storage_classes or ():
        name, labels = each["metadata"]["name"], each["metadata"].get("labels") or {}
        if labels.get(PART_OF) == applyset_id(install):
            continue
        if name == storage.name:
            raise PlanRefused(
                _('The cluster has a storage class "{name}" already, which is not of this install.').format(name=name),
                fix=_("Use it: --set storage.type=class; or choose another name: --set storage.name=NAME"),
            )
        if storage.default and is_default(each):
            raise PlanRefused(
                _('"{name}" is the default storage class, and kfinstall does not change that.').format(name=name),
                why=_("storage.default asks for another one; with two of them, the newer counts."),
                fix=_(
                    "Leave storage.default out: Kubeflow's claims name their class. Or first: "
                    "kubectl annotate storageclass {name} {annotation}=false --overwrite"
                ).format(name=name, annotation=DEFAULT),
            )


def _filled(value: Any, values: Mapping[str, object]) -> Any:
    """With what the document says, and without the keys of what it leaves open.

    Other names that begin with "$" are those of shell scripts.
    """
    if isinstance(value, dict):
        return {key: _filled(child, values) for key, child in value.items() if not _is_open(child, values)}
    if isinstance(value, list):
        return [_filled(child, values) for child in value]
    return Template(value).safe_substitute(values) if isinstance(value, str) else value


def _is_open(value: Any, values: Mapping[str, object]) -> bool:
    """Whether something is a name, such as ${disk}, for which the document has nothing."""
    return value in [f"${{{name}}}" for name, known in values.items() if known is None]
