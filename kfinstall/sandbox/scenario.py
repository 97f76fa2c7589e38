"""A scenario: the cluster that the sandbox plays, from configs/sandbox/*.yaml."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kfinstall.errors import DocumentError, UsageError
from kfinstall.sandbox.rights import CLUSTER_ADMIN, ScenarioUser
from kfinstall.words import _

Answers = Literal["ok", "unreachable", "rateLimited", "unauthorized", "notFound", "wrongArchitecture", "slow"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nodes(_Strict):
    """Nodes of one shape. allocatable: quantities by resource name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    count: int = Field(default=1, ge=1, le=1000)
    allocatable: dict[str, str]
    labels: dict[str, str] = Field(default_factory=dict)
    taints: tuple[dict[str, str], ...] = ()


class StorageClass(_Strict):
    """binds: whether a provisioner answers. topology: a label of nodes; volumes can be used where it has one value."""

    name: str
    default: bool = False
    binds: bool = True
    binding: Literal["Immediate", "WaitForFirstConsumer"] = "WaitForFirstConsumer"
    topology: str = ""


class Registry(_Strict):
    """How images are answered. match: a regular expression that is searched in the full reference, with its registry.

    after: images that are answered before the rate limit is reached.
    opened_by_secret: whether pods with a pull secret for this registry get what they ask for.
    """

    match: str
    answer: Answers
    after: int = Field(default=0, ge=0)
    opened_by_secret: bool = Field(default=False, alias="openedBySecret")


class Container(_Strict):
    """How containers behave; without a rule they run, and those of pods that end by themselves end well.

    match: as of a registry. name: of the container; "" for every one. exit_code: it ends with that, `after` seconds
    from its start, the first `times` times (0: always). log: what it writes. failing: a probe that it never passes.
    root: its image names no user but root.
    """

    match: str = ""
    name: str = ""
    exit_code: int | None = Field(default=None, alias="exitCode", ge=0, le=255)
    reason: Literal["Completed", "Error", "OOMKilled"] | None = None
    after: float = Field(default=5.0, ge=0)
    times: int = Field(default=0, ge=0)
    log: tuple[str, ...] = ()
    failing: Literal["startup", "readiness", "liveness"] | None = None
    root: bool = False


class Scenario(_Strict):
    """title: one sentence, what goes wrong. user: whose kubeconfig it is."""

    title: str
    nodes: tuple[Nodes, ...]
    storage_classes: tuple[StorageClass, ...] = Field(default=(), alias="storageClasses")
    registries: tuple[Registry, ...] = ()
    containers: tuple[Container, ...] = ()
    user: ScenarioUser = CLUSTER_ADMIN

    def registry(self, image: str) -> Registry | None:
        """The first rule that an image meets."""
        return next((each for each in self.registries if re.search(each.match, image)), None)

    def container(self, image: str, name: str) -> Container:
        """The first rule that a container meets."""
        found = (each for each in self.containers if re.search(each.match, image) and each.name in {"", name})
        return next(found, Container())


DEFAULT = "healthy"


def names() -> list[str]:
    """The scenarios that come with the product."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _folder().iterdir() if entry.name.endswith(".yaml"))


def load(name: str) -> Scenario:
    """A scenario by name, or by the path of its file. Raises UsageError and DocumentError."""
    source: Traversable | Path = _folder().joinpath(f"{name}.yaml")
    if "/" in name or name.endswith((".yaml", ".yml")):
        source = Path(name)
    elif name not in names():
        raise UsageError(
            _("There is no scenario {name}.").format(name=name),
            fix=_("Choose one of: {names}").format(names=", ".join(names())),
        )
    try:
        return Scenario.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(_("The scenario {name} cannot be read.").format(name=name), why=str(error)) from error
    except (ValidationError, yaml.YAMLError) as error:
        raise DocumentError(_("The scenario {name} is not valid: {why}").format(name=name, why=error)) from error


def _folder() -> Traversable:
    return files("configs").joinpath("sandbox")
