"""What a step asks of the cluster. Called in workers: it knows nothing of the run."""

from contextlib import suppress
from dataclasses import dataclass

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.plan import Apply, Await, Condition, Delete, Release, Step
from kfinstall.errors import ApiError, KfinstallError
from kfinstall.facts.objects.ending import ending
from kfinstall.facts.objects.readiness import readiness
from kfinstall.kube.cluster import Cluster, Written
from kfinstall.words import _

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True, slots=True)
class Looked:
    """Whether a condition holds; if not, why, and what a user can do when it stays so."""

    holds: bool
    why: str = ""
    fix: str = ""


Answer = Written | Looked | None


def send(cluster: Cluster, step: Step) -> Answer:
    """Do what the step says, once. Raises ClusterError, and KfinstallError for what can never come true."""
    match step.action:
        case Apply(manifest, path, force=force):
            return cluster.apply(path, manifest.body, force=force)
        case Delete(_, path, uid):
            cluster.delete(path, uid)
            return None
        case Release(key, path, api_version):
            cluster.release(path, api_version, key)
            return None
        case Await(key, Condition.SERVED, path):
            return _served(cluster, key, path)
        case Await(key, Condition.GONE, path):
            found = ending(key, cluster.look(path))
            return Looked(found.gone, found.why, found.fix)
    raise AssertionError(step.action)


def _served(cluster: Cluster, definition: ObjectKey, collection: str) -> Looked:
    if cluster.serves(collection):
        return Looked(holds=True)
    body = None
    with suppress(ApiError):  # who may not read definitions hears of the reason later
        body = cluster.look(f"{DEFINITIONS}/{definition.name}")
    state = readiness(body) if body else None
    if state and state.failed:
        raise KfinstallError(
            _("{object} is not accepted: its names are taken.").format(object=definition),
            why=state.why,
            fix=_("See which definition has them: {command}").format(
                command="kubectl get customresourcedefinitions -o wide"
            ),
        )
    return Looked(holds=False, why=state.why if state and not state.ready else _("the API server is preparing it"))
