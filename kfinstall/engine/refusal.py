"""Finding out, before anything is written, that a server does not serve what is wanted."""

from collections import Counter
from collections.abc import Mapping, Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.resource import ClusterState, GroupKind, Resource
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.applyset import ID, NAMESPACE
from kfinstall.facts.objects.removed_apis import removal
from kfinstall.words import _, counted, joined

Unserved = Counter[tuple[str, str]]
"""How many objects there are of each (apiVersion, kind)."""


def refuse_unserved(manifests: Sequence[Manifest], known: Mapping[GroupKind, Resource], state: ClusterState) -> None:
    """Raise PlanRefused with the complete list when some objects' API versions are not served."""
    unserved: Unserved = Counter(
        (manifest.api_version, manifest.kind) for manifest in manifests if not _served(manifest, known)
    )
    if not unserved:
        return
    removed = any(removal(*kind) for kind in unserved)
    raise PlanRefused(
        counted(
            "{count} object cannot be installed on this cluster.",
            "{count} objects cannot be installed on this cluster.",
            unserved.total(),
        ),
        why="\n".join(
            [
                _("Kubernetes {version} does not serve:").format(version=state.version),
                *map(_line, sorted(unserved.items())),
            ]
        ),
        fix=_ways_out(removed),
        about="kubeflow.preset",
    )


def refuse_homeless(state: ClusterState) -> None:
    """Raise PlanRefused when objects are in namespaces that nobody makes."""
    if state.missing_namespaces:
        names = joined(sorted(state.missing_namespaces))
        raise PlanRefused(
            _("Namespace {names} does not exist, and nothing that is installed makes it.").format(names=names),
            fix=_("Make it first: {commands}").format(
                commands="; ".join(f"kubectl create namespace {name}" for name in sorted(state.missing_namespaces))
            ),
        )


def refuse_shared(manifests: Sequence[Manifest], state: ClusterState, owner: str) -> None:
    """Raise PlanRefused when another install of kfinstall owns some objects: each would undo what the other did."""
    shared = [
        manifest.key
        for manifest in manifests
        if (live := state.live.get(manifest.key)) and live.owner not in {"", owner} and live.owned
    ]
    if shared:
        raise PlanRefused(
            counted(
                "{count} object belongs to another install in this cluster.",
                "{count} objects belong to another install in this cluster.",
                len(shared),
            ),
            why="\n".join(f"  {key}" for key in shared),
            fix=_("Give this install the name of that one, or uninstall that one first; see: {command}").format(
                command=f"kubectl get configmaps -n {NAMESPACE} -l {ID}"
            ),
            about="metadata.name",
        )


def _served(manifest: Manifest, known: Mapping[GroupKind, Resource]) -> bool:
    resource = known.get(GroupKind(manifest.group, manifest.kind))
    return resource is not None and manifest.api_version.rpartition("/")[2] in resource.versions


def _line(entry: tuple[tuple[str, str], int]) -> str:
    (api_version, kind), count = entry
    gone = removal(api_version, kind)
    what = f"  {count:4} {kind} {api_version}"
    if gone is None:
        return what + " " + _("(no such kind here; is its CustomResourceDefinition missing?)")
    if gone.successor:
        return (
            what
            + " "
            + _("(removed in {version}, now {successor})").format(version=gone.removed, successor=gone.successor)
        )
    return what + " " + _("(removed in {version}, without a successor)").format(version=gone.removed)


def _ways_out(removed: bool) -> str:
    if not removed:
        return _("Add the application that defines these kinds, or leave the objects out with --skip-kinds.")
    return _(
        "Ways out: install a current release (kfinstall install --set kubeflow.preset=kubeflow-26.03), "
        "or use a cluster that still serves these versions (Kubernetes 1.21 or older for releases of 2020)."
    )
