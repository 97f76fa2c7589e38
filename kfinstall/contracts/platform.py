"""What kfinstall needs of a platform: its name, its options, and the way to its cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from kfinstall.model.install import PlatformOptions

OptionsT = TypeVar("OptionsT", bound=PlatformOptions)


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """The cluster to connect to, as kubectl names one.

    kubeconfig: None for what $KUBECONFIG or the home folder has. context: None for the kubeconfig's current one.
    """

    kubeconfig: Path | None = None
    context: str | None = None


class Platform(Protocol[OptionsT]):
    """A kind of cluster that Kubeflow can be installed on; found by entry point, made without arguments."""

    @property
    def name(self) -> str:
        """What `platform.type` says in a document; the name of the entry point."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def summary(self) -> str:
        """One sentence: for whom it is."""

    @property
    def options(self) -> type[OptionsT]:
        """The model of `platform` in a document; its `type` is Literal[<its name>]."""

    def access(self, options: OptionsT) -> ClusterAccess:
        """The cluster that the options mean. Only a platform that brings its own cluster starts anything."""
