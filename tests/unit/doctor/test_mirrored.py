"""The fix that has workloads pull from a mirror: which objects it changes, and nothing else in them."""

from typing import Any

from checks.images import not_pulled
from checks.rate_limits import refused_pulls
from kfinstall.contracts.finding import Finding
from kfinstall.contracts.manifest import Body
from tests.unit.doctor.clusters import body, pod, snapshot, waiting

LIMITED = "unexpected status code https://quay.io/v2/a/b/manifests/1: 429 Too Many Requests"
UNREACHABLE = 'failed to do request: Head "https://quay.io/v2/a/b/manifests/1": dial tcp 192.0.2.7:443: i/o timeout'
CONTAINERS: list[Body] = [{"name": "main", "image": "quay.io/a/b:1", "args": ["-v"]}, {"name": "two", "image": "c:1"}]
MIRRORED = [{"name": "main", "image": "m.daocloud.io/quay.io/a/b:1", "args": ["-v"]}, {"name": "two", "image": "c:1"}]


def refused(owner: Body | None = None, message: str = LIMITED, image: str = "quay.io/a/b:1") -> Body:
    containers = [{**CONTAINERS[0], "image": image}, CONTAINERS[1]]
    found = pod("a", status=waiting("ErrImagePull", message, image), containers=containers)
    if owner:
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
        found["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
    return found


def owner(kind: str, group: str = "apps") -> Body:
    return body(kind, "owner", "kubeflow", group=group, spec={"template": {"spec": {"containers": CONTAINERS}}})


def patches(finding: Finding) -> dict[str, Any]:
    assert finding.fix
    return {patch.key.kind: dict(patch.merge) for patch in finding.fix.patches}


def test_the_template_gets_the_name_of_the_mirror() -> None:
    daemons = owner("DaemonSet")
    [found] = refused_pulls(snapshot(daemons, refused(daemons)))
    assert patches(found) == {"DaemonSet": {"spec": {"template": {"spec": {"containers": MIRRORED}}}}}
    assert found.fix
    assert (found.fix.title, found.fix.deletions) == ("Pull from m.daocloud.io", ())
    assert found.fix.settings == {"images.mirror": "daocloud"}


def test_a_pod_that_a_stateful_set_would_keep_goes() -> None:
    stateful = owner("StatefulSet")
    [found] = not_pulled(snapshot(stateful, refused(stateful, UNREACHABLE)))
    assert found.fix
    assert found.cause == "img-network-timeout"
    assert [key.name for key in found.fix.deletions] == ["a"]


def test_a_pod_of_a_job_is_changed_itself() -> None:
    job = owner("Job", "batch")
    [found] = refused_pulls(snapshot(job, refused(job)))
    assert patches(found) == {"Pod": {"spec": {"containers": MIRRORED}}}


def test_what_the_mirror_lacks_is_left_as_it_is() -> None:
    lacking = "ghcr.io/kserve/models-web-app:1"
    [found] = refused_pulls(snapshot(refused(image=lacking, message=LIMITED)))
    assert found.fix is None


def test_an_image_that_does_not_exist_comes_from_no_mirror() -> None:
    [found] = not_pulled(snapshot(refused(message="quay.io/a/b:1: manifest unknown")))
    assert (found.cause, found.fix) == ("img-tag-not-found", None)
