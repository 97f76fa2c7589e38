"""What kfinstall needs of a platform: its options, the way to its cluster, and, where it can, the cluster itself.

Every platform is a Platform; what else it can do, it shows by being a Detects, a Transforms, a Prefers,
a Lifecycle, a Stops, an Offers, an Enlarges, a Chooses, a BringsGpus, an Examines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from kfinstall.contracts.check import Check
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.model.base import Model
from kfinstall.model.install import Install, PlatformOptions

OptionsT = TypeVar("OptionsT", bound=PlatformOptions)
OptionsT_contra = TypeVar("OptionsT_contra", bound=PlatformOptions, contravariant=True)


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """The cluster to connect to, as kubectl names one.

    kubeconfig: None for what $KUBECONFIG or the home folder has. context: None for the kubeconfig's current one.
    """

    kubeconfig: Path | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that has ended. code: its exit code. out, err: what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Size:
    """Of a cluster or a machine. cpus: cores. memory, disk: bytes. None for what nobody knows, or does not limit."""

    cpus: int | None = None
    memory: int | None = None
    disk: int | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What a cluster on this machine can get of it.

    system: linux, darwin or windows. cpu_flags: as /proc/cpuinfo has them; empty where they are not to be had.
    virtualises: whether the user may use the kernel's virtual machines; None on systems that have no /dev/kvm.
    """

    system: str
    size: Size
    cpu_flags: frozenset[str] = frozenset()
    virtualises: bool | None = None


class Host(Protocol):
    """This machine, for a platform. Programs get lists of arguments, never a shell."""

    @property
    def machine(self) -> Machine:
        """What it is like."""

    @property
    def kubeconfig(self) -> Mapping[str, Any]:
        """What kubectl reads of the user: all files of $KUBECONFIG as one; {} where there is none."""

    def sysctl(self, name: str) -> int | None:
        """A setting of the kernel, such as fs.inotify.max_user_watches; None where it has no such."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the user."""

    @property
    def folder(self) -> Path:
        """Where the platform may keep files of its own, which only the user can read."""

    def find(self, program: str) -> Path | None:
        """The program on the PATH."""

    def run(self, arguments: Sequence[str], *, seconds: float = 60.0) -> Ran:
        """Run a program to its end. Raises ToolMissing when it is not there, and when it takes longer."""

    def lines(self, arguments: Sequence[str], *, errors_too: bool = False) -> Iterator[str]:
        """What a program prints, line by line while it runs; ends it when the user stops.

        errors_too: also what it prints on standard error. Raises ToolMissing; and, when its exit code is not 0, after
        the last line ProgramFailed, with the end of what it printed on standard error.
        """

    @property
    def stopping(self) -> bool:
        """Whether the user wants to stop: leave things so that the same command goes on."""

    def wait(self, seconds: float) -> bool:
        """Wait; True at once when the user wants to stop."""


class ClusterPhase(StrEnum):
    """How far a cluster of a platform is.

    outgrown: it is smaller than what is asked for, and the user's document says that it may be made anew.
    """

    ABSENT = "absent"
    CREATING = "creating"
    STOPPED = "stopped"
    RUNNING = "running"
    BROKEN = "broken"
    OUTGROWN = "outgrown"


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """detail: one line for the user, for example its size and version."""

    phase: ClusterPhase
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that happened while a cluster is made or taken away.

    step: what is being done, in a few words. done: how far it is, 0 to 1; None where nobody knows.
    """

    step: str
    message: str = ""
    done: float | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that a platform uses. version: "" when it is not here. get: how to get it. needed: not only useful."""

    name: str
    version: str
    get: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """A cluster of a platform that was found on this machine.

    context: of the kubeconfig, "" when it has none. delete: the command that takes it away, start: the one that starts
    it; "" when there is none.
    """

    name: str
    status: ClusterStatus
    context: str = ""
    delete: str = ""
    start: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """What of a platform is on this machine; no cloud is asked."""

    tools: Sequence[Tool] = ()
    clusters: Sequence[KnownCluster] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What Lifecycle.create gives, or what stands already.

    summary: one line, what and how large. cost: one line, what it takes from whom. size: of all nodes together, for
    pods, where it is known without asking a cloud.
    """

    summary: str
    cost: str
    size: Size = Size()


class Platform(Protocol[OptionsT]):
    """A kind of cluster that Kubeflow can be installed on; found by entry point, made without arguments."""

    @property
    def name(self) -> str:
        """What `platform.type` says in a document; the name of the entry point."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def summary(self) -> str:
        """One sentence: for whom it is."""

    @property
    def options(self) -> type[OptionsT]:
        """The model of `platform` in a document; its `type` is Literal[<its name>]."""

    def access(self, options: OptionsT, host: Host) -> ClusterAccess:
        """The way to the cluster that the options mean. Starts nothing, but for a cluster that comes with kfinstall."""


@runtime_checkable
class Detects(Protocol):
    """A platform that leaves traces on a machine."""

    def detect(self, host: Host) -> Detection:
        """Look at this machine and its kubeconfig."""


@runtime_checkable
class Transforms(Protocol[OptionsT_contra]):
    """A platform on which objects have to be other than they were released."""

    def transformed(
        self, manifests: Sequence[Manifest], options: OptionsT_contra, surroundings: Surroundings
    ) -> list[Manifest]:
        """The objects as this platform needs them: its quirks are mended here, and what it needs is added."""


@runtime_checkable
class Prefers(Protocol[OptionsT_contra]):
    """A platform on which sections of a document mean something else where the document does not have them."""

    def preferred(self, options: OptionsT_contra) -> Mapping[str, Model]:
        """Section of the document, as a field of Install -> what stands there then."""

    def notices(self, options: OptionsT_contra, install: Install) -> Sequence[str]:
        """What the user should know before the objects are written; install: with what is preferred."""


@runtime_checkable
class Lifecycle(Protocol[OptionsT_contra]):
    """A platform that makes clusters. Every call may be repeated: what an interrupted one began is gone on with."""

    def preflight(self, options: OptionsT_contra, host: Host) -> Iterator[Finding]:
        """What on this machine, or in the account, stands in the way."""

    def status(self, options: OptionsT_contra, host: Host) -> ClusterStatus:
        """How far the cluster of the options is."""

    def create(self, options: OptionsT_contra, host: Host) -> Iterator[Progress]:
        """Make the cluster, or start it, or go on. Raises KfinstallError with the way out."""

    def delete(self, options: OptionsT_contra, host: Host) -> Iterator[Progress]:
        """Take the cluster away, with everything in it."""


@runtime_checkable
class Stops(Protocol[OptionsT_contra]):
    """A platform whose clusters can rest: Lifecycle.create starts them again, with everything in them."""

    def stop(self, options: OptionsT_contra, host: Host) -> Iterator[Progress]:
        """Stop the cluster, and keep it. Raises KfinstallError."""


@runtime_checkable
class Offers(Protocol[OptionsT_contra]):
    """A platform that can tell before it makes a cluster what that will be."""

    def offer(self, options: OptionsT_contra, host: Host) -> Offer:
        """The cluster of the options: as it stands, else as it would be made."""


@runtime_checkable
class BringsGpus(Protocol[OptionsT_contra]):
    """A platform on which GPUs are not for kfinstall to announce."""

    def device_plugin(self, options: OptionsT_contra) -> str:
        """Who installs the device plugin there, or why there is none, in a sentence."""


@runtime_checkable
class Enlarges(Protocol[OptionsT_contra]):
    """A platform whose clusters become larger only by being made anew, without what is in them."""

    def enlarged(self, options: OptionsT_contra, least: Size, host: Host) -> Mapping[str, Any]:
        """Keys of `platform` with which Lifecycle.create makes the standing cluster anew, at least that large.

        Empty where none stands, or it is that large already.
        """


@runtime_checkable
class Examines(Protocol):
    """A platform that knows what goes wrong on its own clusters only."""

    @property
    def checks(self) -> Sequence[Check]:
        """For the doctor. Their area is the platform's name; `concerns` says of which clusters they are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What may stand at a field of the options.

    value: as the document has it. title: for people, "" for the value. text: what the choice means, in a sentence.
    """

    value: str
    title: str = ""
    text: str = ""


@runtime_checkable
class Chooses(Protocol):
    """A platform that can list what may stand at fields of its options: regions, machine types, contexts."""

    @property
    def chosen(self) -> frozenset[str]:
        """The fields that it has lists for, as dotted keys of the document: location, nodes.machineType."""

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:
        """What may stand at one of these fields, asked of this machine or of the cloud.

        options: `platform` of the document as far as it is answered, by the document's keys; it need not be valid yet.
        Raises KfinstallError where nobody answers, and UsageError naming the field that has to be answered before.
        """
