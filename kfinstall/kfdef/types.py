"""What a KfDef says, checked and with its defaults filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

STACKS = "kubeflow-apps"
"""An application of this name makes the whole KfDef one of stacks (kfctl 1.1 and later)."""

REQUIRES = "requires.kfinstall.io/"
"""An annotation `requires.kfinstall.io/<application>: a,b` names applications that this one needs."""

USAGE_REPORTING = "spartakus"
"""The application that sends usage statistics to the Kubeflow project of 2020."""


@dataclass(frozen=True, slots=True)
class Repo:
    """Where manifests come from. uri: https, file: or a path. sha256: of the archive; our extension."""

    name: str
    uri: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """One part that is rendered and applied by itself. path: in the repo; "" is its root."""

    name: str
    repo: str
    path: str
    overlays: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A platform plugin of kfctl; kept, and not carried out."""

    kind: str
    name: str = ""
    spec: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret for a plugin: its value, or the environment variable that holds it."""

    name: str
    literal: SecretStr | None = None
    variable: str = ""


@dataclass(frozen=True, slots=True)
class KfDef:
    """A deployment of Kubeflow. warnings: sentences about what the file says and kfinstall does not do."""

    name: str
    namespace: str
    applications: tuple[Application, ...]
    repos: tuple[Repo, ...]
    version: str = ""
    plugins: tuple[Plugin, ...] = ()
    secrets: tuple[Secret, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def stacks(self) -> bool:
        """Whether overlays and parameters are ignored, and every path is a kustomization of its own."""
        return any(application.name == STACKS for application in self.applications)

    def repo(self, name: str) -> Repo:
        return next(repo for repo in self.repos if repo.name == name)

    def requires(self, application: str) -> Sequence[str]:
        """The applications that an application needs, by its annotation."""
        names = self.annotations.get(REQUIRES + application, "")
        return [name.strip() for name in names.split(",") if name.strip()]
