"""The machine that the doctor asks from: its kubeconfig, the way to the cluster, its programs, its platform."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from kfinstall.contracts.check import Check, CouldNotLook, Phase
from kfinstall.contracts.client import Client, Hurdle, Way
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.platform import ClusterPhase, Tool
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.cluster.kubeconfig import again
from kfinstall.facts.kubeflow.releases import minor
from kfinstall.facts.objects.moments import between
from kfinstall.model.faults import one_of
from kfinstall.words import _, joined

LAST_DAYS = timedelta(days=14)
"""Before a client's certificate expires, when it is time to say so."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - kind writes it, nothing listens here
LOGINS = {"gke-gcloud-auth-plugin": "gke-auth-plugin-missing", "kubelogin": "aks-kubelogin"}
"""Programs that fetch credentials, and the cause of their being absent."""

DISPATCHER = "-dispatcher"
"""Of the kubectl that gcloud brings: it runs the one that fits the server."""

OF_KUBECONFIG = frozenset(
    {
        Hurdle.NO_KUBECONFIG, Hurdle.UNUSABLE, Hurdle.NO_CONTEXT, Hurdle.UNKNOWN_CONTEXT, Hurdle.UNKNOWN_CLUSTER,
        Hurdle.UNKNOWN_USER, Hurdle.LOGIN_MISSING, Hurdle.LOGIN_FAILED, Hurdle.CERTIFICATE_EXPIRED,
    }
)  # fmt: skip
"""Hurdles on this side of the first request."""


def kubeconfig(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether it names a cluster, and whoever asks; and how long that holds."""
    client = _client(snapshot)
    way = client.way
    if way.hurdle in OF_KUBECONFIG and not _rests(client):
        yield _stopped(way, *_KUBECONFIG[way.hurdle](way))
        return
    left = between(client.taken, way.expires)
    if left is not None and left < LAST_DAYS:
        yield _expiring(way, left)


def connection(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether the API server is reached, is the one that is meant, and knows who asks."""
    client = _client(snapshot)
    way = client.way
    if _rests(client):
        yield _resting(client)
    elif way.hurdle in OF_KUBECONFIG:
        raise CouldNotLook(_("the kubeconfig leads nowhere"))
    elif way.hurdle:
        yield _stopped(way, *_CONNECTION[way.hurdle](way))


def tools(snapshot: Snapshot) -> Iterator[Finding]:
    """Programs that the platform needs and that are not here, and a kubectl that does not fit the server."""
    client = _client(snapshot)
    told = {each.cause for each in client.obstacles}
    for tool in client.tools:
        if tool.needed and not tool.version and f"{tool.name}-missing" not in told:
            yield _missing(tool, client.platform)
    if client.kubectl.endswith(DISPATCHER):
        return
    theirs, ours = minor(snapshot.version), minor(client.kubectl)
    if (0, 0) not in {theirs, ours} and abs(theirs[1] - ours[1]) > 1:
        yield _skewed(client.kubectl, snapshot.version)


def platform(snapshot: Snapshot) -> Iterator[Finding]:
    """What the platform of the file finds in the way. Raises CouldNotLook when it could not ask."""
    client = _client(snapshot)
    if client.unasked:
        raise CouldNotLook(client.unasked)
    yield from client.obstacles


def _client(snapshot: Snapshot) -> Client:
    if snapshot.client is None:
        raise CouldNotLook(_("nothing is known of the machine that asked"))
    return snapshot.client


def _rests(client: Client) -> bool:
    """Whether the cluster does not answer because it does not run, as its platform says."""
    return bool(client.way.hurdle and client.known and client.known.status.phase is not ClusterPhase.RUNNING)


def _stopped(way: Way, cause: str, title: str, remedy: Remedy) -> Finding:
    return Finding(
        cause=cause,
        severity=Severity.ERROR,
        title=title,
        objects=(),
        remedy=remedy,
        evidence=(Evidence(way.said),) if way.said else (),
        docs=explanation(cause, {}).docs,
    )


Told = tuple[str, str, Remedy]
"""Cause, title and remedy."""


def _no_kubeconfig(way: Way) -> Told:
    title = _("There is no kubeconfig: {files}").format(files=joined(way.files))
    text = _("Name the file in KUBECONFIG or with --kubeconfig, or have the cluster's tool write it.")
    return "cl-no-kubeconfig", title, Remedy(text, ("export KUBECONFIG=FILE", "minikube update-context"))


def _unusable(way: Way) -> Told:
    title = _("The kubeconfig cannot be used: {files}").format(files=joined(way.files))
    text = way.fix or _("Have the cluster's tool write it again.")
    return "cl-bad-kubeconfig-entry", title, Remedy(text, _anew(way) or ("kubectl config view",))


def _no_context(way: Way) -> Told:
    text = _("Choose one: {contexts}").format(contexts=joined(way.contexts) or _("there is none"))
    title = _("The kubeconfig has no current context")
    return "cl-no-kubeconfig", title, Remedy(text, ("kubectl config use-context NAME",))


def _unknown_context(way: Way) -> Told:
    title = _('The kubeconfig has no context "{name}"').format(name=way.context)
    text = (one_of(way.context, way.contexts) or _("List them, and choose one.")).strip()
    return "cl-bad-kubeconfig-entry", title, Remedy(text, ("kubectl config get-contexts", *_anew(way)))


def _unknown_cluster(way: Way) -> Told:
    return _unknown_entry(way, _('Context "{context}" names a cluster "{name}" that the kubeconfig does not have'),
                          way.cluster)  # fmt: skip


def _unknown_user(way: Way) -> Told:
    return _unknown_entry(way, _('Context "{context}" names a user "{name}" that the kubeconfig does not have'),
                          way.user)  # fmt: skip


def _unknown_entry(way: Way, title: str, name: str) -> Told:
    text = _("The context was left over, or copied in part: remove it, or have the cluster's tool write it again.")
    commands = (*_anew(way), f"kubectl config delete-context {way.context}")
    return "cl-bad-kubeconfig-entry", title.format(context=way.context, name=name), Remedy(text, commands)


def _login_missing(way: Way) -> Told:
    title = _('The program that fetches the credentials is not here: "{program}"').format(program=way.login)
    cause = LOGINS.get(way.login.rpartition("/")[2], "cl-login-missing")
    known = explanation(cause, {"name": way.login}).remedy
    return cause, title, Remedy(way.login_get or known.text, known.commands)


def _login_failed(way: Way) -> Told:
    title = _('The program that fetches the credentials failed: "{program}"').format(program=way.login)
    text = _("Log in with the cloud's own tool, then try again.")
    commands = (*_logins(way), *_anew(way)) or ("kubectl config view --minify",)
    return "cl-login-failed", title, Remedy(text, commands)


def _logins(way: Way) -> tuple[str, ...]:
    found = {"gke-gcloud-auth-plugin": "gcloud auth login", "gcloud": "gcloud auth login", "kubelogin": "az login",
             "aws": "aws sso login"}.get(way.login.rpartition("/")[2])  # fmt: skip
    return (found,) if found else ()


def _certificate_expired(way: Way) -> Told:
    title = _("The certificate of the kubeconfig's user expired on {time}").format(time=way.expires[:10])
    text = _("Fetch the kubeconfig again; on kubeadm clusters renew the certificates and copy admin.conf anew.")
    return "cert-kubeconfig", title, Remedy(text, _anew(way) or _kubeadm())


def _kubeadm() -> tuple[str, ...]:
    return ("sudo kubeadm certs renew all", "sudo cp /etc/kubernetes/admin.conf ~/.kube/config")


def _dns(way: Way) -> Told:
    title = _("The name of the API server is not known here: {host}").format(host=_host(way))
    text = _("Check the spelling, this machine's DNS and the VPN; a cluster that was deleted takes its name along.")
    return "cl-python-unreachable", title, Remedy(text, (f"nslookup {_host(way)}", *_anew(way)))


def _refused(way: Way) -> Told:
    title = _("Nothing listens at {server}").format(server=way.server)
    if _host(way) in LOOPBACK:
        text = _(
            "The cluster on this machine is stopped, or has another port now: start it, fetch the kubeconfig again."
        )
        return "cl-localhost-8080", title, Remedy(text, _anew(way) or ("kubectl config get-contexts",))
    text = _("The machine is there, and no API server runs on it at that port: start it, or correct the address.")
    return "cl-python-unreachable", title, Remedy(text, _anew(way) or ("kubectl cluster-info",))


def _unroutable(way: Way) -> Told:
    title = _("There is no way from this machine to {host}").format(host=_host(way))
    text = _("Check the network and the VPN; a virtual machine may have got another address.")
    return "cl-python-unreachable", title, Remedy(text, (f"ip route get {_host(way)}", *_anew(way)))


def _timeout(way: Way) -> Told:
    title = _("{server} does not answer in time").format(server=way.server)
    text = _("A firewall drops the packets, the VPN is off, your address is not among those allowed, or it is stopped.")
    return "cl-python-unreachable", title, Remedy(text, (f"nc -vz -w 5 {_host(way)} {_port(way)}", *_anew(way)))


def _broken_off(way: Way) -> Told:
    title = _("The connection to {server} is broken off").format(server=way.server)
    text = _("The API server is starting or ending, or something in between (a firewall, a proxy) cuts the connection.")
    return "cl-python-unreachable", title, Remedy(text, ("kubectl cluster-info", "env | grep -i proxy"))


def _proxy(way: Way) -> Told:
    title = _("The proxy does not let through to {host}").format(host=_host(way))
    text = _(
        "Name the server in NO_PROXY if there is a direct way; else correct HTTPS_PROXY, or the kubeconfig's proxy-url."
    )
    return (
        "net-proxy-misconfig",
        title,
        Remedy(text, ("env | grep -i proxy", f"export NO_PROXY=$NO_PROXY,{_host(way)}")),
    )


def _untrusted(way: Way) -> Told:
    title = _("The certificate of {server} is signed by somebody whom the kubeconfig does not trust").format(
        server=way.server
    )
    text = _("The cluster was made anew, or a proxy opens TLS: fetch the kubeconfig again, or trust the proxy's CA.")
    return "cert-kubeconfig", title, Remedy(text, _anew(way) or _seen_certificate(way))


def _server_expired(way: Way) -> Told:
    title = _("The certificate of the API server {server} has expired").format(server=way.server)
    text = _("Renew the control plane's certificates, on its node; check this machine's clock, too.")
    return "cert-kubeconfig", title, Remedy(text, ("sudo kubeadm certs renew all", "date", *_seen_certificate(way)))


def _other_name(way: Way) -> Told:
    title = _("The certificate of the API server is not for the name {host}").format(host=_host(way))
    text = _("Use a name that is in it, or set tls-server-name; a tunnel or a new address is the usual reason.")
    set_name = f"kubectl config set-cluster {way.cluster or 'NAME'} --tls-server-name=NAME_IN_THE_CERTIFICATE"
    return "cert-kubeconfig", title, Remedy(text, (*_seen_certificate(way), set_name))


def _seen_certificate(way: Way) -> tuple[str, ...]:
    asked = f"openssl s_client -connect {_host(way)}:{_port(way)} -showcerts </dev/null"
    return (f"{asked} | openssl x509 -noout -issuer -dates -ext subjectAltName",)


def _foreign(way: Way) -> Told:
    title = _("What answers at {server} is no API server").format(server=way.server)
    text = _("Another program has the port, or a proxy or a login page stands in between: correct the address.")
    return "cl-not-apiserver", title, Remedy(text, (f"curl -k {way.server or 'SERVER'}/version", *_anew(way)))


def _unauthorized(way: Way) -> Told:
    title = _("The API server does not accept the credentials of the kubeconfig")
    text = _("The token has expired, or the cluster was made anew: log in again, or fetch the kubeconfig again.")
    return "rbac-unauthorized", title, Remedy(text, (*_logins(way), *_anew(way)) or ("kubectl auth whoami",))


def _forbidden(_way: Way) -> Told:
    title = _("The API server lets you do nothing, not even ask what it serves")
    text = _("Ask an administrator for the role view, or for more; or use other credentials.")
    return "rbac-forbidden-verb", title, Remedy(text, ("kubectl auth whoami", "kubectl auth can-i --list"))


def _other(way: Way) -> Told:
    title = _("The cluster cannot be asked")
    text = way.fix or _("Look what kubectl says.")
    return "cl-python-unreachable", title, Remedy(text, ("kubectl cluster-info",))


_KUBECONFIG: dict[Hurdle, Callable[[Way], Told]] = {
    Hurdle.NO_KUBECONFIG: _no_kubeconfig,
    Hurdle.UNUSABLE: _unusable,
    Hurdle.NO_CONTEXT: _no_context,
    Hurdle.UNKNOWN_CONTEXT: _unknown_context,
    Hurdle.UNKNOWN_CLUSTER: _unknown_cluster,
    Hurdle.UNKNOWN_USER: _unknown_user,
    Hurdle.LOGIN_MISSING: _login_missing,
    Hurdle.LOGIN_FAILED: _login_failed,
    Hurdle.CERTIFICATE_EXPIRED: _certificate_expired,
}
_CONNECTION: dict[Hurdle, Callable[[Way], Told]] = {
    Hurdle.DNS: _dns,
    Hurdle.REFUSED: _refused,
    Hurdle.UNROUTABLE: _unroutable,
    Hurdle.TIMEOUT: _timeout,
    Hurdle.BROKEN_OFF: _broken_off,
    Hurdle.PROXY: _proxy,
    Hurdle.UNTRUSTED: _untrusted,
    Hurdle.SERVER_EXPIRED: _server_expired,
    Hurdle.OTHER_NAME: _other_name,
    Hurdle.NO_TLS: _foreign,
    Hurdle.FOREIGN: _foreign,
    Hurdle.UNAUTHORIZED: _unauthorized,
    Hurdle.FORBIDDEN: _forbidden,
    Hurdle.OTHER: _other,
}


def _host(way: Way) -> str:
    return urlsplit(way.server).hostname or way.server


def _port(way: Way) -> int:
    return urlsplit(way.server).port or 443


def _anew(way: Way) -> tuple[str, ...]:
    command = again(way.context, way.server)
    return (command,) if command else ()


def _expiring(way: Way, left: timedelta) -> Finding:
    cause, _title, remedy = _certificate_expired(way)
    title = _("The certificate of the kubeconfig's user expires in {days} days").format(days=left.days)
    return Finding(cause, Severity.WARNING, title, (), remedy, docs=explanation(cause, {}).docs)


def _resting(client: Client) -> Finding:
    assert client.known  # noqa: S101 - whoever calls has looked
    known = client.known
    explained = explanation("cl-cluster-stopped", {"name": known.name})
    title = _("{platform}: the cluster {name} does not run")
    if known.status.phase is ClusterPhase.ABSENT:
        title = _("{platform}: there is no cluster {name} yet")
    text = _("Installing makes or starts it, when you agree.") if client.made else explained.remedy.text
    return Finding(
        cause=explained.cause,
        severity=Severity.INFO if client.made else Severity.ERROR,
        title=title.format(platform=client.platform, name=known.name),
        objects=(),
        remedy=Remedy(text, (known.start,) if known.start else ()),
        evidence=tuple(Evidence(said) for said in (known.status.detail, client.way.said) if said),
        docs=explained.docs,
    )


def _missing(tool: Tool, platform_title: str) -> Finding:
    explained = explanation("cl-tool-missing", {"name": tool.name})
    title = _("{platform} needs {program}, which is not here").format(platform=platform_title, program=tool.name)
    text = _("Install it: {url}").format(url=tool.get)
    return Finding(explained.cause, Severity.WARNING, title, (), Remedy(text), docs=explained.docs)


def _skewed(ours: str, theirs: str) -> Finding:
    explained = explanation("cl-kubectl-skew", {"version": ours})
    title = _("kubectl is {ours} and the API server {theirs}: they may be one minor version apart").format(
        ours=ours, theirs=theirs
    )
    return Finding(explained.cause, Severity.INFO, title, (), explained.remedy, docs=explained.docs)


_BOTH = frozenset(Phase)
CHECKS = (
    Check("client.kubeconfig", _("Does the kubeconfig name a cluster, and you?"), frozenset(), kubeconfig,
          phases=_BOTH, of_client=True),
    Check("client.connection", _("Does the API server answer you?"), frozenset(), connection,
          phases=_BOTH, of_client=True),
    Check("client.tools", _("Are the programs here that the cluster needs?"), frozenset(), tools,
          phases=_BOTH, of_client=True),
    Check("client.platform", _("Is the platform of the file content?"), frozenset(), platform,
          phases=frozenset({Phase.PRE}), of_client=True),
)  # fmt: skip
