"""A platform of another distribution: the cluster of a laboratory, in which every object belongs to a team."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import Choice, ClusterAccess, Detection, Host, Tool
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.model.base import LocalPath
from kfinstall.model.install import PlatformOptions

TEAMS = ("genomics", "optics")


class LabOptions(PlatformOptions):
    """Which team's part of the laboratory's cluster."""

    type: Literal["lab"] = Field(title="Platform", description="The laboratory's cluster.")
    kubeconfig: LocalPath = Field(title="Kubeconfig", description="What the laboratory gave you.")
    team: Literal["genomics", "optics"] = Field(title="Team", description="Who answers for what is installed.")


class Lab:
    """The platform for who works in the laboratory."""

    name = "lab"
    title = "The laboratory"
    summary = "The cluster in the basement."
    options = LabOptions
    chosen = frozenset({"team"})

    def access(self, options: LabOptions, host: Host) -> ClusterAccess:
        return ClusterAccess(kubeconfig=options.kubeconfig)

    def detect(self, host: Host) -> Detection:
        return Detection(tools=(Tool("labctl", "", "https://lab.example.com/labctl", needed=False),))

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:
        return [Choice(team) for team in TEAMS]

    def transformed(
        self, manifests: Sequence[Manifest], options: LabOptions, surroundings: Surroundings
    ) -> list[Manifest]:
        return [_owned(each, options.team) for each in manifests]


def _owned(manifest: Manifest, team: str) -> Manifest:
    metadata = manifest.body["metadata"]
    labels = {**(metadata.get("labels") or {}), "lab.example.com/team": team}
    return Manifest({**manifest.body, "metadata": {**metadata, "labels": labels}}, manifest.application)
