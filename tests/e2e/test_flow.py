"""What a user does from the first file to the end of an install, one command after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.controlplane.api import Api
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release

QUICK = "--no-wait"


def test_from_a_file_to_nothing_left(
    connected: Kfinstall, release: Release, name: str, admin: Api, request: pytest.FixtureRequest
) -> None:
    file = release.install
    valid = connected("config", "validate", "-f", file)
    assert (valid.code, valid.out) == (0, f"{file} is valid: 3 applications in namespace {name}.\n")

    plan = connected("plan", "-f", file)
    assert plan.code == 0
    assert f"  create  Namespace/{name}\n" in plan.out
    assert f"{release.objects} to create, 0 to change, 0 as wanted already" in plan.err

    first = connected("install", "-f", file, QUICK)
    assert first.code == 0, first.err
    assert f"created   Namespace/{name}" in first.err
    assert f"{release.objects} created (" in first.err.splitlines()[-1]

    again = connected("install", "-f", file, QUICK, "-o", "json")
    assert (again.code, again.json["writes"], again.json["counts"]["unchanged"]) == (0, 0, release.objects)
    assert len(again.err.splitlines()) <= 6, "a run that changes nothing says little"

    waiting = connected("status", name)
    assert waiting.code == 3
    assert "Deployment/jupyter: 0/2 ready" in waiting.out

    request.getfixturevalue("nodes")
    waited = connected("install", "-f", file)
    assert waited.code == 0, waited.err
    ready = connected("status", name)
    assert (ready.code, ready.out.splitlines()[0]) == (
        0,
        f"{name}: {release.objects} of {release.objects} objects are ready",
    )

    same = connected("diff", "-f", file)
    assert (same.code, same.out) == (0, "")
    quota = f"/api/v1/namespaces/{name}-users/configmaps/quota"
    admin.patch(quota, {"data": {"pods": "11"}})
    differs = connected("diff", "-f", file)
    assert differs.code == 1
    assert "-  pods: '11'\n+  pods: '10'\n" in differs.out
    repaired = connected("install", "-f", file, QUICK, "-o", "json")
    assert (repaired.code, repaired.json["counts"].get("changed")) == (0, 1)
    assert admin.get(quota)["data"] == {"pods": "10"}

    refused = connected("uninstall", name)
    assert (refused.code, refused.out) == (2, "")
    assert "Say --yes, or look first with --dry-run." in refused.err
    preview = connected("uninstall", name, "--dry-run")
    assert preview.code == 0
    assert f"delete  Namespace/{name}\n" in preview.out
    assert connected("status", name).code == 0, "nothing is gone yet"
    removed = connected("uninstall", name, "--yes", "-o", "json")
    assert (removed.code, removed.json["result"], removed.json["kept"]) == (0, "succeeded", {})
    assert connected("status", name).code == 3
    left = [each["metadata"]["name"] for each in admin.get("/api/v1/namespaces")["items"]]
    assert not [each for each in left if each.startswith(name)]


def test_a_repair_is_one_write(connected: Kfinstall, release: Release, name: str, admin: Api) -> None:
    connected("install", "-f", release.install, QUICK)
    admin.patch(f"/api/v1/namespaces/{name}/configmaps/settings-0", {"data": {"number": "by hand"}})
    repaired = connected("install", "-f", release.install, QUICK, "-o", "json")
    assert (repaired.code, repaired.json["writes"]) == (0, 1)


@pytest.mark.parametrize("where", ["client", "server"])
def test_a_dry_run_changes_nothing(connected: Kfinstall, release: Release, name: str, admin: Api, where: str) -> None:
    tried = connected("install", "-f", release.install, f"--dry-run={where}", "-o", "json")
    assert tried.code == 0, tried.err
    assert tried.json["kind"] == {"client": "Plan", "server": "InstallReport"}[where]
    assert len(tried.json["objects"]) == release.objects
    assert tried.json.get("writes", 0) == 0
    assert name not in [each["metadata"]["name"] for each in admin.get("/api/v1/namespaces")["items"]]
    assert not list(connected.state.rglob("*.jsonl"))


def test_json_has_the_keys_that_scripts_read(connected: Kfinstall, release: Release, name: str) -> None:
    plan = connected("plan", "-f", release.install, "-o", "json").json
    assert (plan["apiVersion"], plan["kind"]) == ("kfinstall.io/v1alpha1", "Plan")
    assert plan.keys() == {"apiVersion", "kind", "metadata", "objects", "delete", "kept", "warnings"}
    assert plan["objects"][0].keys() == {"verb", "kind", "apiVersion", "namespace", "name", "application"}

    report = connected("install", "-f", release.install, QUICK, "-o", "json").json
    ending = {"result", "counts", "writes", "seconds", "failures", "conflicts"}
    assert (report["kind"], report["result"]) == ("InstallReport", "succeeded")
    assert report.keys() == plan.keys() | ending

    status = connected("status", name, "-o", "json").json
    assert (status["kind"], [each["name"] for each in status["installs"]]) == ("Status", [name])
    assert status["installs"][0]["objects"][0].keys() == {
        "group", "kind", "namespace", "name", "ready", "missing", "why",
    }  # fmt: skip

    diff = connected("diff", "-f", release.install, "-o", "json").json
    assert (diff["kind"], diff["metadata"], diff["differences"]) == ("Diff", {"name": name}, [])

    removal = connected("uninstall", name, "--dry-run", "-o", "json").json
    assert removal["kind"] == "RemovalPlan"
    assert removal.keys() == {"apiVersion", "kind", "metadata", "delete", "release", "kept"}

    presets = connected("configs", "-o", "json").json
    assert (presets["kind"], len(presets["items"])) == ("PresetList", 7)
    assert "existing" in [each["type"] for each in connected("platforms", "-o", "json").json["items"]]
    assert connected("about", "-o", "json").json["kind"] == "About"


def test_progress_as_json_lines(connected: Kfinstall, release: Release) -> None:
    done = connected("install", "-f", release.install, QUICK, "--log-format=json")
    assert (done.code, done.out) == (0, "")
    assert all({"time", "event"} <= event.keys() for event in done.events)
    finished = [event for event in done.events if event["event"] == "RunFinished"]
    assert [event["counts"]["created"] for event in finished] == [release.objects]


@pytest.mark.parametrize("arguments", [["--plain"], ["--color", "never"], []])
def test_no_control_characters_where_nobody_wants_them(
    connected: Kfinstall, release: Release, arguments: list[str]
) -> None:
    done = connected("install", "-f", release.install, QUICK, *arguments, NO_COLOR="1")
    assert done.code == 0
    assert done.out == "", "stdout is data, and there is none"
    assert not {"\x1b", "\r"} & set(done.err)


def test_the_file_may_come_from_standard_input(connected: Kfinstall, release: Release) -> None:
    document = yaml.safe_load(release.install.read_text())
    document["kubeflow"]["file"] = str(release.kfdef)
    plan = connected("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(document))
    assert (plan.code, len(plan.json["objects"])) == (0, release.objects)


def test_several_files_and_set_in_order(connected: Kfinstall, release: Release, tmp_path: Path) -> None:
    production = tmp_path / "production.yaml"
    head = {"apiVersion": "kfinstall.io/v1alpha1", "kind": "Install"}
    production.write_text(yaml.safe_dump({**head, "wait": {"timeout": "5m"}, "metadata": {"name": "production"}}))
    files: list[str | Path] = ["-f", release.install, "-f", production]
    shown = connected("config", "show", *files, "--set", "kubeflow.components.notebooks=false", "-o", "json").json
    assert shown["metadata"]["name"] == "production"
    assert shown["wait"]["timeout"] == "5m"
    assert shown["kubeflow"]["components"] == {"notebooks": False}
    origins = connected("config", "show", *files, "--origin").out
    assert f'wait.timeout = "5m"  # {production}:' in origins
    plan = connected("plan", *files, "--set", "kubeflow.components.notebooks=false", "-o", "json").json
    assert {each["application"] for each in plan["objects"]} == {"definitions", "base"}


def test_a_kfdef_alone_with_a_context(connected: Kfinstall, release: Release) -> None:
    config = yaml.safe_load(Path(connected.environment["KUBECONFIG"]).read_text())
    context = config["contexts"][0]["name"]
    config["current-context"] = "elsewhere"
    kubeconfig = release.folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    options: list[str | Path] = ["--kubeconfig", kubeconfig, "--context", context]
    plan = connected("plan", "-f", release.kfdef, *options, "-o", "json", KUBECONFIG="/nowhere")
    assert (plan.code, len(plan.json["objects"])) == (0, release.objects), plan.err
    assert f"Context: {context} (" in plan.err


def test_build_prints_what_kubectl_can_read(kfinstall: Kfinstall, release: Release) -> None:
    built = kfinstall("build", "-f", release.install, "--dump")
    bodies = list(yaml.safe_load_all(built.out))
    assert (built.code, len(bodies)) == (0, release.objects)
    listed = kfinstall("build", "-f", release.install)
    assert len(listed.out.splitlines()) == release.objects
    assert f"{release.objects} objects" in listed.err


def test_init_writes_what_validate_accepts(kfinstall: Kfinstall, tmp_path: Path) -> None:
    file = tmp_path / "install.yaml"
    assert kfinstall("init", file).code == 0
    assert kfinstall("config", "validate", "-f", file).code == 0
    twice = kfinstall("init", file)
    assert (twice.code, "--force" in twice.err) == (2, True)
    shown = kfinstall("init", "--preset", "kubeflow-1.10", "--name", "other")
    assert yaml.safe_load(shown.out)["metadata"]["name"] == "other"
    schema = json.loads(kfinstall("config", "schema").out)
    assert "platform" in schema["properties"]


def test_nothing_to_go_by(kfinstall: Kfinstall) -> None:
    bare = kfinstall()
    assert (bare.code, bare.out, len(bare.err.splitlines())) == (2, "", 1)
    assert "kfinstall install -f FILE" in bare.err
    for command in ("install", "plan", "diff", "build"):
        lacking = kfinstall(command)
        assert (lacking.code, lacking.out) == (2, "")
        assert "-f install.yaml" in lacking.err


SECRET = "hunter2-planted-in-a-manifest"
PASSWORD = "hunter3-planted-in-an-address"
TOKEN = "hunter4-planted-in-the-environment"


def test_secrets_are_nowhere_to_be_read(connected: Kfinstall, release: Release, name: str, admin: Api) -> None:
    base = release.repo / "base" / "all.yaml"
    base.write_text(base.read_text().replace("not-a-real-one", SECRET))
    document = yaml.safe_load(release.install.read_text())
    document["sources"] = {"https://mirror.example.com/": f"https://user:{PASSWORD}@mirror.example.com/"}
    document["kubeflow"]["parameters"] = {"notebooks": {"pullPassword": "${PLANTED}"}}
    release.install.write_text(yaml.safe_dump(document))
    connected.environment["PLANTED"] = TOKEN
    file: list[str | Path] = ["-f", release.install]
    for command in (
        ["config", "show", *file], ["config", "show", *file, "--origin"], ["plan", *file], ["diff", *file],
        ["install", *file, QUICK, "--log-format=json", "-o", "json"],
    ):  # fmt: skip
        connected(*command)
    admin.patch(f"/api/v1/namespaces/{name}/secrets/store", {"data": {"password": "Y2hhbmdlZA=="}})
    changed = connected("diff", *file)
    assert (changed.code, "***" in changed.out) == (1, True), changed.err
    address = f"https://user:{PASSWORD}@127.0.0.1:1/kubeflow.tar.gz"
    kfdef = release.kfdef.read_text().replace("uri: repo", f"uri: {address}")
    release.kfdef.write_text(kfdef)
    failed = connected("install", *file, QUICK)
    assert (failed.code, "127.0.0.1:1" in failed.err) == (1, True), failed.err
    said = "".join(ended.out + ended.err for ended in connected.ended)
    kept = "".join(path.read_text() for path in connected.state.rglob("*") if path.is_file())
    encoded = "aHVudGVyMi1wbGFudGVkLWluLWEtbWFuaWZlc3Q="
    found = [planted for planted in (SECRET, encoded, PASSWORD, TOKEN, "Y2hhbmdlZA==") if planted in said + kept]
    assert not found
