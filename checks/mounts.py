"""Pods that wait for what they mount or read: Secrets, ConfigMaps, their keys, volumes."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Explanation, Json, Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import classify, explanation
from kfinstall.facts.objects.kinds import CERTIFICATE, CONFIG_MAP, EVENT, POD, SECRET
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.facts.pods.containers import waiting
from kfinstall.facts.pods.pod_needs import pod_needs
from kfinstall.facts.pods.pod_start import failures, not_begun
from kfinstall.facts.storage.volumes import claims_of, users
from kfinstall.words import _, counted

MOUNTING = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})
UNREADABLE = "CreateContainerConfigError"
MISSING = frozenset({"st-mount-object-missing", "node-config-missing-key"})
SUMS_UP = "st-mount-timeout"
"""The cause of a message that repeats only that a mount failed."""

LONG = timedelta(minutes=5)
"""Without a word from the kubelet: images and volumes announce themselves before."""

_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) ([^/\s]+)/(\S+)")
"""kubernetes/pkg/kubelet/kubelet_pods.go"""

_VOLUME_KEY = re.compile(r'volume "([^"]+)" : (?:configmap )?references non-existent (?:secret|config) key: (\S+)')
"""kubernetes/pkg/volume/secret/secret.go, configmap/configmap.go"""


@dataclass(frozen=True, slots=True)
class _Want:
    """key: of the Secret or ConfigMap; "" where the object itself is missing."""

    need: ObjectKey
    key: str = ""


def missing(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each object or key that is missing, as the kubelet says."""
    waiting: dict[_Want, list[tuple[ObjectKey, str]]] = defaultdict(list)
    for key, pod, messages in _complaining(snapshot):
        for want, message in _unmet(pod, key, messages, snapshot):
            waiting[want].append((key, message))
    for want, pods in waiting.items():
        yield _missing(want, pods, snapshot)


def _complaining(snapshot: Snapshot) -> Iterator[tuple[ObjectKey, Body, list[str]]]:
    """Pods with what the kubelet says of their mounts, and of the variables of containers that wait for them."""
    unmounted = dict(not_begun(snapshot))
    for pod in snapshot.all(POD):
        key = key_of(POD, pod)
        messages = [each.message for each in waiting(pod) if each.reason == UNREADABLE]
        if key in unmounted:
            messages += [each.message for each in failures(key, MOUNTING, snapshot)]
        if messages:
            yield key, pod, messages


def _unmet(pod: Body, key: ObjectKey, messages: list[str], snapshot: Snapshot) -> Iterator[tuple[_Want, str]]:
    """What the kubelet calls missing, of what the pod needs; a Secret is not read to know that it is not there."""
    for need in dict.fromkeys(pod_needs(pod.get("spec") or {}, key.namespace)):
        if need.kind not in {"Secret", "ConfigMap"} or snapshot.get(need):
            continue
        words = f'{need.kind.lower()} "{need.name}" not found'
        message = next((each for each in messages if words in each), "")
        if message:
            yield _Want(need), message
    told: set[_Want] = set()
    for message in messages:
        want = _missing_key(message, pod, key.namespace)
        if want and want not in told and not _has_key(want, snapshot):
            told.add(want)
            yield want, message


def _missing_key(message: str, pod: Body, namespace: str) -> _Want | None:
    found = _KEY.search(message)
    if found:
        return _Want(ObjectKey("", found[2], found[3], found[4]), found[1])
    found = _VOLUME_KEY.search(message)
    for volume in (pod.get("spec") or {}).get("volumes") or () if found else ():
        if found and volume.get("name") == found[1]:
            need = next(pod_needs({"volumes": [volume]}, namespace), None)
            return _Want(need, found[2]) if need else None
    return None


def _has_key(want: _Want, snapshot: Snapshot) -> bool:
    """Whether it is there by now, which only a ConfigMap tells: of Secrets no contents are read."""
    body = snapshot.get(want.need) or {}
    return want.key in {**(body.get("data") or {}), **(body.get("binaryData") or {})}


def _missing(want: _Want, pods: list[tuple[ObjectKey, str]], snapshot: Snapshot) -> Finding:
    need, key = want.need, want.key
    about: dict[str, Json] = {"kind": need.kind, "name": need.name, "namespace": need.namespace, "key": key}
    found = classify(pods[0][1])
    explained = explanation(found.cause if found and found.cause in MISSING else "st-mount-object-missing", about)
    waiting = counted("{count} pod waits", "{count} pods wait", len(pods))
    title = _("{object} is missing: {pods} for it")
    if key:
        title = _('{object} has no key "{key}": {pods} for it')
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=title.format(object=need, key=key, pods=waiting),
        objects=tuple(key for key, _message in pods),
        remedy=Remedy(explained.remedy.text, tuple(_makers(want, snapshot))),
        evidence=(Evidence(pods[0][1], pods[0][0], len(pods)),),
        needs=frozenset({need}),
        docs=explained.docs,
    )


def _makers(want: _Want, snapshot: Snapshot) -> Iterator[str]:
    """Where to look: at the certificate whose Secret it is, or at what is there instead."""
    need, kind = want.need, want.need.kind.lower()
    if want.key:
        yield f"kubectl -n {need.namespace} describe {kind} {need.name}"
        return
    for certificate in snapshot.all(CERTIFICATE) if need.kind == "Secret" else ():
        metadata, spec = certificate["metadata"], certificate.get("spec") or {}
        if metadata.get("namespace") == need.namespace and spec.get("secretName") == need.name:
            yield f"kubectl -n {need.namespace} describe certificate {metadata['name']}"
    yield f"kubectl -n {need.namespace} get {kind}s"


def not_mounted(snapshot: Snapshot) -> Iterator[Finding]:
    """Volumes that a node cannot attach or mount, by cause; what is missing or held elsewhere has its own check."""
    groups: dict[tuple[str, str], list[tuple[ObjectKey, str, Explanation]]] = defaultdict(list)
    for key, pod in not_begun(snapshot):
        message, explained = _worst(key, snapshot)
        if (
            explained is None
            or explained.cause in MISSING
            or (explained.cause == "st-multi-attach" and _shared(pod, snapshot))
        ):
            continue
        volume = str(explained.parameters.get("volume") or explained.parameters.get("path") or "")
        groups[explained.cause, "" if explained.area == "istio" else volume].append((key, message, explained))
    for found in groups.values():
        yield _not_mounted(found)


def _worst(key: ObjectKey, snapshot: Snapshot) -> tuple[str, Explanation | None]:
    """The newest message that gives a reason, else the newest."""
    said = [each.message for each in failures(key, MOUNTING, snapshot)]
    known = [(message, found) for message in said if (found := classify(message))]
    telling = [(message, found) for message, found in known if found.cause != SUMS_UP]
    if telling or known:
        return (telling or known)[0]
    return (said[0], explanation(SUMS_UP, {})) if said else ("", None)


def _shared(pod: Body, snapshot: Snapshot) -> bool:
    """Whether another pod uses one of its claims."""
    return any(len(users(claim, snapshot)) > 1 for claim in claims_of(pod))


def _not_mounted(found: list[tuple[ObjectKey, str, Explanation]]) -> Finding:
    key, _message, said = found[0]
    explained = explanation(said.cause, {"namespace": key.namespace, "pod": key.name, **said.parameters})
    messages: dict[str, list[ObjectKey]] = defaultdict(list)
    for pod, text, _explained in found:
        messages[" ".join(text.split())].append(pod)
    pods = counted("{count} pod waits", "{count} pods wait", len(found))
    title, remedy = explained.title, explained.remedy
    path = str(said.parameters.get("path") or "")
    if explained.cause == "st-hostpath-type" and "docker" not in path:
        title = _("The node has nothing of the right kind at {path}").format(path=path)
        remedy = Remedy(
            _("Correct the path or its type in the pod, or make it on the node."),
            (f"kubectl -n {key.namespace} get pod {key.name} -o jsonpath='{{.spec.volumes[*].hostPath}}'",),
        )
    return Finding(
        cause=explained.cause,
        severity=Severity.ERROR,
        title=_("{cause}: {pods}").format(cause=title, pods=pods),
        objects=tuple(pod for pod, _message, _explained in found),
        remedy=remedy,
        evidence=tuple(Evidence(text, keys[0], len(keys)) for text, keys in messages.items()),
        docs=explained.docs,
    )


def silent(snapshot: Snapshot) -> Iterator[Finding]:
    """Pods that have had a node for long and of which nothing is said."""
    for key, pod in not_begun(snapshot):
        waited = between((pod.get("status") or {}).get("startTime"), snapshot.taken)
        if waited is None or waited < LONG or any(each.reason != "Scheduled" for each in snapshot.occurrences(key)):
            continue
        node, begun = str(pod["spec"].get("nodeName")), pod["status"]["startTime"]
        yield Finding(
            cause="pod-silent",
            severity=Severity.WARNING,
            title=_("{pod} has not started for {minutes} minutes, and no event says why").format(
                pod=key, minutes=int(waited.total_seconds() // 60)
            ),
            objects=(key,),
            remedy=Remedy(
                _(
                    "Events are kept for an hour: delete the pod, if something makes it anew, and look at its first "
                    "events. If there are none again, read the kubelet's log on {node}."
                ).format(node=node),
                (
                    f"kubectl -n {key.namespace} delete pod {key.name}",
                    f"kubectl -n {key.namespace} get events --watch",
                    f"kubectl get --raw '/api/v1/nodes/{node}/proxy/logs/?query=kubelet'",
                ),
            ),
            evidence=(Evidence(_("on {node} since {moment}").format(node=node, moment=begun), key),),
            docs="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
        )


CHECKS = (
    Check(
        "mounts.missing",
        _("Does every pod find the Secrets and ConfigMaps that it names?"),
        frozenset({POD, EVENT}),
        missing,
        also=frozenset({CONFIG_MAP, SECRET, CERTIFICATE}),
    ),
    Check(
        "mounts.volumes",
        _("Are the volumes of every pod mounted?"),
        frozenset({POD, EVENT}),
        not_mounted,
    ),
    Check("mounts.silent", _("Does every pod that does not start say why?"), frozenset({POD, EVENT}), silent),
)
