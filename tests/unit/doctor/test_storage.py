"""Storage classes, claims and volumes."""

from typing import Any

import pytest

from checks.claims import lost, not_grown, unmatched
from checks.storage import class_missing, nfs_of_old, not_provisioned, too_small, two_defaults, without_class
from checks.volumes import for_one_pod, held_elsewhere, out_of_reach
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.facts.storage.provisioners import CSI_DRIVER
from kfinstall.facts.storage.volumes import BETA_DEFAULT, DEFAULT, SELECTED_NODE
from tests.unit.doctor.clusters import body, event, pod, snapshot

STORAGE = "storage.k8s.io"
EBS = "ebs.csi.aws.com"
ZONE = "topology.kubernetes.io/zone"


def claim(name: str = "data", size: str = "10Gi", phase: str = "Pending", **more: Any) -> Body:
    metadata = {field: more.pop(field) for field in ("annotations",) if field in more}
    status = {"phase": phase, **more.pop("status", {})}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **more}
    return body("PersistentVolumeClaim", name, "kubeflow", spec=spec, status=status, **metadata)


def key(name: str = "data") -> ObjectKey:
    return ObjectKey("", "PersistentVolumeClaim", "kubeflow", name)


def storage_class(name: str, provisioner: str = EBS, *, default: str = "", created: str = "", **fields: Any) -> Body:
    annotations = {default: "true"} if default else {}
    found = body("StorageClass", name, group=STORAGE, annotations=annotations, provisioner=provisioner, **fields)
    found["metadata"]["creationTimestamp"] = created
    return found


def volume(name: str = "pv", size: str = "10Gi", phase: str = "Available", **spec: Any) -> Body:
    spec = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], **spec}
    return body("PersistentVolume", name, spec=spec, status={"phase": phase})


def mounting(name: str, claim_name: str = "data", node: str = "", phase: str = "Pending") -> Body:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}]
    return pod(name, status={"phase": phase}, volumes=volumes, nodeName=node)


def node(name: str, zone: str, provider: str = "") -> Body:
    return body("Node", name, labels={ZONE: zone}, spec={"providerID": provider}, status={})


def texts(finding: Finding) -> list[str]:
    return [each.text for each in finding.evidence]


# Classes


def test_a_single_class_is_made_the_default_one() -> None:
    [found] = without_class(snapshot(claim(), storage_class("standard")))
    assert (found.cause, found.severity, found.objects) == ("st-no-default-storageclass", Severity.ERROR, (key(),))
    assert texts(found) == ["There are classes, none of them the default: standard.", "asks for 10Gi"]
    assert found.remedy.commands[0] == (
        f'kubectl patch storageclass standard -p \'{{"metadata":{{"annotations":{{"{DEFAULT}":"true"}}}}}}\''
    )
    assert found.fix is not None
    [patch] = found.fix.patches
    assert (patch.key.name, patch.merge) == ("standard", {"metadata": {"annotations": {DEFAULT: "true"}}})


def test_which_of_two_classes_is_the_users_choice() -> None:
    [found] = without_class(snapshot(claim(), storage_class("fast"), storage_class("slow")))
    assert found.fix is None
    assert [command.split()[3] for command in found.remedy.commands[:2]] == ["fast", "slow"]


def test_without_any_class_a_provisioner_is_wanted() -> None:
    [found] = without_class(snapshot(claim()))
    assert "local-path-storage.yaml" in found.remedy.commands[0]
    [found] = without_class(snapshot(claim(), node("n", "a", "aws:///eu-west-1a/i-1")))
    assert found.remedy.commands[0].startswith("eksctl create addon --name aws-ebs-csi-driver")


def test_without_any_class_a_single_node_has_folders_for_the_claims() -> None:
    [found] = without_class(snapshot(claim(), node("n", "a")))
    assert found.fix
    [volume] = found.fix.manifests
    assert volume.body["spec"]["claimRef"] == {"namespace": key().namespace, "name": key().name}
    assert volume.body["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert found.fix.settings == {"storage.type": "static"}
    for nodes in ([], [node("n", "a"), node("m", "a")], [node("n", "a", "aws:///eu-west-1a/i-1")]):
        [found] = without_class(snapshot(claim(), *nodes))
        assert found.fix is None


@pytest.mark.parametrize(
    "bodies",
    [
        [claim(), storage_class("standard", default=DEFAULT)],
        [claim(), storage_class("standard", default=BETA_DEFAULT)],
        [claim(storageClassName=""), storage_class("standard")],
        [claim(volumeName="pv"), storage_class("standard")],
        [claim(phase="Bound"), storage_class("standard")],
    ],
)
def test_claims_that_need_no_default_class(bodies: list[Body]) -> None:
    assert not list(without_class(snapshot(*bodies)))


def test_two_default_classes() -> None:
    old = storage_class("old", default=DEFAULT, created="2025-01-01T00:00:00Z")
    new = storage_class("new", default=DEFAULT, created="2026-01-01T00:00:00Z")
    [found] = two_defaults(snapshot(old, new))
    assert (found.severity, found.title) == (Severity.WARNING, "2 storage classes are the default: new, old")
    assert [command.split()[3] for command in found.remedy.commands] == ["old"]
    assert found.fix is not None
    assert [(patch.key.name, patch.merge) for patch in found.fix.patches] == [
        ("old", {"metadata": {"annotations": {DEFAULT: "false"}}})
    ]
    assert not list(two_defaults(snapshot(new)))


def test_a_class_that_does_not_exist() -> None:
    [found] = class_missing(snapshot(claim(storageClassName="gone"), storage_class("standard")))
    assert (found.cause, found.title) == ("st-provisioner-missing", 'The storage class "gone" does not exist')
    assert found.remedy.text.endswith("with a class that exists: standard.")
    assert not list(class_missing(snapshot(claim(storageClassName="manual"), volume(storageClassName="manual"))))


# Provisioners


def test_nobody_runs_the_provisioner() -> None:
    [found] = not_provisioned(snapshot(claim(storageClassName="gp2"), storage_class("gp2")))
    assert (found.cause, found.objects) == ("st-provisioner-missing", (key(),))
    assert found.title == f'Nobody runs the provisioner "{EBS}" of class "gp2": 1 claim waits'
    assert "eksctl create addon --name aws-ebs-csi-driver" in found.remedy.commands[-1]


def test_a_class_of_before_the_drivers_is_served_by_the_driver() -> None:
    old = storage_class("gp2", "kubernetes.io/aws-ebs")
    driver = body("CSIDriver", EBS, group=STORAGE)
    assert not list(not_provisioned(snapshot(claim(storageClassName="gp2"), old, driver)))
    assert len(list(not_provisioned(snapshot(claim(storageClassName="gp2"), old)))) == 1


def test_a_provisioner_whose_pod_is_not_ready_holds_the_claims_back() -> None:
    runs = pod(
        "local-path-1", "local-path-storage", containers=[{"name": "c", "image": "rancher/local-path-provisioner:1"}]
    )
    local = storage_class("local-path", "rancher.io/local-path")
    [found] = not_provisioned(snapshot(claim(storageClassName="local-path"), local, runs))
    assert found.title.startswith('The provisioner "rancher.io/local-path" of class "local-path" does not run')
    assert found.needs == {ObjectKey("", "Pod", "local-path-storage", "local-path-1")}
    assert found.remedy.commands == ("kubectl -n local-path-storage describe pod local-path-1",)
    runs["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    assert not list(not_provisioned(snapshot(claim(storageClassName="local-path"), local, runs)))


def test_a_provisioner_that_fails_says_why() -> None:
    said = (
        'failed to provision volume with StorageClass "gp2": rpc error: code = Internal desc = Could not create: '
        "UnauthorizedOperation: You are not authorized to perform this operation"
    )
    waiting = claim(storageClassName="gp2")
    [found] = not_provisioned(snapshot(waiting, storage_class("gp2"), event(waiting, "ProvisioningFailed", said)))
    assert found.cause == "st-efs-credentials"
    assert found.title == 'The provisioner of "gp2" fails: 1 claim waits'
    assert texts(found) == [said]


def test_a_volume_that_is_made_when_a_pod_comes_is_normal() -> None:
    late = storage_class("late", volumeBindingMode="WaitForFirstConsumer")
    said = "waiting for first consumer to be created before binding"
    waiting = claim(storageClassName="late")
    assert not list(not_provisioned(snapshot(waiting, late, event(waiting, "WaitForFirstConsumer", said))))
    chosen = claim(storageClassName="late", annotations={SELECTED_NODE: "n"})
    assert len(list(not_provisioned(snapshot(chosen, late)))) == 1


def test_a_claim_of_this_moment_is_given_time() -> None:
    young = claim(storageClassName="gp2")
    young["metadata"]["creationTimestamp"] = "2026-01-01T00:09:55Z"
    assert not list(not_provisioned(snapshot(young, storage_class("gp2"))))


def test_who_may_not_see_the_drivers_blames_none() -> None:
    unread = {CSI_DRIVER: "needs the right to list csidrivers"}
    assert not list(not_provisioned(snapshot(claim(storageClassName="gp2"), storage_class("gp2"), unread=unread)))


def test_disks_of_alibaba_have_a_smallest_size() -> None:
    essd = storage_class("essd", "diskplugin.csi.alibabacloud.com")
    [found] = too_small(snapshot(claim(storageClassName="essd"), essd))
    assert (found.cause, found.severity) == ("ack-disk-min-size", Severity.WARNING)
    assert "asks for 10Gi, and the smallest disk has 20Gi" in found.title
    assert not list(too_small(snapshot(claim(size="20Gi", storageClassName="essd"), essd)))
    essd["parameters"] = {"volumeSizeAutoAvailable": "true"}
    assert not list(too_small(snapshot(claim(storageClassName="essd"), essd)))


def test_an_nfs_provisioner_of_old() -> None:
    image = "quay.io/external_storage/nfs-client-provisioner:v3.1.0"
    env = [{"name": "PROVISIONER_NAME", "value": "acme/nfs"}]
    runs = pod("nfs-1", containers=[{"name": "c", "image": image, "env": env}])
    whole = (runs, storage_class("nfs", "acme/nfs"), claim(storageClassName="nfs"))
    [found] = nfs_of_old(snapshot(*whole))
    assert (found.cause, found.severity, found.objects) == ("st-nfs-selflink", Severity.ERROR, (key(),))
    assert texts(found) == [image]
    assert not list(nfs_of_old(snapshot(*whole, version="v1.19.16")))


# Claims and volumes


def test_no_volume_fits() -> None:
    wanted = claim(
        size="20Gi", storageClassName="", accessModes=["ReadWriteMany"], selector={"matchLabels": {"a": "b"}}
    )
    [found] = unmatched(snapshot(wanted, volume("small"), volume("other", storageClassName="x")))
    assert (found.cause, found.objects) == ("st-bind-conflict", (key(),))
    assert texts(found) == [
        "asks for 20Gi",
        "has 10Gi, and 20Gi are asked for; cannot be used as ReadWriteMany; does not have the labels that the claim "
        "selects",
    ]


def test_a_released_volume_would_do() -> None:
    kept = volume(phase="Released", claimRef={"namespace": "kubeflow", "name": "data", "uid": "gone"})
    [found] = unmatched(snapshot(claim(storageClassName=""), kept))
    assert texts(found)[1] == "is kept for a claim of the same name that is gone"
    assert found.remedy.commands == (
        'kubectl patch persistentvolume pv --type=merge -p \'{"spec":{"claimRef":null}}\'',
    )


def test_a_released_volume_that_is_too_small_is_not_offered() -> None:
    kept = volume(size="1Gi", phase="Released", claimRef={"namespace": "kubeflow", "name": "data", "uid": "gone"})
    [found] = unmatched(snapshot(claim(storageClassName=""), kept))
    assert not any("claimRef" in command for command in found.remedy.commands)


def test_the_volume_that_a_claim_names_is_not_there() -> None:
    [found] = unmatched(snapshot(claim(volumeName="gone")))
    assert texts(found) == ["asks for 10Gi", "there is no such volume"]


@pytest.mark.parametrize(
    "bodies",
    [
        [claim(storageClassName=""), volume()],
        [claim(storageClassName="gp2"), storage_class("gp2"), volume(storageClassName="gp2", size="1Gi")],
        [claim(), volume(size="1Gi")],
        [claim(phase="Bound", storageClassName="")],
    ],
)
def test_claims_that_a_volume_fits_or_is_made_for(bodies: list[Body]) -> None:
    assert not list(unmatched(snapshot(*bodies)))


def test_a_claim_that_lost_its_volume() -> None:
    [found] = lost(snapshot(claim(phase="Lost", volumeName="pv"), mounting("mysql", node="n", phase="Running")))
    assert (found.cause, found.severity) == ("st-claim-lost", Severity.ERROR)
    assert found.title == "PersistentVolumeClaim/kubeflow/data has lost its volume pv"
    assert texts(found) == ["used by mysql"]
    assert found.remedy.commands[-1] == "kubectl -n kubeflow delete persistentvolumeclaim data"
    assert len(list(lost(snapshot(claim(phase="Bound", volumeName="gone"))))) == 1
    assert not list(lost(snapshot(claim(phase="Bound", volumeName="pv"), volume(phase="Bound"))))


def test_a_claim_that_does_not_grow() -> None:
    grown = {"capacity": {"storage": "5Gi"}}
    failed = {"type": "ControllerResizeError", "status": "True", "message": "quota exceeded"}
    [found] = not_grown(snapshot(claim(phase="Bound", status={**grown, "conditions": [failed]})))
    assert found.severity is Severity.WARNING
    assert texts(found) == ["has 5Gi, and 10Gi are asked for", "quota exceeded"]
    later = claim(
        phase="Bound", status={**grown, "conditions": [{"type": "FileSystemResizePending", "status": "True"}]}
    )
    assert [each.severity for each in not_grown(snapshot(later))] == [Severity.INFO]
    assert not list(not_grown(snapshot(later, mounting("p", node="n", phase="Running"))))


# Volumes and nodes

MULTI_ATTACH = 'Multi-Attach error for volume "pv" Volume is already used by pod(s) mysql-1'


def test_another_node_has_the_volume() -> None:
    new, old = mounting("mysql-2", node="b"), mounting("mysql-1", node="a", phase="Running")
    bound = claim(phase="Bound", volumeName="pv")
    [found] = held_elsewhere(snapshot(new, old, bound, event(new, "FailedAttachVolume", MULTI_ATTACH)))
    assert (found.cause, found.objects) == ("st-multi-attach", (ObjectKey("", "Pod", "kubeflow", "mysql-2"),))
    assert found.title == "PersistentVolumeClaim/kubeflow/data is in use on another node: mysql-1 on a"
    assert found.remedy.commands == ("kubectl -n kubeflow delete pod mysql-1",)


def test_a_deployments_own_older_pod_goes_first() -> None:
    owners = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "mysql", "controller": True}]
    new, old = mounting("mysql-2", node="b"), mounting("mysql-1", node="a", phase="Running")
    for each in (new, old):
        each["metadata"]["ownerReferences"] = owners
    [found] = held_elsewhere(snapshot(new, old, claim(), event(new, "FailedAttachVolume", MULTI_ATTACH)))
    patch = '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
    assert found.remedy.commands == (f"kubectl -n kubeflow patch deployment/mysql -p '{patch}'",)


def test_a_volume_that_was_attached_since() -> None:
    new, old = mounting("mysql-2", node="b"), mounting("mysql-1", node="a", phase="Running")
    refused = event(new, "FailedAttachVolume", MULTI_ATTACH)
    attached = event(new, "SuccessfulAttachVolume", "attached", last="2026-01-01T00:01:00Z")
    assert not list(held_elsewhere(snapshot(new, old, claim(), refused, attached)))


def test_a_claim_for_one_pod() -> None:
    alone = claim(phase="Bound", accessModes=["ReadWriteOncePod"])
    has, waits = mounting("first", node="a", phase="Running"), mounting("second")
    [found] = for_one_pod(snapshot(alone, has, waits))
    assert (found.cause, found.objects) == ("st-rwop-conflict", (key(), ObjectKey("", "Pod", "kubeflow", "second")))
    assert found.remedy.commands == ("kubectl -n kubeflow delete pod first",)
    assert not list(for_one_pod(snapshot(alone, has)))
    assert not list(for_one_pod(snapshot(claim(phase="Bound"), has, waits)))


def in_zone(zone: str) -> Body:
    rule = {"key": ZONE, "operator": "In", "values": [zone]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}


def test_a_volume_in_a_zone_without_nodes() -> None:
    bound = claim(phase="Bound", volumeName="pv")
    whole = (bound, volume(nodeAffinity=in_zone("c")), mounting("mysql"), node("n", "a"))
    [found] = out_of_reach(snapshot(*whole))
    assert (found.cause, found.objects) == ("st-volume-node-affinity", (key(),))
    assert found.title == f"pv is where no node is that runs: {ZONE}=c"
    assert not list(out_of_reach(snapshot(*whole, node("m", "c"))))


def test_two_volumes_in_two_zones() -> None:
    uses = mounting("both")
    uses["spec"]["volumes"].append({"name": "w", "persistentVolumeClaim": {"claimName": "other"}})
    first, second = claim(phase="Bound", volumeName="pv"), claim("other", phase="Bound", volumeName="pw")
    volumes = (volume(nodeAffinity=in_zone("a")), volume("pw", nodeAffinity=in_zone("b")))
    [found] = out_of_reach(snapshot(uses, first, second, *volumes, node("n", "a"), node("m", "b")))
    assert found.objects == (key(), key("other"))
    assert texts(found) == [f"pv: {ZONE}=a", f"pw: {ZONE}=b"]


def test_nothing_is_wrong_with_storage_that_works() -> None:
    bound = claim(phase="Bound", volumeName="pv", storageClassName="gp3")
    healthy = snapshot(
        bound, volume(phase="Bound", storageClassName="gp3", nodeAffinity=in_zone("a")), mounting("p", node="n"),
        storage_class("gp3", default=DEFAULT), body("CSIDriver", EBS, group=STORAGE), node("n", "a"),
    )  # fmt: skip
    looks = (without_class, two_defaults, class_missing, not_provisioned, too_small, nfs_of_old, unmatched, lost,
             not_grown, held_elsewhere, for_one_pod, out_of_reach)  # fmt: skip
    assert [finding for look in looks for finding in look(healthy)] == []
