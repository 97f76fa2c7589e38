"""What pods wait for before their first container: Secrets, ConfigMaps, keys, volumes."""

import pytest

from checks.mounts import missing, not_mounted, silent
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from tests.unit.doctor.clusters import body, event, pod, snapshot, waiting

CERT = [{"name": "cert", "secret": {"secretName": "webhook-certs"}}]
NO_SECRET = 'MountVolume.SetUp failed for volume "cert" : secret "webhook-certs" not found'
SECRET = ObjectKey("", "Secret", "kubeflow", "webhook-certs")


def mounting(name: str = "a") -> Body:
    return pod(name, status=waiting("ContainerCreating"), volumes=CERT, nodeName="n")


def only(findings: list[Finding]) -> Finding:
    [found] = findings
    return found


def test_a_secret_that_a_certificate_makes() -> None:
    pods = [mounting("a"), mounting("b")]
    certificate = body("Certificate", "webhook", "kubeflow", group="cert-manager.io", spec={"secretName": SECRET.name})
    said = [event(each, "FailedMount", NO_SECRET) for each in pods]
    found = only(list(missing(snapshot(*pods, certificate, *said))))
    assert (found.cause, found.severity) == ("st-mount-object-missing", Severity.ERROR)
    assert found.title == "Secret/kubeflow/webhook-certs is missing: 2 pods wait for it"
    assert [key.name for key in found.objects] == ["a", "b"]
    assert found.needs == {SECRET}
    assert found.remedy.commands == (
        "kubectl -n kubeflow describe certificate webhook",
        "kubectl -n kubeflow get secrets",
    )


def test_a_secret_that_came_in_the_meantime() -> None:
    mine = mounting()
    assert not list(
        missing(snapshot(mine, event(mine, "FailedMount", NO_SECRET), body("Secret", SECRET.name, "kubeflow")))
    )


def test_a_pod_that_got_further_is_not_held_up_by_its_mounts() -> None:
    mine = mounting()
    later = event(mine, "Pulling", 'Pulling image "a"', last="2026-01-01T00:01:00Z")
    assert not list(missing(snapshot(mine, event(mine, "FailedMount", NO_SECRET), later)))


def unreadable(message: str) -> Body:
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "mysql", "key": "password"}}},
           {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "host"}}}]  # fmt: skip
    containers = [{"name": "main", "image": "example.com/a:1", "env": env}]
    return pod("a", status=waiting("CreateContainerConfigError", message), containers=containers)


def test_a_variable_from_a_secret_that_is_missing() -> None:
    found = only(list(missing(snapshot(unreadable('secret "mysql" not found')))))
    assert (found.cause, found.title) == (
        "node-config-missing-key",
        "Secret/kubeflow/mysql is missing: 1 pod waits for it",
    )


def test_a_variable_from_a_key_that_is_missing() -> None:
    said = "couldn't find key host in ConfigMap kubeflow/settings"
    settings = body("ConfigMap", "settings", "kubeflow", data={"port": "1"})
    found = only(list(missing(snapshot(unreadable(said), settings))))
    assert found.cause == "node-config-missing-key"
    assert found.title == 'ConfigMap/kubeflow/settings has no key "host": 1 pod waits for it'
    assert found.remedy.commands == ("kubectl -n kubeflow describe configmap settings",)
    settings["data"]["host"] = "db"
    assert not list(missing(snapshot(unreadable(said), settings)))


def test_a_key_that_a_volume_wants() -> None:
    mine = mounting()
    words = 'MountVolume.SetUp failed for volume "cert" : references non-existent secret key: tls.crt'
    there = body("Secret", SECRET.name, "kubeflow")
    found = only(list(missing(snapshot(mine, there, event(mine, "FailedMount", words)))))
    assert found.title == 'Secret/kubeflow/webhook-certs has no key "tls.crt": 1 pod waits for it'
    assert not list(not_mounted(snapshot(mine, there, event(mine, "FailedMount", words))))


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            'MountVolume.SetUp failed for volume "istio-token" : failed to fetch token: the server could not find the '
            "requested resource",
            "istio-token-projection",
        ),
        (
            'MountVolume.SetUp failed for volume "sock" : hostPath type check failed: /var/run/docker.sock is not a '
            "socket file",
            "st-hostpath-type",
        ),
        (
            'MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32: mount.nfs: Connection timed out',
            "st-mount-timeout",
        ),
        ('Multi-Attach error for volume "pv" Volume is already exclusively attached to one node', "st-multi-attach"),
    ],
)
def test_volumes_that_are_not_mounted(message: str, cause: str) -> None:
    mine = mounting()
    sums_up = "Unable to attach or mount volumes: unmounted volumes=[x], timed out waiting for the condition"
    later = event(mine, "FailedMount", sums_up, last="2026-01-01T00:02:00Z")
    found = only(list(not_mounted(snapshot(mine, event(mine, "FailedMount", message), later))))
    assert (found.cause, found.severity) == (cause, Severity.ERROR)
    assert found.objects == (ObjectKey("", "Pod", "kubeflow", "a"),)
    assert found.title.endswith(": 1 pod waits")


def test_a_path_that_has_nothing_to_do_with_docker() -> None:
    mine = mounting()
    words = 'MountVolume.SetUp failed for volume "kvm" : hostPath type check failed: /dev/kvm is not a character device'
    found = only(list(not_mounted(snapshot(mine, event(mine, "FailedMount", words)))))
    assert found.title == "The node has nothing of the right kind at /dev/kvm: 1 pod waits"
    assert "hostPath" in found.remedy.commands[0]


def test_pods_that_wait_for_one_volume_are_one_finding() -> None:
    pods = [mounting(name) for name in "abc"]
    words = 'MountVolume.SetUp failed for volume "nfs" : mount failed: exit status 32'
    found = only(list(not_mounted(snapshot(*pods, *(event(each, "FailedMount", words) for each in pods)))))
    assert len(found.objects) == 3
    assert [each.count for each in found.evidence] == [3]


def test_a_pod_that_says_nothing() -> None:
    mine = mounting()
    mine["status"]["startTime"] = "2026-01-01T00:00:00Z"
    found = only(list(silent(snapshot(mine))))
    assert (found.cause, found.severity) == ("pod-silent", Severity.WARNING)
    assert "has not started for 10 minutes, and no event says why" in found.title
    assert found.remedy.commands[0] == "kubectl -n kubeflow delete pod a"
    assert "log on n." in found.remedy.text


def test_a_pod_that_has_only_just_begun_or_that_says_something() -> None:
    mine = mounting()
    mine["status"]["startTime"] = "2026-01-01T00:09:00Z"
    assert not list(silent(snapshot(mine)))
    mine["status"]["startTime"] = "2026-01-01T00:00:00Z"
    assert not list(silent(snapshot(mine, event(mine, "FailedMount", NO_SECRET))))


def test_a_pod_that_runs_needs_nothing() -> None:
    mine = pod("a", status={"phase": "Running"}, volumes=CERT)
    healthy = snapshot(mine, event(mine, "FailedMount", NO_SECRET))
    assert not [*missing(healthy), *not_mounted(healthy), *silent(healthy)]
