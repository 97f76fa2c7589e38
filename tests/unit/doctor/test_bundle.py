"""A bundle: nothing secret in it, and the same findings from it."""

import json
import stat
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kfinstall.contracts.client import Client, Way
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.platform import Tool
from kfinstall.contracts.snapshot import Reply, Right
from kfinstall.doctor.bundle import write
from kfinstall.doctor.document import document
from kfinstall.doctor.examination import examine
from kfinstall.doctor.lists import from_files
from kfinstall.doctor.redaction import Redaction
from kfinstall.doctor.snapshot import Collected, Recorded
from kfinstall.facts.objects.kinds import POD
from tests.unit.doctor.clusters import ALL_CHECKS, KINDS, body, pod, snapshot, waiting

STATE = Path(__file__).parents[4] / "shared" / "real" / "clusters" / "kubeflow-1.10.2-no-registry.tar.gz"
PLANTED = "hunter2-planted"


def again(collected: Collected, tmp_path: Path) -> Collected:
    path = tmp_path / "bundle.tar.gz"
    assert isinstance(collected.outside, Recorded)
    write(collected, collected.outside, path)
    return from_files(path, KINDS)


def text_of(path: Path) -> str:
    with tarfile.open(path) as archive:
        return "".join(content.read().decode() for member in archive if (content := archive.extractfile(member)))


def test_the_findings_are_the_same_on_the_bundle(tmp_path: Path) -> None:
    image = waiting("ErrImagePull", "dial tcp: lookup quay.io on 10.0.0.2:53: no such host", "quay.io/a:1")
    collected = snapshot(pod("a", status=image), pod("odd"), unread={next(iter(KINDS - {POD})): "needs a right"})
    report = document(examine(collected, ALL_CHECKS))
    assert report["findings"]
    assert document(examine(again(collected, tmp_path), ALL_CHECKS)) == report


@pytest.mark.skipif(not STATE.exists(), reason=f"the state of a real cluster is not here: {STATE}")
def test_the_findings_are_the_same_on_a_bundle_of_a_real_cluster(tmp_path: Path) -> None:
    collected = from_files(STATE, KINDS)
    report = document(examine(collected, ALL_CHECKS))
    assert document(examine(again(collected, tmp_path), ALL_CHECKS)) == report


def test_what_was_asked_outside_is_in_it(tmp_path: Path) -> None:
    key = ObjectKey("", "Pod", "kubeflow", "a")
    reply = Reply(200, {"ratelimit-remaining": "0;w=21600"}, "ok")
    right = Right("create", "", "namespaces")
    outside = Recorded({(key, "main"): ("mysqld: lost+found",)}, {"https://x.example": reply}, {right: False})
    found = again(Collected({POD: [pod("a")]}, outside=outside), tmp_path).outside
    assert (found.log(key, "main"), found.ask("https://x.example"), found.may(right)) == (
        ("mysqld: lost+found",),
        reply,
        False,
    )


def test_the_machine_that_made_it_is_in_it(tmp_path: Path) -> None:
    way = Way(
        (f"{Path.home()}/.kube/config",), ("a",), "a", "c", "ann@corp.example", "https://api", "2026-01-05T00:00:00Z"
    )
    client = Client(way, "2026-01-01T00:00:00Z", "v1.30.1", "kind", (Tool("docker", "", "https://docker", True),))
    collected = replace(snapshot(pod("a"), version="v1.34.1"), client=client)
    report = document(examine(collected, ALL_CHECKS))
    assert {"cert-kubeconfig", "cl-tool-missing", "cl-kubectl-skew"} <= {each["cause"] for each in report["findings"]}
    assert document(examine(again(collected, tmp_path), ALL_CHECKS)) == report
    text = text_of(tmp_path / "bundle.tar.gz")
    assert "ann@corp" not in text
    assert str(Path.home()) not in text


def test_only_its_owner_may_read_it_and_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    write(snapshot(pod("a")), Recorded(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write(snapshot(pod("a")), Recorded(), path)


@pytest.mark.parametrize(
    "planted",
    [
        {"env": [{"name": "DB_PASSWORD", "value": PLANTED}]},
        {"env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": PLANTED}]},
        {"data": {"password": PLANTED}},
        {"data": {"config.yaml": f"clientSecret: x\npassword: \"{PLANTED}\"\n"}},
        {"args": [f"--token={PLANTED}"]},
        {"url": f"https://user:{PLANTED}@example.com/"},
        {"message": f"Authorization: Bearer {PLANTED}"},
    ],
)  # fmt: skip
def test_a_secret_never_gets_into_it(planted: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    entries = write(snapshot(pod("a", **planted)), Recorded(), path)
    assert PLANTED not in text_of(path)
    assert sum(sum(entry.redactions.values()) for entry in entries) == 1


def test_what_kubectl_applied_last_is_not_kept(tmp_path: Path) -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"a": PLANTED}})}
    (tmp_path / "secrets.json").write_text(
        json.dumps({"kind": "List", "items": [body("Secret", "s", "n", annotations=applied)]})
    )
    path = tmp_path / "b.tar.gz"
    write(from_files(tmp_path), Recorded(), path)
    assert PLANTED not in text_of(path)


def test_a_person_is_the_same_one_everywhere() -> None:
    redaction = Redaction()
    cleaned = redaction.clean({"a": "ada@corp.example", "b": ["bob@corp.example", "owner: Ada@corp.example"]})
    assert cleaned == {"a": "person-1@example.com", "b": ["person-2@example.com", "owner: person-1@example.com"]}
    assert redaction.counts == {"e-mail": 3}


def test_names_of_secrets_stay() -> None:
    spec = {"volumes": [{"secret": {"secretName": "webhook-certs"}}], "imagePullSecrets": [{"name": "pull-token"}]}
    assert Redaction().clean(spec) == spec
