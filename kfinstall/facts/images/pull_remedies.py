"""Commands that make images come: a mirror on the nodes or in the manifests, a pull secret in the namespaces.

https://github.com/containerd/containerd/blob/main/docs/hosts.md
https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#add-imagepullsecrets-to-a-service-account
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify.image_reference import DOCKER_HUB, Reference
from kfinstall.facts.images.mirrors import public_mirror
from kfinstall.facts.images.pulls import FailedPull
from kfinstall.facts.objects.kinds import NODE, SECRET
from kfinstall.facts.objects.owners import controller

DOCKER_HUB_LOGIN = "https://index.docker.io/v1/"
"""Under this name the runtimes look for credentials of Docker Hub."""

CERTIFICATES = "/etc/containerd/certs.d"


def from_mirror(failures: Iterable[FailedPull]) -> tuple[str, ...]:
    """One kustomize command that rewrites the images that the mirror serves; none where it serves none."""
    images = {each.container.image: each.reference for each in failures}
    rewritten = [
        f"{_name(image, reference)}={public_mirror().rewritten(reference)}"
        for image, reference in images.items()
        if reference and public_mirror().serves(reference)
    ]
    return (f"kustomize edit set image {' '.join(rewritten)}",) if rewritten else ()


def node_mirrors(failures: Iterable[FailedPull], snapshot: Snapshot) -> tuple[str, ...]:
    """For each registry the file that sends containerd to a mirror; none where nodes have another runtime."""
    if any(not runtime.startswith("containerd") for runtime in _runtimes(snapshot)):
        return ()
    commands = []
    for registry in sorted({each.reference.registry for each in failures if each.reference}):
        host = public_mirror().hosts.get(registry)
        if host:
            server = "registry-1.docker.io" if registry == DOCKER_HUB else registry
            text = f'server = "https://{server}"\\n[host."https://{host}"]\\n'
            folder = f"{CERTIFICATES}/{registry}"
            commands.append(f"sudo mkdir -p {folder} && printf '{text}' | sudo tee {folder}/hosts.toml")
    return tuple(commands)


def with_secret(failures: Sequence[FailedPull], snapshot: Snapshot) -> tuple[str, ...]:
    """A Secret with credentials in each namespace; where no pod names one, the service accounts that are to use it.

    A pod has the secrets of its account since it was made, so those that something makes anew are deleted then. USER
    and TOKEN are for the user to fill in. A patch of imagePullSecrets keeps those that stand there.
    """
    commands = []
    for (namespace, registry), refused in _by_place(failures).items():
        names = missing_secrets(refused, snapshot)
        server = DOCKER_HUB_LOGIN if registry == DOCKER_HUB else registry
        for name in names or [secret_name(registry)]:
            commands.append(
                f"kubectl -n {namespace} create secret docker-registry {name} --docker-server={server} "
                "--docker-username=USER --docker-password=TOKEN"
            )
            if not names:  # no pod knows it yet
                patch = f'{{"imagePullSecrets":[{{"name":"{name}"}}]}}'
                accounts = sorted({account_of(failure) for failure in refused})
                commands += [f"kubectl -n {namespace} patch serviceaccount {each} -p '{patch}'" for each in accounts]
        again = dict.fromkeys(failure.pod.name for failure in refused if not names and controller(failure.body))
        if again:
            commands.append(f"kubectl -n {namespace} delete pod {' '.join(again)}")
    return tuple(commands)


def _by_place(failures: Iterable[FailedPull]) -> dict[tuple[str, str], list[FailedPull]]:
    found: dict[tuple[str, str], list[FailedPull]] = defaultdict(list)
    for failure in failures:
        if failure.reference:
            found[failure.pod.namespace, failure.reference.registry].append(failure)
    return found


def secret_name(registry: str) -> str:
    """Of the pull secret for a registry."""
    return re.sub(r"[^a-z0-9]+", "-", registry.lower()).strip("-")


def missing_secrets(failures: Iterable[FailedPull], snapshot: Snapshot) -> list[str]:
    """The pull secrets that pods name and their namespace does not have."""
    if not snapshot.knows(SECRET):
        return []
    return sorted(
        {
            str(entry.get("name"))
            for failure in failures
            for entry in (failure.body.get("spec") or {}).get("imagePullSecrets") or ()
            if snapshot.get(ObjectKey(*SECRET, failure.pod.namespace, str(entry.get("name")))) is None
        }
    )


def account_of(failure: FailedPull) -> str:
    """The service account of the pod."""
    return str((failure.body.get("spec") or {}).get("serviceAccountName") or "default")


def _name(image: str, reference: Reference) -> str:
    """What a kustomization calls an image: its name as the manifests write it, without tag and digest."""
    return image.removesuffix(f"@{reference.digest}").removesuffix(f":{reference.tag}")


def _runtimes(snapshot: Snapshot) -> set[str]:
    return {
        str(((node.get("status") or {}).get("nodeInfo") or {}).get("containerRuntimeVersion") or "containerd")
        for node in snapshot.all(NODE)
    }
