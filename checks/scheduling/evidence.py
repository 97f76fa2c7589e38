"""What the nodes say of pods that wait, with the arithmetic, in words."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from checks.scheduling.waiting import Waiting
from kfinstall.contracts.finding import Evidence
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.facts.classify import parsed
from kfinstall.facts.objects.kinds import NODE, POD
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.objects.quantities import readable
from kfinstall.facts.scheduling.capacity import NOTHING, PODS, Room, requests
from kfinstall.facts.scheduling.obstacles import Kind, Obstacle
from kfinstall.facts.scheduling.placing import collide, host_ports
from kfinstall.words import _, counted, joined

NODES_SHOWN = 3
"""Nodes whose arithmetic is written out, the nearest to taking the pod first; the others are counted by reason."""


def evidence(group: Sequence[Waiting]) -> Iterator[Evidence]:
    """For pods that want the same: what contradicts the scheduler, the nodes, what is asked for, the messages."""
    first = group[0]
    yield from _contradiction(first)
    yield from _nodes(first)
    yield from _devices(first)
    yield from _spared(first)
    yield from wants(group)
    yield from messages(group)


def wants(group: Sequence[Waiting]) -> Iterator[Evidence]:
    """What the pods ask for, those that ask for the same counted."""
    keys: dict[str, list[ObjectKey]] = defaultdict(list)
    for each in group:
        asked = requests(each.pod)
        keys[joined(f"{name} {readable(name, asked[name])}" for name in sorted(asked) if name != PODS)].append(each.key)
    for want, pods in keys.items():
        text = _("asks for {amounts}").format(amounts=want) if want else _("asks for no particular amount")
        yield Evidence(text, pods[0], len(pods))


def messages(group: Sequence[Waiting]) -> Iterator[Evidence]:
    """What the scheduler said, each message once."""
    said: dict[str, list[ObjectKey]] = defaultdict(list)
    for each in group:
        said[each.message].append(each.key)
    for message, pods in said.items():
        yield Evidence(message, pods[0], len(pods))


def _contradiction(waiting: Waiting) -> Iterator[Evidence]:
    """Where the scheduler's words, which may be old, name a shortage that the nodes do not have now."""
    said = parsed(waiting.message).get("resource")
    short = {each.what for refusal in waiting.refusals for each in refusal.obstacles if each.kind is Kind.SHORT}
    if said and said not in short:
        text = _("The scheduler found too little {resource}; there is enough by now, and its message is old.")
        yield Evidence(text.format(resource=said), waiting.key)


def _nodes(waiting: Waiting) -> Iterator[Evidence]:
    for refusal in waiting.refusals[:NODES_SHOWN]:
        text = "; ".join(_in_detail(each, waiting.pod, refusal.room) for each in refusal.obstacles)
        yield Evidence(text, ObjectKey(*NODE, "", refusal.room.name))
    rest = waiting.refusals[NODES_SHOWN:]
    if rest:
        reasons = Counter(_in_short(each) for refusal in rest for each in refusal.obstacles)
        listed = joined(f"{reason} ({count})" for reason, count in reasons.most_common())
        more = counted("{count} more node", "{count} more nodes", len(rest))
        yield Evidence(f"{more}: {listed}")


def _devices(waiting: Waiting) -> Iterator[Evidence]:
    """What the nodes offer where they do not offer the device that the pod wants."""
    wanted = waiting.decisive.what
    offered = sorted(
        {name for refusal in waiting.refusals for name, count in refusal.room.allocatable.items() if count}
    )
    devices = [name for name in offered if "/" in name]
    if "/" in wanted and waiting.decisive.kind is Kind.SHORT and wanted not in devices:
        names = joined(devices)
        yield Evidence(
            _("The nodes offer: {names}.").format(names=names) if devices else _("No node offers any device.")
        )


def _spared(waiting: Waiting) -> Iterator[Evidence]:
    """Pods of lower priority that the pod may not put out."""
    spec, wanted, room = waiting.pod["spec"], waiting.decisive, waiting.nearest.room
    if wanted.kind is not Kind.SHORT or spec.get("preemptionPolicy") != "Never":
        return
    lower = (pod for pod in room.pods if (pod["spec"].get("priority") or 0) < (spec.get("priority") or 0))
    held = sum((requests(pod).get(wanted.what, NOTHING) for pod in lower), NOTHING)
    if held:
        text = _("Pods of lower priority hold {amount} {resource}; preemptionPolicy Never spares them.")
        about = ObjectKey(*NODE, "", room.name)
        yield Evidence(text.format(amount=readable(wanted.what, held), resource=wanted.what), about)


def _in_detail(obstacle: Obstacle, pod: Body, room: Room) -> str:
    if obstacle.kind is Kind.SHORT:
        return _arithmetic(obstacle) + _users(obstacle.what, room)
    holder = _holder(obstacle, pod, room) if obstacle.kind is Kind.PORT else None
    return _("{reason} by {pod}").format(reason=_in_short(obstacle), pod=holder) if holder else _in_short(obstacle)


def _arithmetic(obstacle: Obstacle) -> str:
    resource = obstacle.what
    if not obstacle.allocatable:
        return _("has no {resource}").format(resource=resource)
    asked, free, whole, missing = (
        readable(resource, each) for each in (obstacle.asked, obstacle.free, obstacle.allocatable, obstacle.missing)
    )
    if obstacle.asked > obstacle.allocatable:
        return _("{resource}: {asked} asked, the whole node has {whole}").format(
            resource=resource, asked=asked, whole=whole
        )
    return _("{resource}: {asked} asked, {free} of {whole} free, {missing} missing").format(
        resource=resource, asked=asked, free=free, whole=whole, missing=missing
    )


def _users(resource: str, room: Room) -> str:
    """Who has the devices of a node."""
    if "/" not in resource:
        return ""
    users = [(key_of(POD, pod), requests(pod).get(resource)) for pod in room.pods]
    listed = joined(f"{pod.namespace}/{pod.name} ({readable(resource, count)})" for pod, count in users if count)
    return _(", used by {pods}").format(pods=listed) if listed else ""


def _in_short(obstacle: Obstacle) -> str:
    match obstacle.kind:
        case Kind.SHORT:
            return _("too little {resource}").format(resource=obstacle.what)
        case Kind.CORDONED:
            return _("is cordoned")
        case Kind.LABELS:
            return _("lacks {labels}").format(labels=obstacle.what)
        case Kind.PORT:
            return _("port {port} is taken").format(port=obstacle.what)
        case Kind.SPREAD:
            return _("one more there is uneven by {key}").format(key=obstacle.what)
        case Kind.APART:
            return _("may not share {key} with pods that are there").format(key=obstacle.what)
        case Kind.TOGETHER:
            return _("has none of the pods of the same {key} that it has to stand with").format(key=obstacle.what)
        case _:
            return _("taint {taint} is not tolerated").format(taint=obstacle.what)


def _holder(obstacle: Obstacle, pod: Body, room: Room) -> ObjectKey | None:
    """The pod that has the port of the node."""
    wanted = [port for port in host_ports(pod["spec"]) if f"{port[2]}/{port[1]}" == obstacle.what]
    for other in room.pods:
        if any(collide(one, two) for one in wanted for two in host_ports(other["spec"])):
            return key_of(POD, other)
    return None
