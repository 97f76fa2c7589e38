"""kind: a cluster whose nodes are containers of Docker or Podman on this machine."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from kfinstall.contracts.finding import Finding
from kfinstall.contracts.platform import (
    Choice,
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    KnownCluster,
    Offer,
    Progress,
    Size,
    Tool,
)
from kfinstall.errors import KfinstallError, ProgramFailed
from kfinstall.model.access import LoadBalancer, NodePort
from kfinstall.model.base import DnsLabel, LocalPath, Model
from kfinstall.model.install import Install, PlatformOptions
from kfinstall.words import _, joined
from platforms.docker_engine import docker_engine, docker_tool, inotify, no_docker
from platforms.obstacle import obstacle

GET = "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
STEPS = 8
"""That kind tells of a cluster with workers when it waits until it is ready; one without has fewer."""

READY_TRIES = 150
READY_PAUSE = 2.0
"""Seconds between two questions whether a started cluster answers."""

CLOUD_PROVIDER = "cloud-provider-kind (https://kind.sigs.k8s.io/docs/user/loadbalancer/)"
CERTS_D = "/etc/containerd/certs.d"


class Mount(Model):
    """A folder of this machine inside every node."""

    host_path: LocalPath = Field(title=_("Folder"), description=_("On this machine."))
    container_path: str = Field(pattern="^/", title=_("Path"), description=_("In the nodes."))
    read_only: bool = Field(default=False, title=_("Read only"), description=_("Nodes cannot write to it."))


class PortMapping(Model):
    """A port of the first node on this machine; it can be given only when a cluster is made."""

    container_port: int = Field(ge=1, le=65535, title=_("Port of the node"), description=_("Such as a NodePort."))
    host_port: int = Field(ge=1, le=65535, title=_("Port here"), description=_("On this machine."))
    listen_address: str = Field(
        default="127.0.0.1",
        title=_("Address"),
        description=_("Who reaches it: 127.0.0.1 only this machine, 0.0.0.0 the whole network."),
    )


class KindOptions(PlatformOptions):
    """What `kind create cluster` makes."""

    type: Literal["kind"] = Field(title=_("Platform"), description=_("A cluster of kind on this machine."))
    cluster: DnsLabel = Field(
        default="kubeflow", max_length=50, title=_("Cluster"), description=_("kind's name for the cluster.")
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        title=_("Node image"),
        description=_("For example kindest/node:v1.34.0@sha256:…, from the notes of your kind; it sets the version."),
    )
    workers: int = Field(
        default=0, ge=0, le=10, title=_("Workers"), description=_("Nodes beside the first; they add no capacity.")
    )
    mounts: tuple[Mount, ...] = Field(default=(), title=_("Mounts"), description=_("Folders of this machine in nodes."))
    ports: tuple[PortMapping, ...] = Field(
        default=(), title=_("Ports"), description=_("Ports of nodes on this machine.")
    )
    registry_hosts: LocalPath | None = Field(
        default=None,
        title=_("Registry hosts"),
        description=_("A folder of hosts.toml files (containerd's certs.d): mirrors for the nodes' pulls."),
    )


class Kind:
    """The platform for tests, and for a machine with Docker and nothing else."""

    name = "kind"
    title = "kind"
    summary = _("A cluster in containers of this machine, made in a minute; `kind load` brings images into it.")
    options = KindOptions
    chosen = frozenset({"cluster"})

    def detect(self, host: Host) -> Detection:
        """kind, Docker, and the clusters of kind."""
        tools = (Tool("kind", _version(host), GET), docker_tool(host, needed=True))
        found = [
            KnownCluster(
                name,
                _state(name, host),
                _context(name),
                delete=f"kind delete cluster --name {name}",
                start=f"docker start {name}-control-plane",
            )
            for name in _clusters(host)
        ]
        return Detection(tools, found)

    def access(self, options: KindOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        """kind writes a context into the user's kubeconfig."""
        return ClusterAccess(context=_context(options.cluster))

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        return [Choice(name, _state(name, host).detail) for name in _clusters(host)]

    def offer(self, options: KindOptions, host: Host) -> Offer:
        """Nodes are not limited: each sees all of Docker's machine."""
        engine = docker_engine(host)
        nodes = 1 + options.workers
        return Offer(
            _("kind cluster {name} (nodes: {nodes})").format(name=options.cluster, nodes=nodes),
            _("It shares this machine's CPUs and memory; nobody bills it."),
            engine.size if engine else Size(),
        )

    def preferred(self, options: KindOptions) -> Mapping[str, Model]:  # noqa: ARG002 - as above
        return {}

    def notices(self, options: KindOptions, install: Install) -> Sequence[str]:
        """What of `access` needs something that kind does not bring by itself."""
        match install.access:
            case LoadBalancer():
                return [_("kind has no load balancers: the address comes only while {program} runs beside it.").format(
                    program=CLOUD_PROVIDER
                )]  # fmt: skip
            case NodePort(port=port) if port is None or port not in {each.container_port for each in options.ports}:
                return [
                    _(
                        "The nodes are containers, which Docker Desktop does not let you reach: a port of this machine "
                        "leads to one only if platform.ports had it when the cluster was made. kfinstall open forwards."
                    )
                ]
        return []

    def status(self, options: KindOptions, host: Host) -> ClusterStatus:
        if options.cluster not in _clusters(host):
            return ClusterStatus(ClusterPhase.ABSENT)
        return _state(options.cluster, host)

    def preflight(self, options: KindOptions, host: Host) -> Iterator[Finding]:
        if host.find("kind") is None:
            yield obstacle("kind-missing", _("kind is not installed."), _("Get it from {url}.").format(url=GET))
        if docker_engine(host) is None and host.find("podman") is None:
            yield no_docker(host)
        for mounted in (options.registry_hosts, *(mount.host_path for mount in options.mounts)):
            if mounted and not mounted.is_dir():
                title = _("{path} is to be mounted into the nodes, and is no folder.").format(path=mounted)
                option = "platform.registryHosts" if mounted == options.registry_hosts else "platform.mounts"
                yield obstacle("kind-mount-missing", title, _("Make it, or correct {option}.").format(option=option),
                               option=option)  # fmt: skip
        yield from inotify(host)

    def create(self, options: KindOptions, host: Host) -> Iterator[Progress]:
        """kind cannot go on with a half made cluster: one that an earlier run began is deleted first."""
        phase = self.status(options, host).phase
        if phase is ClusterPhase.STOPPED:
            yield from _started(options.cluster, host)
            return
        if phase is ClusterPhase.BROKEN:
            yield from _told(host, "export", "kubeconfig", "--name", options.cluster)
            return
        if phase is ClusterPhase.CREATING:
            yield from _told(host, "delete", "cluster", "--name", options.cluster)
        mark = _mark(options.cluster, host)
        mark.touch(mode=0o600)
        try:
            yield from _told(host, *_arguments(options, host))
        finally:
            if not host.stopping:  # kind takes away what it does not bring to an end, unless it is killed
                mark.unlink()

    def stop(self, options: KindOptions, host: Host) -> Iterator[Progress]:
        yield Progress(_("Stopping the nodes"))
        _each_node(options.cluster, host, "stop")

    def delete(self, options: KindOptions, host: Host) -> Iterator[Progress]:
        yield from _told(host, "delete", "cluster", "--name", options.cluster)
        _mark(options.cluster, host).unlink(missing_ok=True)


def _context(cluster: str) -> str:
    return f"kind-{cluster}"


def _mark(cluster: str, host: Host) -> Path:
    """Stands while kfinstall makes the cluster, and after it was interrupted."""
    return host.folder / f"{cluster}.creating"


def _version(host: Host) -> str:
    return host.run(["kind", "version", "-q"], seconds=20).out.strip() or "?" if host.find("kind") else ""


def _clusters(host: Host) -> list[str]:
    """None of them is said on standard error."""
    if host.find("kind") is None:
        return []
    try:
        return host.run(["kind", "get", "clusters"], seconds=20).out.split()
    except KfinstallError:
        return []


def _state(cluster: str, host: Host) -> ClusterStatus:
    """The context is the last thing that kind makes: a cluster that has none is half made, or was cut off from it."""
    if _context(cluster) not in {each["name"] for each in host.kubeconfig.get("contexts") or ()}:
        if _mark(cluster, host).exists():
            return ClusterStatus(ClusterPhase.CREATING)
        detail = _("the kubeconfig has no context {name}").format(name=_context(cluster))
        return ClusterStatus(ClusterPhase.BROKEN, detail)
    nodes = _nodes(cluster, host)
    stopped = sorted(name for name, state in nodes.items() if state != "running")
    if stopped:
        return ClusterStatus(ClusterPhase.STOPPED, joined(stopped))
    return ClusterStatus(ClusterPhase.RUNNING, joined(sorted(nodes)))


def _nodes(cluster: str, host: Host) -> dict[str, str]:
    """The cluster's containers and their states; none where something else than Docker runs them."""
    if host.find("docker") is None:
        return {}
    ran = host.run(["docker", "ps", "-a", "--filter", f"label=io.x-k8s.kind.cluster={cluster}",
                    "--format", "{{.Names}} {{.State}}"], seconds=20)  # fmt: skip
    return dict(re.findall(r"^(\S+) (\S+)$", ran.out, re.MULTILINE))


def _arguments(options: KindOptions, host: Host) -> list[str]:
    config = host.folder / f"{options.cluster}.yaml"
    config.write_text(yaml.safe_dump(configuration(options), sort_keys=False), encoding="utf-8")
    return ["create", "cluster", "--name", options.cluster, "--config", str(config), "--wait", "300s"]


def configuration(options: KindOptions) -> dict[str, Any]:
    """kind's own configuration: https://kind.sigs.k8s.io/docs/user/configuration/"""
    mounts = [
        {"hostPath": str(each.host_path), "containerPath": each.container_path, "readOnly": each.read_only}
        for each in options.mounts
    ]
    patches = {}
    if options.registry_hosts:
        mounts.append({"hostPath": str(options.registry_hosts), "containerPath": CERTS_D, "readOnly": True})
        # containerd reads this folder by itself only from 2.2 on
        patch = f'[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "{CERTS_D}"\n'
        patches = {"containerdConfigPatches": [patch]}
    common: dict[str, Any] = {"image": options.image} if options.image else {}
    if mounts:
        common["extraMounts"] = mounts
    first = {"role": "control-plane", **common}
    if options.ports:
        first["extraPortMappings"] = [each.model_dump(by_alias=True) for each in options.ports]
    workers = [{"role": "worker", **common} for _number in range(options.workers)]
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [first, *workers], **patches}


def _told(host: Host, *arguments: str) -> Iterator[Progress]:
    """Run kind, whose steps are lines on standard error: a bullet when one begins, a tick when it is done."""
    done, failed = 0, ""
    try:
        for line in host.lines(["kind", *arguments], errors_too=True):
            if found := re.match(r" *([•✓✗]) (.*?)[^\w)=.]*(?:\.\.\.)?[^\w)=]*$", line):
                done += found[1] == "✓"
                if found[1] == "•":
                    yield Progress(found[2], done=min(done / STEPS, 1.0))
            elif line.startswith("ERROR:"):
                failed = line.removeprefix("ERROR:").strip()
    except ProgramFailed as error:
        if not failed:
            raise
        raise ProgramFailed(
            _("kind failed: {message}").format(message=failed),
            why=error.why,
            docs="https://kind.sigs.k8s.io/docs/user/known-issues/",
        ) from error


def _each_node(cluster: str, host: Host, command: str) -> None:
    """kind has no stop and no start; its nodes are containers of Docker. Raises ProgramFailed."""
    for name in sorted(_nodes(cluster, host)):
        ran = host.run(["docker", command, name])
        if ran.code:
            raise ProgramFailed(
                _("docker {command} {name} failed.").format(command=command, name=name), why=ran.err.strip()
            )


def _started(cluster: str, host: Host) -> Iterator[Progress]:
    """Raises ProgramFailed when the API server does not come back."""
    yield Progress(_("Starting the nodes"))
    _each_node(cluster, host, "start")
    yield Progress(_("Waiting for the API server"))
    ask = ["docker", "exec", f"{cluster}-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get",
           "--raw=/readyz"]  # fmt: skip
    for _try in range(READY_TRIES):
        if host.run(ask).code == 0 or host.wait(READY_PAUSE):
            return
    raise ProgramFailed(
        _("The API server of {name} does not answer after its start.").format(name=cluster),
        fix=_("Delete the cluster and make it anew: kind delete cluster --name {name}").format(name=cluster),
    )
