"""A scenario from a cluster: its room, its storage, its registries' answers, and what the user may do.

Of the names in a cluster only those are kept that say what something is (zones, machine types, storage classes,
registries): nodes get names by their role, users and namespaces of people are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify
from kfinstall.facts.classify.image_reference import InvalidReference, parse
from kfinstall.facts.objects.kinds import CLAIM, NODE, POD, REPLICA_SET, STORAGE_CLASS
from kfinstall.facts.objects.owners import workload
from kfinstall.facts.pods.pod_trouble import trouble
from kfinstall.facts.scheduling.capacity import Room, requests, rooms
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN, Grant, Member, ScenarioUser
from kfinstall.sandbox.scenario import Answers, Nodes, Registry, Scenario, StorageClass
from kfinstall.words import _, counted

READS = frozenset({NODE, POD, REPLICA_SET, STORAGE_CLASS, CLAIM})
"""The kinds of a snapshot that are needed."""

NOBODYS: frozenset[ObjectKey] = frozenset()

LABELS = ("node-role.kubernetes.io/", "topology.kubernetes.io/", "node.kubernetes.io/instance-type")
"""Beginnings of the labels of nodes that are kept: https://kubernetes.io/docs/reference/labels-annotations-taints/."""

GPU_LABELS = ("nvidia.com/gpu.product", "amd.com/gpu.product-name", "cloud.google.com/gke-accelerator")
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
LATE: Literal["WaitForFirstConsumer"] = "WaitForFirstConsumer"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"

WHOLE_REGISTRY: Mapping[str, Answers] = {
    "img-network-timeout": "unreachable",
    "img-dns": "unreachable",
    "img-registry-x509": "unreachable",
    "img-http-vs-https": "unreachable",
    "img-5xx-or-truncated": "unreachable",
    "img-gcr-shutdown": "unreachable",
    "rl-dockerhub-pull": "rateLimited",
    "rl-ecr-public": "rateLimited",
    "rl-dockerhub-moby-ipv6": "rateLimited",
}
"""What causes of the catalogue mean for everything that a registry has."""

ONE_REPOSITORY: Mapping[str, Answers] = {
    "img-tag-not-found": "notFound",
    "img-dockerhub-private-or-missing": "unauthorized",
    "img-ghcr-private": "unauthorized",
    "img-ecr-no-basic-auth": "unauthorized",
    "img-acr-unauthorized": "unauthorized",
    "img-gcr-project-denied": "unauthorized",
    "img-mirror-forbidden": "unauthorized",
    "img-arch-mismatch": "wrongArchitecture",
}
"""What causes of the catalogue mean for one repository."""


def record(
    snapshot: Snapshot, *, user: ScenarioUser = CLUSTER_ADMIN, ours: Collection[ObjectKey] = NOBODYS
) -> Scenario:
    """The cluster of a snapshot. ours: workloads whose pods take no room, as they are to be installed anew."""
    nodes = tuple(_nodes(snapshot, ours))
    count = sum(shape.count for shape in nodes)
    size = counted("{count} node", "{count} nodes", count)
    title = _("Recorded from a cluster of {size}, Kubernetes {version}.")
    return Scenario(
        title=title.format(size=size, version=snapshot.version or "?"),
        nodes=nodes,
        storageClasses=tuple(_storage_classes(snapshot)),
        registries=tuple(_registries(snapshot)),
        user=user,
    )


def recorded_user(rules: Mapping[str, Sequence[Body]]) -> ScenarioUser:
    """The user with these rules, by namespace; what holds in all of them holds in the whole cluster.

    Rules for objects of one name are left out: the name may be somebody's.
    """
    plain = {
        namespace: [_rule(each) for each in found if "resourceNames" not in each] for namespace, found in rules.items()
    }
    shared = [rule for rule in next(iter(plain.values()), []) if all(rule in others for others in plain.values())]
    grants = [Grant(rules=tuple(shared))] if shared else []
    for namespace, found in plain.items():
        if own := tuple(rule for rule in found if rule not in shared and "nonResourceURLs" not in rule):
            grants.append(Grant(namespaces=(namespace,), rules=own))
    return ScenarioUser(name="user", grants=tuple(grants))


def _rule(rule: Body) -> dict[Member, tuple[str, ...]]:
    members: tuple[Member, ...] = ("apiGroups", "resources", "nonResourceURLs", "verbs")
    return {member: tuple(rule[member]) for member in members if member in rule}


def _nodes(snapshot: Snapshot, ours: Collection[ObjectKey]) -> Iterator[Nodes]:
    """Nodes that are alike in everything, what is left on them included, are one shape."""
    shapes: dict[str, Nodes] = {}
    counts: Counter[str] = Counter()
    for room in rooms(snapshot):
        shape = _shape(room, [pod for pod in room.pods if workload(_key(pod), pod, snapshot) in ours])
        alike = shape.model_dump_json()
        shapes[alike] = shape
        counts[alike] += 1
    numbers: Counter[str] = Counter()
    roles = Counter(shape.name for shape in shapes.values())
    for alike, shape in shapes.items():
        numbers[shape.name] += 1
        name = f"{shape.name}-{numbers[shape.name]}" if roles[shape.name] > 1 else shape.name
        yield shape.model_copy(update={"name": name, "count": counts[alike]})


def _key(pod: Body) -> ObjectKey:
    return ObjectKey(*POD, pod["metadata"]["namespace"], pod["metadata"]["name"])


def _shape(room: Room, own: Sequence[Body]) -> Nodes:
    """allocatable: what the pods of others leave."""
    given = [requests(pod) for pod in own]
    left = {name: room.free(name) + sum(each.get(name, Decimal(0)) for each in given) for name in room.allocatable}
    labels = room.node["metadata"].get("labels") or {}
    taints = (room.node.get("spec") or {}).get("taints") or ()
    return Nodes(
        name=_role(room, labels),
        allocatable={name: _quantity(value) for name, value in left.items() if room.allocatable[name]},
        labels={name: value for name, value in labels.items() if name.startswith(LABELS) or name in GPU_LABELS},
        taints=tuple(_taint(each) for each in taints),
    )


def _taint(taint: Mapping[str, str]) -> dict[str, str]:
    """The value is kept where it is a vendor's word: who makes up a key may write a name into its value."""
    kept = ("key", "value", "effect") if "/" in taint["key"] else ("key", "effect")
    return {name: taint[name] for name in kept if taint.get(name)}


def _role(room: Room, labels: Mapping[str, str]) -> str:
    if CONTROL_PLANE in labels:
        return "control-plane"
    return "gpu" if any(name.endswith("/gpu") and count for name, count in room.allocatable.items()) else "node"


def _quantity(value: Decimal) -> str:
    """At least nothing; bytes to whole MiB, and the rest to thousandths."""
    value = max(value, Decimal(0))
    mebi = Decimal(1024**2)
    if value >= mebi:
        return f"{int(value / mebi)}Mi"
    thousandths = int((value * 1000).to_integral_value(ROUND_FLOOR))
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def _storage_classes(snapshot: Snapshot) -> Iterator[StorageClass]:
    phases: dict[str, set[str]] = defaultdict(set)
    for claim in snapshot.all(CLAIM):
        name = (claim.get("spec") or {}).get("storageClassName")
        phases[str(name or "")].add(str((claim.get("status") or {}).get("phase")))
    for found in snapshot.all(STORAGE_CLASS):
        name = found["metadata"]["name"]
        annotations = found["metadata"].get("annotations") or {}
        late = found.get("volumeBindingMode") == LATE
        # A claim that waits for a pod says nothing; one that could be bound at once, and is not, does.
        starved = "Bound" not in phases[name] and "Pending" in phases[name] and not late
        yield StorageClass(
            name=name,
            default=annotations.get(DEFAULT_CLASS) == "true",
            binds=found.get("provisioner") != NO_PROVISIONER and not starved,
            binding=LATE if late else "Immediate",
        )


def _registries(snapshot: Snapshot) -> Iterator[Registry]:
    """A rule for each registry, or repository, that refused the images of pods that wait."""
    answers: dict[str, Answers] = {}
    for pod in snapshot.all(POD):
        found = classify(message) if (message := trouble(pod)) else None
        if found:
            answers.update(_answer(found.cause, str(found.parameters.get("image") or "")))
    for start, answer in sorted(answers.items()):
        if not any(start != other and start.startswith(other) and answers[other] == answer for other in answers):
            yield Registry(match="^" + start.replace(".", r"\."), answer=answer)


def _answer(cause: str, image: str) -> dict[str, Any]:
    """What an image that could not be pulled says, by the beginning of the references that it says it for."""
    try:
        reference = parse(image)
    except InvalidReference:
        return {}
    if cause in WHOLE_REGISTRY:
        return {f"{reference.registry}/": WHOLE_REGISTRY[cause]}
    if cause in ONE_REPOSITORY:
        return {f"{reference.registry}/{reference.repository}[:@]": ONE_REPOSITORY[cause]}
    return {}
