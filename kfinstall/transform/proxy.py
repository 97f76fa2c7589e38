"""The proxy in the environment of the components that call out of the cluster: configs/outward.yaml."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import yaml

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.facts.objects.kinds import SERVICE
from kfinstall.model.proxy import Proxy
from kfinstall.transform.environment import Variable, with_environment, with_variables
from kfinstall.words import _

INSIDE = ("localhost", "127.0.0.1", ".svc", ".cluster.local")
"""Never reached by a proxy."""

WORKLOADS = frozenset({("apps", "Deployment"), ("apps", "StatefulSet")})


def transformed(manifests: Sequence[Manifest], proxy: Proxy, surroundings: Surroundings) -> list[Manifest]:
    """The manifests, with the proxy where it is needed."""
    if not (proxy.http or proxy.https):
        return list(manifests)
    services = _services(manifests, surroundings.namespace)
    networks = [*_networks(surroundings)]

    def variables(namespace: str = "") -> dict[str, str]:
        near = sorted(services.get(namespace, ()))
        far = [f".{each}" for each in sorted(services)]
        return _variables(proxy, [*INSIDE, *near, *far, *networks, *proxy.exceptions])

    def proxied(manifest: Manifest) -> Manifest:
        if hand := HANDED_ON.get((manifest.kind, manifest.name)):
            return Manifest(hand(manifest.body, variables()), manifest.application)
        namespace = manifest.namespace or surroundings.namespace
        return with_variables(manifest, variables(namespace)) if _calls_out(manifest, namespace) else manifest

    return [proxied(manifest) for manifest in manifests]


def notice(proxy: Proxy) -> str:
    """What was taken from the machine that installs; "" where nothing was to be."""
    if not proxy.from_host:
        return ""
    if not (proxy.http or proxy.https):
        return _(
            "proxy.fromHost is set, and this machine has neither HTTP_PROXY nor HTTPS_PROXY: components get no proxy."
        )
    told = " ".join(
        f"{name}={value}" for name, value in (("HTTP_PROXY", proxy.http), ("HTTPS_PROXY", proxy.https)) if value
    )
    return _(
        "Components that call out get this machine's proxy: {variables}. Nodes need it for their pulls, too."
    ).format(variables=told)


@lru_cache(maxsize=1)
def outward() -> frozenset[str]:
    """The workloads of all releases that call out, as `namespace/name`."""
    return frozenset(yaml.safe_load(files("configs").joinpath("outward.yaml").read_text(encoding="utf-8")))


def _calls_out(manifest: Manifest, namespace: str) -> bool:
    return (manifest.group, manifest.kind) in WORKLOADS and f"{namespace}/{manifest.name}" in outward()


def _to_storage(body: Body, variables: Mapping[str, Variable]) -> Body:
    """What fetches models in the pods that serve them: KServe makes its init container like this one.

    https://kserve.github.io/website/docs/model-serving/storage/storage-containers
    """
    spec = body["spec"]
    return {**body, "spec": {**spec, "container": with_environment(spec["container"], variables)}}


def _to_executor(body: Body, variables: Mapping[str, Variable]) -> Body:
    """What brings artifacts and keeps logs in the pods of workflows; ml-pipeline does it for those of pipelines only.

    https://argo-workflows.readthedocs.io/en/latest/workflow-controller-configmap/
    """
    data = body.get("data") or {}
    executor = with_environment(yaml.safe_load(data.get("executor") or "{}"), variables)
    return {**body, "data": {**data, "executor": yaml.safe_dump(executor, sort_keys=False)}}


HANDED_ON: Mapping[tuple[str, str], Callable[[Body, Mapping[str, Variable]], Body]] = {
    ("ClusterStorageContainer", "default"): _to_storage,
    ("ConfigMap", "workflow-controller-configmap"): _to_executor,
}
"""Kind and name of what tells a component how the containers are to be that it puts into others' pods."""


def _services(manifests: Sequence[Manifest], namespace: str) -> dict[str, set[str]]:
    """The names of Services by namespace: programs ask for `name`, for `name.namespace`, or for the whole of it."""
    found: dict[str, set[str]] = defaultdict(set)
    for manifest in manifests:
        if (manifest.group, manifest.kind) == SERVICE:
            found[manifest.namespace or namespace].add(manifest.name)
    return found


def _variables(proxy: Proxy, direct: Sequence[str]) -> dict[str, str]:
    """In both spellings: Go reads either, curl takes http_proxy in small letters only."""
    values = {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https, "NO_PROXY": ",".join(dict.fromkeys(direct))}
    given = {name: value for name, value in values.items() if value}
    return {spelt: value for name, value in given.items() for spelt in (name, name.lower())}


def _networks(surroundings: Surroundings) -> Iterator[str]:
    """Of Services and pods, where the cluster tells: it does not tell a pod network that the nodes do not know of."""
    yield from surroundings.service_networks or ()
    for node in surroundings.nodes or ():
        yield from (node.get("spec") or {}).get("podCIDRs") or ()
