"""One write under way: of what, by whom, how checked, and what it is refused with when the body is none of its kind."""

from dataclasses import dataclass, field

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.users import COMPONENT, User
from kfinstall.sandbox.clock import now
from kfinstall.sandbox.fields.managed import Writer
from kfinstall.sandbox.server.status import StatusError, bad_request, invalid, shown, wrong
from kfinstall.sandbox.storage.store import Name
from kfinstall.sandbox.types.kinds import Kind, Version

METADATA = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
"""The fields of ObjectMeta in the order of the Go struct."""


def _as_go_writes(patched: Body) -> str:
    """What a patch makes of an object: the members of the object itself are those of a map by then."""
    metadata = {name: patched["metadata"][name] for name in METADATA if name in patched["metadata"]}
    return shown(dict(sorted({**patched, "metadata": metadata}.items())))


@dataclass(slots=True)
class Write:
    """One write under way. subresource: "" or "status". checking: fieldValidation (Ignore, Warn or Strict).

    doubled: the paths of fields that were sent twice. patched: what a patch makes of the object; of a strategic one
    its text.
    """

    kind: Kind
    version: Version
    namespace: str
    name: str
    manager: str
    subresource: str = ""
    dry: bool = False
    checking: str = "Warn"
    warnings: list[str] = field(default_factory=list)
    scale: bool = False
    user: User = COMPONENT
    doubled: tuple[str, ...] = ()
    patched: Body | str | None = None

    @property
    def key(self) -> Name:
        return Name(self.namespace, self.name)

    def undecodable(self, why: str) -> StatusError:
        """The refusal of a body that does not fit its type."""
        if self.patched is not None:
            text = self.patched if isinstance(self.patched, str) else _as_go_writes(self.patched)
            return invalid("", "", "", [wrong("patch", text, why)])
        kind = self.kind.kind
        return bad_request(f'{kind} in version "{self.version.name}" cannot be handled as a {kind}: {why}')

    @property
    def api_version(self) -> str:
        return self.kind.api_version(self.version.name)

    def writer(self) -> Writer:
        if self.subresource:
            ignored = frozenset({"spec", "metadata"} if self.kind.custom else {"spec"})
        else:
            ignored = frozenset({"status"} if "status" in self.version.subresources else ())
        if self.scale:  # whose handler keeps no time
            return Writer(self.manager, self.api_version, "scale", "", ignored)
        return Writer(self.manager, self.api_version, self.subresource, now(), ignored)
