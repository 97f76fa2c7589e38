"""A scenario: the cluster that the sandbox plays, from configs/sandbox/*.yaml."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kfinstall.errors import UsageError
from kfinstall.facts.objects.quantities import amount
from kfinstall.model.faults import did_you_mean
from kfinstall.model.source import parse, read_text, validate
from kfinstall.model.text import refusal
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN, ScenarioUser
from kfinstall.words import _

Answers = Literal["ok", "unreachable", "rateLimited", "unauthorized", "notFound", "wrongArchitecture", "slow"]


def _quantity(text: str) -> str:
    try:
        amount(text)
    except ValueError:
        raise ValueError(_('a quantity is expected here, such as "2", 500m or 16Gi.')) from None
    return text


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(_("no regular expression: {reason}.").format(reason=error)) from None
    return text


Quantity = Annotated[str, AfterValidator(_quantity)]
Expression = Annotated[str, AfterValidator(_expression)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nodes(_Strict):
    """Nodes of one shape. allocatable: quantities by resource name."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    count: int = Field(default=1, ge=1, le=1000)
    allocatable: dict[str, Quantity]
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

    match: Expression
    answer: Answers
    after: int = Field(default=0, ge=0)
    opened_by_secret: bool = Field(default=False, alias="openedBySecret")


class Container(_Strict):
    """How containers behave; without a rule they run, and those of pods that end by themselves end well.

    match: as of a registry. name: of the container; "" for every one. exit_code: it ends with that, `after` seconds
    from its start, the first `times` times (0: always). log: what it writes. failing: a probe that it never passes.
    root: its image names no user but root.
    """

    match: Expression = ""
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
SCHEMA = "https://kfinstall.io/schema/scenario.json"


def names() -> list[str]:
    """The scenarios that come with the product."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _folder().iterdir() if entry.name.endswith(".yaml"))


def load(name: str) -> Scenario:
    """A scenario by name, or by the path of its file. Raises UsageError and DocumentError."""
    if "/" in name or name.endswith((".yaml", ".yml")):
        return read(read_text(name), name)
    if name not in names():
        raise UsageError(
            _("There is no scenario {name}.").format(name=name) + did_you_mean(name, names()),
            fix=_("Choose one of: {names}").format(names=", ".join(names())),
        )
    known = read(_folder().joinpath(f"{name}.yaml").read_text(encoding="utf-8"), name)
    return known.model_copy(update={"title": _(known.title)})


def read(text: str, file: str) -> Scenario:
    """The scenario that a text describes. Raises DocumentError with everything that is wrong, and its place."""
    first, *others = parse(text, file)
    if others:
        raise refusal(others[0].place(()), _("a second document begins here. One file holds one scenario."))
    return validate(Scenario, first)


def text(scenario: Scenario) -> str:
    """A scenario as a file has it."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)


def _folder() -> Traversable:
    return files("configs").joinpath("sandbox")
