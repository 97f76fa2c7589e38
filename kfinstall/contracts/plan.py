"""A plan: the steps that bring a cluster to what is wanted, and what each of them needs first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kfinstall.contracts.manifest import Manifest, ObjectKey


class Verb(StrEnum):
    """What applying an object will do, as far as can be known beforehand."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring one object to what its manifest says, by server-side apply.

    wanted: digest of the manifest. force: take fields from whoever changed them, since kfinstall applied
    these very values before.
    """

    manifest: Manifest
    path: str
    verb: Verb
    wanted: str
    force: bool = False


class Condition(StrEnum):
    """What is waited for."""

    SERVED = "served"  # the API server answers for a custom resource
    SERVING = "serving"  # a Service has a ready endpoint
    READY = "ready"  # the object's controller is done with it
    GONE = "gone"  # the object does not exist any more


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until a condition holds for an object. path: where it is read."""

    key: ObjectKey
    condition: Condition
    path: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete one object, if it still is the one that was seen when the plan was made."""

    key: ObjectKey
    path: str
    uid: str


@dataclass(frozen=True, slots=True)
class Release:
    """Give up the fields that kfinstall applied to an object which stood before it, and leave the object."""

    key: ObjectKey
    path: str
    api_version: str


Action = Apply | Await | Delete | Release


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. needs: ids of the steps that must have succeeded before it."""

    id: str
    application: str
    action: Action
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """steps in an order in which every step comes after those that it needs.

    kept: what a removal leaves in place, and why. warnings: what a user should know before saying yes.
    """

    install: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    kept: Mapping[ObjectKey, str] = field(default_factory=dict)

    @property
    def applies(self) -> list[Apply]:
        return [step.action for step in self.steps if isinstance(step.action, Apply)]

    def count(self, verb: Verb) -> int:
        return sum(action.verb is verb for action in self.applies)

    @property
    def changes(self) -> bool:
        """Whether carrying it out writes anything."""
        return any(
            isinstance(step.action, Delete | Release)
            or (isinstance(step.action, Apply) and step.action.verb is not Verb.KEEP)
            for step in self.steps
        )
