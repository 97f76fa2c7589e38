"""ResourceQuotas and LimitRanges: the practice cluster and a real one refuse the same, in the same words."""

from typing import Any

import pytest

from tests.controlplane.api import Object
from tests.patience import eventually
from tests.sandbox.test_access import Side, side  # noqa: F401 - a fixture

CORE = "/api/v1/namespaces/{ns}"


def container(name: str = "main", requests: Object | None = None, limits: Object | None = None) -> Object:
    resources = {name: value for name, value in (("requests", requests), ("limits", limits)) if value}
    return {"name": name, "image": "example.com/a:1", "resources": resources}


def pod(name: str, *containers: Object, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"containers": list(containers or [container()]), **spec}}


def claim(name: str, size: str, **spec: Any) -> Object:
    resources = {"requests": {"storage": size}}
    return {"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources, **spec}}


class Limited(Side):
    """A namespace with limits, asked as the admin."""

    def made(self, plural: str, body: Object) -> Object:
        code, answer = self.ask("POST", f"{CORE}/{plural}", body, user="admin")
        assert code == 201, answer
        return dict(answer)

    def refused(self, plural: str, body: Object) -> str:
        return self.refusal("POST", f"{CORE}/{plural}", body, user="admin")

    def quota(self, name: str = "q", hard: Object | None = None, **spec: Any) -> None:
        self.made("resourcequotas", {"metadata": {"name": name}, "spec": {"hard": hard, **spec}})
        eventually(lambda: self.used(name).keys() == (hard or {}).keys())

    def used(self, name: str = "q") -> Object:
        status = self.ask("GET", f"{CORE}/resourcequotas/{name}", user="admin")[1].get("status") or {}
        return dict(status.get("used") or {})

    def limit(self, **item: Any) -> None:
        self.made("limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [{"type": "Container", **item}]}})


@pytest.fixture
def limited(side: Side) -> Limited:  # noqa: F811 - the fixture
    eventually(lambda: side.ask("GET", f"{CORE}/serviceaccounts/default", user="admin")[0] == 200)
    return Limited(side.api, side.namespace)


def test_a_number_of_pods(limited: Limited) -> None:
    limited.quota(hard={"pods": "1"})
    limited.made("pods", pod("a"))
    assert limited.refused("pods", pod("b")) == (
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'
    )
    eventually(lambda: limited.used() == {"pods": "1"})
    limited.ask("DELETE", f"{CORE}/pods/a?gracePeriodSeconds=0", user="admin")
    eventually(lambda: limited.used() == {"pods": "0"})
    limited.made("pods", pod("b"))


def test_cpu_and_memory(limited: Limited) -> None:
    limited.quota(hard={"requests.cpu": "1", "limits.memory": "1Gi", "pods": "9"})
    given = container(requests={"cpu": "600m"}, limits={"memory": "512Mi", "cpu": "1"})
    limited.made("pods", pod("a", given))
    assert limited.refused("pods", pod("b", given)) == (
        'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, '
        "limited: requests.cpu=1"
    )
    larger = container(requests={"cpu": "500m"}, limits={"memory": "768Mi", "cpu": "1"})
    assert limited.refused("pods", pod("b", larger)) == (
        'pods "b" is forbidden: exceeded quota: q, requested: limits.memory=768Mi,requests.cpu=500m, '
        "used: limits.memory=512Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1"
    )
    eventually(lambda: limited.used() == {"requests.cpu": "600m", "limits.memory": "512Mi", "pods": "1"})


def test_what_a_quota_limits_has_to_be_specified(limited: Limited) -> None:
    limited.quota(hard={"requests.cpu": "1", "limits.memory": "1Gi", "requests.nvidia.com/gpu": "1"})
    body = pod("a", container("x"), container("y", requests={"cpu": "1"}), initContainers=[container("z")])
    assert limited.refused("pods", body) == (
        'pods "a" is forbidden: failed quota: q: must specify limits.memory for: x,y,z; requests.cpu for: x,z'
    )


def test_gpus(limited: Limited) -> None:
    limited.quota(hard={"requests.nvidia.com/gpu": "1"})
    limited.made("pods", pod("plain"))
    assert limited.refused("pods", pod("a", container(limits={"nvidia.com/gpu": "2"}))) == (
        'pods "a" is forbidden: exceeded quota: q, requested: requests.nvidia.com/gpu=2, '
        "used: requests.nvidia.com/gpu=0, limited: requests.nvidia.com/gpu=1"
    )


def test_storage(limited: Limited) -> None:
    hard = {
        "requests.storage": "10Gi",
        "persistentvolumeclaims": "2",
        "fast.storageclass.storage.k8s.io/requests.storage": "4Gi",
    }
    limited.quota(hard=hard)
    limited.made("persistentvolumeclaims", claim("a", "6Gi", storageClassName="slow"))
    assert limited.refused("persistentvolumeclaims", claim("b", "5Gi", storageClassName="slow")) == (
        'persistentvolumeclaims "b" is forbidden: exceeded quota: q, requested: requests.storage=5Gi, '
        "used: requests.storage=6Gi, limited: requests.storage=10Gi"
    )
    assert "requested: fast.storageclass.storage.k8s.io/requests.storage=5Gi,requests.storage=5Gi" in limited.refused(
        "persistentvolumeclaims", claim("b", "5Gi", storageClassName="fast")
    )
    limited.made("persistentvolumeclaims", claim("b", "1Gi", storageClassName="fast"))
    assert "persistentvolumeclaims=1, used: persistentvolumeclaims=2" in limited.refused(
        "persistentvolumeclaims", claim("c", "1Gi", storageClassName="slow")
    )


def test_numbers_of_objects(limited: Limited) -> None:
    limited.quota(hard={"count/deployments.apps": "0", "secrets": "0", "services.nodeports": "1", "services": "5"})
    assert limited.refused("secrets", {"metadata": {"name": "s"}}) == (
        'secrets "s" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=0, limited: secrets=0'
    )
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container()]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    path = "/apis/apps/v1/namespaces/{ns}/deployments"
    assert limited.refusal("POST", path, {"metadata": {"name": "d"}, "spec": spec}, user="admin") == (
        'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, '
        "used: count/deployments.apps=0, limited: count/deployments.apps=0"
    )
    ports = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    body = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": ports}}
    assert limited.refused("services", body) == (
        'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, '
        "used: services.nodeports=0, limited: services.nodeports=1"
    )
    limited.made("services", {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    change, merge = {"spec": {"type": "NodePort"}}, "application/merge-patch+json"
    assert "services.nodeports=2" in limited.refusal("PATCH", f"{CORE}/services/s", change, user="admin", content=merge)


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        ({"scopes": ["BestEffort"]}, pod("fits", container(requests={"cpu": "1"}))),
        ({"scopes": ["NotTerminating"]}, pod("fits", activeDeadlineSeconds=5)),
        (
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "NotIn", "values": ["system-x"]}]
                }
            },
            None,
        ),
    ],
)
def test_a_quota_for_some_pods(limited: Limited, scope: Object, fits: Object | None) -> None:
    limited.quota(hard={"pods": "0"}, **scope)
    assert limited.refused("pods", pod("a")) == (
        'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0'
    )
    if fits:
        limited.made("pods", fits)


def test_a_dry_run_is_refused_too_and_takes_nothing(limited: Limited) -> None:
    limited.quota(hard={"configmaps": "5"})
    eventually(lambda: limited.used() != {"configmaps": "0"})  # every namespace gets the cluster's CA
    before = limited.used()
    assert limited.ask("POST", f"{CORE}/configmaps?dryRun=All", {"metadata": {"name": "a"}}, user="admin")[0] == 201
    assert limited.used() == before
    limited.quota("none", hard={"secrets": "0"})
    limited.refusal("POST", f"{CORE}/secrets?dryRun=All", {"metadata": {"name": "a"}}, user="admin")


def test_containers_get_what_a_limit_range_gives(limited: Limited) -> None:
    limited.limit(default={"cpu": "500m", "memory": "256Mi"}, defaultRequest={"cpu": "100m"})
    body = pod("a", container("x"), container("y", requests={"cpu": "200m"}, limits={"memory": "1Gi"}))
    made = limited.made("pods", body)
    assert [each["resources"] for each in made["spec"]["containers"]] == [
        {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}},
        {"requests": {"cpu": "200m", "memory": "1Gi"}, "limits": {"cpu": "500m", "memory": "1Gi"}},
    ]
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container x; cpu, memory limit for container x; "
        "cpu limit for container y"
    )
    assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("item", "given", "message"),
    [
        (
            {"max": {"cpu": "1"}},
            container(limits={"cpu": "2"}),
            "maximum cpu usage per Container is 1, but limit is 2",
        ),
        (
            {"min": {"memory": "128Mi"}},
            container(requests={"memory": "64Mi"}),
            "minimum memory usage per Container is 128Mi, but request is 64Mi",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            container(requests={"cpu": "500m"}, limits={"cpu": "1500m"}),
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            container(),
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"type": "Pod", "max": {"cpu": "1"}},
            container(limits={"cpu": "600m"}),
            "maximum cpu usage per Pod is 1, but limit is 1200m",
        ),
        (
            {"type": "Pod", "max": {"memory": "1Gi"}},
            container(),
            "maximum memory usage per Pod is 1Gi.  No limit is specified",
        ),
    ],
)
def test_pods_outside_a_limit_range(limited: Limited, item: Object, given: Object, message: str) -> None:
    limited.limit(**item)
    containers = [given, {**given, "name": "second"}] if item.get("type") == "Pod" else [given]
    assert limited.refused("pods", pod("a", *containers)) == f'pods "a" is forbidden: {message}'


def test_claims_outside_a_limit_range(limited: Limited) -> None:
    limited.limit(type="PersistentVolumeClaim", min={"storage": "1Gi"}, max={"storage": "10Gi"})
    assert limited.refused("persistentvolumeclaims", claim("a", "1Mi")) == (
        'persistentvolumeclaims "a" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, '
        "but request is 1Mi"
    )
    assert limited.refused("persistentvolumeclaims", claim("a", "11Gi")) == (
        'persistentvolumeclaims "a" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, '
        "but request is 11Gi"
    )
    limited.made("persistentvolumeclaims", claim("a", "2Gi"))
