"""What `storage` in a document makes of the objects of a release, and which wishes are refused, and where."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Nowhere, Surroundings
from kfinstall.errors import DocumentError, PlanRefused
from kfinstall.model.load import load
from kfinstall.model.storage import Storage
from kfinstall.transform.storage import notice, refuse_unprovisioned, transformed
from platforms.existing import ExistingOptions
from tests.contract import manifests as m

SPAWNERS = Path(__file__).with_name("spawners")
NOWHERE = Nowhere("kubeflow")


def storage(**options: Any) -> Storage:
    return TypeAdapter[Storage](Storage).validate_python(options)


def made(options: Storage, *bodies: Body, surroundings: Surroundings = NOWHERE) -> list[Manifest]:
    manifests = [Manifest(body, "app") for body in bodies]
    return transformed(manifests, options, "kubeflow", surroundings)


def node(name: str, **labels: str) -> Body:
    return m.named("v1", "Node", name) | {"metadata": {"name": name, "labels": labels}}


def storage_class(name: str, *, default: bool = False, **labels: str) -> Body:
    metadata = {"name": name, "labels": labels}
    if default:
        metadata["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, "provisioner": "x"}


def claim(name: str, size: str = "1Gi", **spec: Any) -> Body:
    body = m.claim(name, "kubeflow")
    body["spec"] |= {"resources": {"requests": {"storage": size}}, **spec}
    return body


def of_kind(manifests: Sequence[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest.kind == kind]


def problems(text: str) -> list[str]:
    head = "apiVersion: kfinstall.io/v1alpha1\nkind: Install\nplatform: {type: existing}\n"
    with pytest.raises(DocumentError) as error:
        load(["f.yaml"], [], platforms={"existing": ExistingOptions}, environ={}, read=lambda _name: head + text)
    return [str(one) for one in error.value.problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "storage: {type: nfs, server: nas, path: /kf, count: 3, size: 10Gi}\n",
            "f.yaml:4:10: storage: 3 volumes cannot share the folder /kf: put {number} into storage.path.",
        ),
        (
            "storage: {type: hostpath, path: data}\n",
            'f.yaml:4:33: storage.path: a path that begins with "/" is expected here, of letters, digits, ".", "_" '
            'and "-".',
        ),
        (
            "storage: {type: hostpath, path: /srv/../etc}\n",
            'f.yaml:4:33: storage.path: a path that begins with "/" is expected here, of letters, digits, ".", "_" '
            'and "-".',
        ),
        (
            "storage: {type: nfs-provisioner, server: nas:/exports, path: /kf}\n",
            "f.yaml:4:42: storage.server: the name or the address of a server is expected here, without a path.",
        ),
        (
            "storage: {type: class, name: fast, node: n}\n",
            "f.yaml:4:36: storage.node: unknown key. Known here: type, notebooks, name.",
        ),
    ],
)
def test_wishes_that_contradict_themselves_are_refused_in_their_place(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_size_needs_its_unit() -> None:
    [problem] = problems('storage: {notebooks: {size: "20"}}\n')
    assert "a size with a unit is expected here, for example 20Gi." in problem


def test_claims_that_name_a_class_keep_it() -> None:
    named, free = made(storage(type="class", name="fast"), claim("a", storageClassName="slow"), claim("b"))
    assert named.body["spec"]["storageClassName"] == "slow"
    assert free.body["spec"]["storageClassName"] == "fast"


def test_folders_of_the_only_node_need_no_name() -> None:
    surroundings = Nowhere("kubeflow", nodes=[node("n1", **{"kubernetes.io/hostname": "host-1"})])
    objects = made(
        storage(type="hostpath"), claim("a", "20Gi"), claim("b", storageClassName="x"), surroundings=surroundings
    )
    [volume] = of_kind(objects, "PersistentVolume")
    assert (volume.name, volume.application) == ("kubeflow-a", "kfinstall/storage")
    assert volume.body["spec"]["claimRef"] == {"namespace": "kubeflow", "name": "a"}
    assert volume.body["spec"]["hostPath"]["path"] == "/var/lib/kubeflow/kubeflow/a"
    assert "host-1" in str(volume.body["spec"]["nodeAffinity"])


@pytest.mark.parametrize(
    ("options", "nodes", "what"),
    [
        ({}, [node("a"), node("b")], "it is not said on which"),
        ({"node": "c"}, [node("a"), node("b")], 'There is no node "c" in the cluster'),
        ({}, None, "the cluster's nodes cannot be seen"),
    ],
)
def test_a_node_that_nobody_can_know_is_asked_for(options: dict[str, str], nodes: list[Body] | None, what: str) -> None:
    with pytest.raises(PlanRefused, match=what):
        made(storage(type="hostpath", **options), claim("a"), surroundings=Nowhere("kubeflow", nodes=nodes))


def test_folders_of_a_server_that_are_too_few_or_too_small_are_refused_with_the_arithmetic() -> None:
    options = {"type": "nfs", "server": "nas", "path": "/kf/{number}", "size": "10Gi"}
    with pytest.raises(PlanRefused, match=r"1 volume is too few .storage.count.") as few:
        made(storage(**options, count=1), claim("a"), claim("b"))
    assert "2 claims: kubeflow/a (1Gi), kubeflow/b (1Gi)" in few.value.why
    with pytest.raises(PlanRefused, match="Volumes of 10Gi are too small"):
        made(storage(**options, count=2), claim("a"), claim("b", "20Gi"))


def test_a_provisioner_takes_no_class_of_others() -> None:
    taken = Nowhere("kubeflow", storage_classes=[storage_class("local-path")])
    with pytest.raises(PlanRefused, match='a storage class "local-path" already, which is not of this install'):
        made(storage(type="local-path"), claim("a"), surroundings=taken)
    objects = made(storage(type="local-path", name="own"), claim("a"), surroundings=taken)
    assert [each.name for each in of_kind(objects, "StorageClass")] == ["own"]


def test_the_path_of_a_provisioner_stands_in_its_configuration_and_scripts_stay_as_they_are() -> None:
    objects = made(storage(type="local-path", path="/srv/volumes"))
    [settings] = of_kind(objects, "ConfigMap")
    assert yaml.safe_load(settings.body["data"]["config.json"])["nodePathMap"][0]["paths"] == ["/srv/volumes"]
    assert 'mkdir -m 0777 -p "$VOL_DIR"' in settings.body["data"]["setup"]


def test_a_server_in_the_cluster_has_a_disk_of_its_own() -> None:
    objects = made(storage(type="nfs-server", size="50Gi"), claim("mysql"))
    [disk] = [each for each in of_kind(objects, "PersistentVolumeClaim") if each.namespace == "nfs-server"]
    assert disk.body["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
    [mysql] = [each for each in of_kind(objects, "PersistentVolumeClaim") if each.name == "mysql"]
    assert mysql.body["spec"]["storageClassName"] == "nfs"
    [namespace] = of_kind(objects, "Namespace")
    assert namespace.body["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "privileged"}
    named = made(storage(type="nfs-server", disk="standard-rwo"))
    [disk] = of_kind(named, "PersistentVolumeClaim")
    assert disk.body["spec"]["storageClassName"] == "standard-rwo"


def test_a_server_without_a_disk_is_refused() -> None:
    some = Nowhere("kubeflow", storage_classes=[storage_class("slow")])
    with pytest.raises(PlanRefused, match="no default storage class for the disk of the NFS server") as refused:
        made(storage(type="nfs-server"), surroundings=some)
    assert refused.value.why == "There is: slow"
    with pytest.raises(PlanRefused, match='no storage class "fast"'):
        made(storage(type="nfs-server", disk="fast"), surroundings=some)
    assert made(storage(type="nfs-server", disk="slow"), surroundings=some)


def test_without_a_default_class_the_ways_out_are_told() -> None:
    def refuse(options: Storage, *classes: Body) -> None:
        manifests = [Manifest(claim("a"), "app"), Manifest(claim("b", storageClassName=""), "app")]
        refuse_unprovisioned(manifests, options, Nowhere("kubeflow", storage_classes=classes))

    refuse(storage(), storage_class("standard", default=True))
    refuse(storage(type="static"))
    with pytest.raises(
        PlanRefused, match=r"1 claim names no storage class, and the cluster has no default one."
    ) as error:
        refuse(storage(), storage_class("fast"), storage_class("slow"))
    assert "Storage classes here: fast, slow" in error.value.why
    assert "--set storage.type=class --set storage.name=fast" in error.value.fix


def test_what_becomes_of_the_data_is_said() -> None:
    assert "reclaim policy is Retain: uninstall leaves" in notice(storage(type="hostpath"))
    assert "is Delete: with a claim, its data is deleted" in notice(storage(type="local-path"))
    assert notice(storage()) == ""


def spawner(name: str) -> Body:
    text = (SPAWNERS / f"{name}.yaml").read_text(encoding="utf-8")
    return m.config_map("jupyter-web-app-config", "kubeflow", **{"spawner_ui_config.yaml": text})


WANTED = {"class": "fast", "size": "50Gi", "mountPath": "/home/me"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "1.10",
            {
                "mount": "/home/me",
                "newPvc": {
                    "metadata": {"name": "{notebook-name}-workspace"},
                    "spec": {
                        "storageClassName": "fast",
                        "resources": {"requests": {"storage": "50Gi"}},
                        "accessModes": ["ReadWriteOnce"],
                    },
                },
            },
        ),
        (
            "1.2",
            {
                "type": {"value": "New"},
                "name": {"value": "workspace-{notebook-name}"},
                "size": {"value": "50Gi"},
                "mountPath": {"value": "/home/me"},
                "accessModes": {"value": "ReadWriteOnce"},
                "class": {"value": "fast"},
            },
        ),
    ],
)
def test_the_volume_of_notebooks_in_the_forms_of_the_releases(name: str, expected: dict[str, Any]) -> None:
    before = spawner(name)["data"]["spawner_ui_config.yaml"]
    [changed] = made(storage(notebooks=WANTED), spawner(name))
    text = changed.body["data"]["spawner_ui_config.yaml"]
    defaults = yaml.safe_load(text)["spawnerFormDefaults"]
    assert defaults["workspaceVolume"]["value"] == expected
    kept = {line for line in before.splitlines() if line.lstrip().startswith("#")}
    assert kept <= set(text.splitlines())
    untouched = yaml.safe_load(before)["spawnerFormDefaults"] | {"workspaceVolume": defaults["workspaceVolume"]}
    assert defaults == untouched


def test_notebooks_follow_the_class_of_the_claims_unless_they_have_one_of_their_own() -> None:
    def class_of(options: Storage) -> object:
        [changed] = made(options, spawner("1.2"))
        return yaml.safe_load(changed.body["data"]["spawner_ui_config.yaml"])["spawnerFormDefaults"]["workspaceVolume"][
            "value"
        ]["class"]["value"]

    assert class_of(storage(type="class", name="slow")) == "slow"
    assert class_of(storage(type="class", name="slow", notebooks={"class": "fast"})) == "fast"
    assert class_of(storage()) == "{none}"


def test_a_release_without_notebooks_has_no_volume_for_them() -> None:
    with pytest.raises(PlanRefused, match="this release does not configure one"):
        made(storage(notebooks={"size": "10Gi"}), claim("a"))
    assert made(storage(type="class", name="fast"), claim("a"))
