"""Everything that kfinstall raises on purpose.

KfinstallError              a user can read it: what happened, why, what to do
├── UsageError              the command line asks for something impossible
├── DocumentError           a document is wrong; carries every problem with its place
├── FetchError              a repo or a document could not be had, or is not what it should be
├── RenderError             a kustomization does not build
├── ToolMissing             a program that is needed is not here, or too old
├── ProgramFailed           a program that was run on this machine did not do its work
├── CloudError              a cloud refused, or cannot be reached
├── ClusterError            the cluster cannot be reached, or refuses
│   ├── Unreachable         no connection to the API server
│   ├── Unauthorized        the API server does not accept the credentials
│   └── ApiError            the API server answered with a Status
├── PlanRefused             the plan cannot work on this cluster; nothing was changed
├── NotReady                applied, but not ready in time
└── Interrupted             the user stopped it

Each front door shows the four parts in its own way; only the cli maps them to exit codes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


class KfinstallError(Exception):
    """An error that is explained to the user, never shown as a traceback.

    what: one sentence, what happened. why: the cause, if known. fix: what to do. docs: where to read on.
    about: the key of the Install document that another answer to would help, such as storage; "" for none.
    """

    def __init__(self, what: str, *, why: str = "", fix: str = "", docs: str = "", about: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.docs = docs
        self.about = about

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.fix, self.docs) if part)


class UsageError(KfinstallError):
    """The command line asks for something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text; line and column count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document: `file:line:col: path: what. Did you mean …?`"""

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.path, self.message) if part)


class DocumentError(KfinstallError):
    """A document cannot be used; every problem of it is listed, not only the first."""

    def __init__(self, what: str, problems: Sequence[Problem] = (), *, fix: str = "") -> None:
        super().__init__(what, why="\n".join(map(str, problems)), fix=fix)
        self.problems = tuple(problems)


class FetchError(KfinstallError):
    """A repo, an archive or a document could not be fetched, or was refused after a look inside."""


class RenderError(KfinstallError):
    """An application's manifests cannot be built."""


class ToolMissing(KfinstallError):
    """A program that kfinstall needs is not installed, or is too old."""


class ProgramFailed(KfinstallError):
    """A program on this machine, such as minikube, ended with an error."""


class CloudError(KfinstallError):
    """A cloud's API refused what was asked, or did not answer."""


class ClusterError(KfinstallError):
    """The cluster cannot be used."""


class Unreachable(ClusterError):
    """The API server does not answer: wrong address, no route, TLS that does not verify, a time-out."""


class Unauthorized(ClusterError):
    """The API server does not accept the credentials (HTTP 401)."""


class ApiError(ClusterError):
    """The API server answered with a failure.

    status: HTTP status code. reason and message: of the Status object, https://kubernetes.io/docs/reference/
    kubernetes-api/common-definitions/status/. causes: its details.causes, as (reason, field, message).
    retry_after: seconds that the server asks to wait, or None.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        causes: Sequence[tuple[str, str, str]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.causes = tuple(causes)
        self.retry_after = retry_after


class PlanRefused(KfinstallError):
    """What is planned cannot work on this cluster; nothing was changed."""


@contextmanager
def about(key: str) -> Iterator[None]:
    """What is refused inside is about this key of the document, unless it says itself what it is about."""
    try:
        yield
    except (PlanRefused, UsageError) as error:
        error.about = error.about or key
        raise


class NotReady(KfinstallError):
    """Everything was applied, but not all of it became ready in time."""


class Interrupted(KfinstallError):
    """The user stopped the run; the journal knows how far it got."""
