"""The objects of a cluster at one moment, by kind, by name and by owner."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kfinstall.contracts.client import Client
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Occurrence, Outside, Reply, Right
from kfinstall.facts.objects.kinds import EVENT
from kfinstall.facts.objects.owners import key_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Has the whole object once more, a Secret's data too."""


class Recorded:
    """An Outside that answers what was recorded, by (pod, container) and by address; of the rest it knows nothing."""

    def __init__(
        self,
        logs: Mapping[tuple[ObjectKey, str], Sequence[str]] | None = None,
        replies: Mapping[str, Reply | None] | None = None,
        rights: Mapping[Right, bool | None] | None = None,
    ) -> None:
        self.logs = dict(logs or {})
        self.replies = dict(replies or {})
        self.rights = dict(rights or {})

    def log(self, pod: ObjectKey, container: str) -> Sequence[str]:
        return self.logs.get((pod, container), ())

    def ask(self, url: str) -> Reply | None:
        return self.replies.get(url)

    def may(self, right: Right) -> bool | None:
        return self.rights.get(right)


@dataclass(frozen=True)
class Collected:
    """A Snapshot (see contracts).

    unread: why a kind is not here, by kind; a kind in neither was not asked for. forbidden: those of them that the
    user may not list, with the resource's name. unreached: why there is nothing of the
    cluster at all; "" where it answered. odd: objects that exist, and that nobody can make sense of.
    """

    objects: Mapping[GroupKind, Sequence[Body]]
    version: str = ""
    taken: str = ""
    unread: Mapping[GroupKind, str] = field(default_factory=dict)
    served: Mapping[GroupKind, str] = field(default_factory=dict)
    outside: Outside = field(default_factory=Recorded)
    planned: Sequence[Manifest] = ()
    unplanned: Finding | None = None
    unreached: str = ""
    client: Client | None = None
    odd: frozenset[ObjectKey] = frozenset()
    forbidden: Mapping[GroupKind, str] = field(default_factory=dict)

    def all(self, kind: GroupKind) -> Sequence[Body]:
        listed = self.objects.get(kind, ())
        return [body for body in listed if key_of(kind, body) not in self.odd] if self.odd else listed

    def get(self, key: ObjectKey) -> Body | None:
        return self._by_key.get(key)

    def knows(self, kind: GroupKind) -> bool:
        return kind in self.objects

    def occurrences(self, key: ObjectKey) -> Sequence[Occurrence]:
        if key not in self._occurrences:
            told = sorted(map(_occurrence, self._events.get(key, ())), key=lambda occurrence: occurrence.last)
            self._occurrences[key] = told
        return self._occurrences[key]

    def owned(self, uid: str) -> Sequence[Body]:
        return self._by_owner.get(uid, ())

    @cached_property
    def _by_key(self) -> dict[ObjectKey, Body]:
        return {key_of(kind, body): body for kind, bodies in self.objects.items() if kind != EVENT for body in bodies}

    @cached_property
    def _by_owner(self) -> dict[str, list[Body]]:
        found: dict[str, list[Body]] = defaultdict(list)
        for kind, bodies in self.objects.items():
            if kind != EVENT:
                for body in bodies:
                    for owner in _controllers(body):
                        found[owner].append(body)
        return found

    @cached_property
    def _events(self) -> dict[ObjectKey, list[Body]]:
        found: dict[ObjectKey, list[Body]] = defaultdict(list)
        for event in self.objects.get(EVENT, ()):
            about = event.get("involvedObject")
            if isinstance(about, dict):
                found[_subject(about)].append(event)
        return found

    @cached_property
    def _occurrences(self) -> dict[ObjectKey, list[Occurrence]]:
        """Of the objects that somebody asked about."""
        return {}


def sound(items: Iterable[object]) -> Iterator[Body]:
    """Those of a list that are objects with a name, without what is bulky or has secrets and no check reads."""
    for item in items:
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(metadata, dict) and _is_named(metadata):
            metadata.pop("managedFields", None)
            annotations = metadata.get("annotations")
            if isinstance(annotations, dict):
                annotations.pop(LAST_APPLIED, None)
            yield item


def _is_named(metadata: Body) -> bool:
    named = isinstance(metadata.get("name"), str) and isinstance(metadata.get("namespace") or "", str)
    return named and isinstance(metadata.get("uid") or "", str)


def _controllers(body: Body) -> Iterator[str]:
    owners = body["metadata"].get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("controller"):
            yield str(owner.get("uid"))


def _subject(about: Body) -> ObjectKey:
    group, slash, _version = str(about.get("apiVersion") or "").partition("/")
    kind, namespace, name = (str(about.get(each) or "") for each in ("kind", "namespace", "name"))
    return ObjectKey(group if slash else "", kind, namespace, name)


def _occurrence(event: Body) -> Occurrence:
    series = event.get("series") if isinstance(event.get("series"), dict) else {}
    count = (series or {}).get("count") or event.get("count") or 1
    last = (series or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or ""
    return Occurrence(
        reason=str(event.get("reason") or ""),
        message=str(event.get("message") or ""),
        warning=event.get("type") == "Warning",
        count=count if isinstance(count, int) else 1,
        last=str(last),
    )
