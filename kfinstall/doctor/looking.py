"""One look of the doctor: what the checks read, and what they find in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kfinstall.contracts.check import Check, Phase
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.resource import GroupKind
from kfinstall.doctor.examination import Report, examine
from kfinstall.doctor.lists import from_files
from kfinstall.doctor.reading import from_cluster
from kfinstall.doctor.snapshot import Collected
from kfinstall.kube.cluster import Cluster
from kfinstall.registry import checks as registered


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, and what is wrong with it."""

    snapshot: Collected
    report: Report


def checks_of(phase: Phase) -> list[Check]:
    """The checks that are installed here for a phase; plugins that do not load are left out."""
    known, _broken = registered()
    return [check for check in known if phase in check.phases]


def kinds_of(checks: Iterable[Check]) -> set[GroupKind]:
    """What the checks read, where it can be read."""
    return {kind for check in checks for kind in check.reads | check.also}


def at_cluster(cluster: Cluster, checks: Sequence[Check], planned: Sequence[Manifest] = ()) -> Look:
    """Look at a cluster. planned: what is about to be installed. Raises ClusterError when it does not answer."""
    snapshot = from_cluster(cluster, kinds_of(checks), planned)
    return Look(snapshot, examine(snapshot, checks))


def at_files(source: Path, checks: Sequence[Check]) -> Look:
    """Look at a bundle, or at a folder or tar.gz of lists. Raises UsageError where it is none."""
    snapshot = from_files(source, kinds_of(checks))
    return Look(snapshot, examine(snapshot, checks))
