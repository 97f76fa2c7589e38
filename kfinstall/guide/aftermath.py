"""What there is to know once an install is over: the way into Kubeflow; or what has to be mended."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kfinstall.contracts.check import Phase
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor import bundle
from kfinstall.doctor.looking import at_cluster, checks_of
from kfinstall.doctor.outside import Outside
from kfinstall.engine.practice import is_practice
from kfinstall.engine.way_in import WayIn, place_of, users, way_in
from kfinstall.errors import UsageError
from kfinstall.facts.kubeflow.pages import Place, pages
from kfinstall.guide.explaining import Cause, causes, look
from kfinstall.kube.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Door:
    """How Kubeflow is opened. place: of its first page, None where it has none. users: who can sign in."""

    way: WayIn = field(default_factory=WayIn)
    place: Place | None = None
    users: Sequence[str] = ()
    practice: bool = False


def door(cluster: Cluster) -> Door:
    """Ask a cluster for the way into its Kubeflow. Raises ClusterError."""
    if is_practice(cluster):
        return Door(practice=True)
    try:
        place = place_of(pages()["dashboard"], cluster, None)
    except UsageError:
        return Door()
    if place.port is not None:
        return Door(place=place)
    return Door(way_in(cluster), place, users(cluster))


def to_mend(cluster: Cluster, unready: Iterable[ObjectKey]) -> list[Cause]:
    """What the doctor says of the objects that did not come up. Raises ClusterError."""
    return causes(look(cluster), unready)


def bundled(cluster: Cluster, folder: Path) -> Path:
    """Write a bundle into a folder, for somebody who helps. Raises ClusterError, OSError."""
    checks = [check for phase in Phase for check in checks_of(phase)]
    snapshot = at_cluster(cluster, list(dict.fromkeys(checks))).snapshot
    path = folder / time.strftime("kfinstall-bundle-%Y%m%d-%H%M%S.tar.gz")
    assert isinstance(snapshot.outside, Outside)  # noqa: S101 - of a live cluster
    bundle.write(snapshot, snapshot.outside, path)
    return path
