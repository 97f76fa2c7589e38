"""minikube as a platform: what is here of it, what stands in the way, making and deleting a profile."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from kfinstall.contracts.finding import Finding, Severity
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
from kfinstall.errors import KfinstallError
from kfinstall.model.access import LoadBalancer, NodePort
from kfinstall.model.base import Model
from kfinstall.model.install import Install
from kfinstall.words import _
from platforms.docker_engine import docker_engine, docker_tool, inotify, no_docker
from platforms.minikube.checks import CHECKS
from platforms.minikube.drivers import drivers
from platforms.minikube.events import progress
from platforms.minikube.options import CONTAINERS, GIB, VIRTUAL_MACHINES, MinikubeOptions, bytes_of
from platforms.minikube.profile import Profile, profiles, size_text
from platforms.obstacle import obstacle

GET = "https://minikube.sigs.k8s.io/docs/start/"
SPARED = GIB
"""Memory that this machine keeps for itself, in bytes."""


class Minikube:
    """The platform for a laptop or a workstation."""

    name = "minikube"
    title = "minikube"
    summary = _("A cluster on this machine, in a container or a virtual machine.")
    options = MinikubeOptions
    chosen = frozenset({"profile", "driver"})
    checks = CHECKS

    def detect(self, host: Host) -> Detection:
        """minikube, the Docker that it prefers, and its profiles."""
        tools = (Tool("minikube", _version(host), GET), docker_tool(host, needed=False))
        found = [
            KnownCluster(
                each.name,
                ClusterStatus(each.phase, each.detail),
                each.name,
                delete=f"minikube delete -p {each.name}",
                start=f"minikube start -p {each.name}",
            )
            for each in profiles(host).values()
        ]
        return Detection(tools, found)

    def device_plugin(self, options: MinikubeOptions) -> str:  # noqa: ARG002 - the contract's signature
        return _(
            "minikube enables its addon nvidia-device-plugin, or amd-gpu-device-plugin, when platform.gpus is set."
        )

    def access(self, options: MinikubeOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        """minikube writes a context with the profile's name into the user's kubeconfig."""
        return ClusterAccess(context=options.profile)

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        if field == "driver":
            return drivers(host)
        return [Choice(each.name, each.detail) for each in profiles(host).values()]

    def offer(self, options: MinikubeOptions, host: Host) -> Offer:
        profile = _profile(options, host)
        size = profile.size if profile and not _outgrown(profile, options) else options.size
        summary = _("minikube profile {name} ({size})").format(name=options.profile, size=size_text(size))
        return Offer(summary, _("It takes that of this machine while it runs; nobody bills it."), size)

    def preferred(self, options: MinikubeOptions) -> Mapping[str, Model]:  # noqa: ARG002 - as above
        return {}

    def notices(self, options: MinikubeOptions, install: Install) -> Sequence[str]:
        """What of `access` needs something that minikube does not bring by itself."""
        match install.access:
            case LoadBalancer():
                text = _("The address of a load balancer comes only while this runs: minikube tunnel -p {profile}")
                return [text.format(profile=options.profile)]
            case NodePort() if options.in_containers:
                return [
                    _(
                        "On macOS and Windows nobody reaches the containers that are minikube's nodes, nor their "
                        "ports: kfinstall open forwards there."
                    )
                ]
        return []

    def status(self, options: MinikubeOptions, host: Host) -> ClusterStatus:
        profile = _profile(options, host)
        if profile is None:
            return ClusterStatus(ClusterPhase.ABSENT)
        if _outgrown(profile, options):
            return ClusterStatus(ClusterPhase.OUTGROWN, profile.detail)
        return ClusterStatus(profile.phase, profile.detail)

    def preflight(self, options: MinikubeOptions, host: Host) -> Iterator[Finding]:
        if host.find("minikube") is None:
            yield obstacle("minikube-missing", _("minikube is not installed."), _("Get it from {url}.").format(url=GET))
        yield from _kept_size(options, _profile(options, host))
        if options.gpus and host.machine.system != "linux":
            yield obstacle("minikube-gpus", _("minikube gives GPUs to its nodes on Linux only."),
                           _("Leave platform.gpus out."), option="platform.gpus")  # fmt: skip
        if options.in_containers:
            yield from _on_docker(options, host)
        elif options.driver in VIRTUAL_MACHINES:
            yield from _on_virtual_machines(options, host)
        yield from _no_avx(host)

    def create(self, options: MinikubeOptions, host: Host) -> Iterator[Progress]:
        """What `minikube start` began, it goes on with."""
        if self.status(options, host).phase is ClusterPhase.OUTGROWN:
            yield from self.delete(options, host)
        yield from progress(host, "start", *_arguments(options))

    def enlarged(self, options: MinikubeOptions, least: Size, host: Host) -> Mapping[str, Any]:
        profile = _profile(options, host)
        cpus = max(options.cpus, ceil((least.cpus or 0) / options.nodes))
        memory = max(bytes_of(options.memory), ceil((least.memory or 0) / options.nodes / GIB) * GIB)
        wanted = options.model_copy(update={"cpus": cpus, "memory": f"{memory // GIB}g"})
        if profile is None or not _smaller(profile, wanted):
            return {}
        return {"cpus": wanted.cpus, "memory": wanted.memory, "recreate": True}

    def stop(self, options: MinikubeOptions, host: Host) -> Iterator[Progress]:
        yield from progress(host, "stop", "-p", options.profile)

    def delete(self, options: MinikubeOptions, host: Host) -> Iterator[Progress]:
        yield from progress(host, "delete", "-p", options.profile)


def _version(host: Host) -> str:
    if host.find("minikube") is None:
        return ""
    try:
        return str(json.loads(host.run(["minikube", "version", "-o", "json"], seconds=20).out)["minikubeVersion"])
    except (KfinstallError, ValueError, KeyError):
        return "?"


def _profile(options: MinikubeOptions, host: Host) -> Profile | None:
    return profiles(host).get(options.profile)


def _smaller(profile: Profile, options: MinikubeOptions) -> bool:
    have, want = profile.size, options.size
    return bool((have.cpus and have.cpus < (want.cpus or 0)) or (have.memory and have.memory < (want.memory or 0)))


def _outgrown(profile: Profile, options: MinikubeOptions) -> bool:
    return options.recreate and _smaller(profile, options)


def _kept_size(options: MinikubeOptions, profile: Profile | None) -> Iterator[Finding]:
    """minikube start only warns, and keeps the size that a profile was made with."""
    if profile and _smaller(profile, options) and not options.recreate:
        title = _("Profile {name} stays as it was made ({size}): minikube cannot make it larger.")
        yield obstacle(
            "minikube-kept-size",
            title.format(name=profile.name, size=size_text(profile.size)),
            _("To make it anew, without all that is in it: --set platform.recreate=true"),
            Severity.WARNING,
        )


def _on_docker(options: MinikubeOptions, host: Host) -> Iterator[Finding]:
    engine = docker_engine(host)
    if engine is None and options.driver == "docker":
        yield no_docker(host)
    yield from _room(options, engine.size if engine else host.machine.size)
    yield from inotify(host)


def _on_virtual_machines(options: MinikubeOptions, host: Host) -> Iterator[Finding]:
    yield from _room(options, host.machine.size)
    if options.driver in ("kvm2", "qemu2") and host.machine.virtualises is False:
        yield obstacle(
            "no-kvm",
            _("You may not use this machine's virtualisation: /dev/kvm is not there, or not yours to open."),
            _("Switch virtualisation on in the firmware, and join the groups: sudo usermod -aG kvm,libvirt $USER"),
        )
    if options.driver in ("kvm2", "virtualbox"):
        yield obstacle(
            "cpu-features-hidden",
            _("The driver {driver} hides features of the CPU: TensorFlow may end with: Illegal instruction.").format(
                driver=options.driver
            ),
            _("The driver docker hides none."),
            Severity.WARNING,
        )


def _room(options: MinikubeOptions, machine: Size) -> Iterator[Finding]:
    """Each node gets all of its CPUs from the same machine, but memory adds up."""
    if machine.cpus and options.cpus > machine.cpus:
        yield obstacle(
            "too-few-cpus",
            _("platform.cpus is {wanted}, and there are {have}.").format(wanted=options.cpus, have=machine.cpus),
            f"--set platform.cpus={machine.cpus}",
            option="platform.cpus",
        )
    memory = options.size.memory or 0
    if machine.memory and memory > machine.memory - SPARED:
        most = max((machine.memory - SPARED) // options.nodes // GIB, 0)
        yield obstacle(
            "too-little-memory",
            _("{nodes} times platform.memory is {wanted:.3g} GiB, and there are {have:.3g} GiB in all.").format(
                nodes=options.nodes, wanted=memory / GIB, have=machine.memory / GIB
            ),
            f"--set platform.memory={most}g",
            option="platform.memory",
        )


def _no_avx(host: Host) -> Iterator[Finding]:
    flags = host.machine.cpu_flags
    if "sse2" in flags and "avx" not in flags:  # only CPUs of x86 have either
        yield obstacle(
            "no-avx",
            _("This CPU has no AVX: TensorFlow will end with: Illegal instruction."),
            _("Train with PyTorch, or with images that were built without AVX."),
            Severity.WARNING,
        )


def _arguments(options: MinikubeOptions) -> Sequence[str]:
    """Of `minikube start`, for these options."""
    given = {
        "driver": options.driver,
        "kubernetes-version": options.kubernetes_version,
        "gpus": options.gpus,
        "image-mirror-country": options.image_mirror_country,
        "image-repository": options.image_repository,
        "binary-mirror": options.binary_mirror,
        "disk-size": None if options.driver in CONTAINERS else options.disk,
    }
    return [
        "-p", options.profile, f"--container-runtime={options.container_runtime}", f"--nodes={options.nodes}",
        f"--cpus={options.cpus}", f"--memory={options.memory}",
        *(f"--{flag}={value}" for flag, value in given.items() if value is not None),
        *(f"--registry-mirror={mirror}" for mirror in options.registry_mirrors),
        "--wait=all", "--wait-timeout=10m", "--interactive=false",
    ]  # fmt: skip
