"""The machine that the doctor asks from, and the way from it to the cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.platform import KnownCluster, Tool
from kfinstall.contracts.snapshot import Reply


class Hurdle(StrEnum):
    """Where the way from a kubeconfig to an API server ends."""

    NO_KUBECONFIG = "no-kubeconfig"
    UNUSABLE = "unusable"  # what is there is no kubeconfig, or names a file that is not there
    NO_CONTEXT = "no-context"
    UNKNOWN_CONTEXT = "unknown-context"
    UNKNOWN_CLUSTER = "unknown-cluster"
    UNKNOWN_USER = "unknown-user"
    LOGIN_MISSING = "login-missing"
    LOGIN_FAILED = "login-failed"
    CERTIFICATE_EXPIRED = "certificate-expired"
    DNS = "dns"
    REFUSED = "refused"
    UNROUTABLE = "unroutable"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken-off"
    PROXY = "proxy"
    UNTRUSTED = "untrusted"
    SERVER_EXPIRED = "server-expired"
    OTHER_NAME = "other-name"
    NO_TLS = "no-tls"
    FOREIGN = "foreign"  # something answers that is no API server
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Way:
    """What the kubeconfig says of a cluster, and how far that leads; texts are "" where nothing says.

    files: where a kubeconfig was looked for. contexts: those in it. context, cluster, user: names that lead to server.
    expires: when the client's certificate does, RFC 3339. login: the program that fetches credentials. login_get: how
    to get it. hurdle: None where the server answered. said: the message of whoever stopped at the hurdle. fix: what
    that one said to do.
    """

    files: Sequence[str] = ()
    contexts: Sequence[str] = ()
    context: str = ""
    cluster: str = ""
    user: str = ""
    server: str = ""
    expires: str = ""
    login: str = ""
    login_get: str = ""
    hurdle: Hurdle | None = None
    said: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class GitHub:
    """What GitHub said before anything was fetched from it.

    addresses: what the plan fetches from there, and is not kept on this machine. token: whether there was one to ask
    with. limits: what the API says of its limits. refusal: what a stranger's download gets instead; None where it is
    given out, or there is no way.
    """

    addresses: Sequence[str]
    token: bool
    limits: Reply | None
    refusal: Reply | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """This machine. taken: when it was looked at, RFC 3339 in UTC.

    kubectl: its version, "" when it is not here, or does not say. platform: of the cluster, "" where nothing tells;
    tools: what that platform uses. known: the cluster as that platform sees it. made: an install makes or starts it.
    obstacles: what that platform finds in the way (contracts/platform, Lifecycle.preflight). unasked: why it could not
    look. github: None where nothing is to be fetched from there.
    """

    way: Way
    taken: str = ""
    kubectl: str = ""
    platform: str = ""
    tools: Sequence[Tool] = ()
    known: KnownCluster | None = None
    made: bool = False
    obstacles: Sequence[Finding] = ()
    unasked: str = ""
    github: GitHub | None = None
