"""A KfDef to objects, end to end, on small repos."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kfinstall.errors import KfinstallError, RenderError
from kfinstall.kfdef.types import STACKS, Application
from kfinstall.render.application import Patch
from kfinstall.render.renderer import RenderEvent, RenderOptions, render

from .making import app, body, build, config_map, keys, kfdef, tar_gz, write

IN_PLACE = {"in/place/kustomization.yaml": "resources: [../shared.yaml]", "in/shared.yaml": config_map("shared")}
OVERLAYS = {
    "app/base/kustomization.yaml": "resources: [a.yaml]",
    "app/base/a.yaml": config_map("a"),
    "app/overlays/x/kustomization.yaml": "bases: [../../base]\nnamePrefix: x-",
}


def test_a_kustomization_without_base_is_built_where_it_is(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", IN_PLACE)
    rendering = build(repo, app("in/place", overlays=("x",), parameters={"p": "1"}), cache=cache)
    assert keys(rendering) == ["ConfigMap/shared"]
    assert body(rendering, "ConfigMap")["metadata"] == {"name": "shared"}, "no namespace is set"
    assert "x, p" in rendering.warnings[0]


def test_overlays_set_the_namespace(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", OVERLAYS)
    rendering = build(repo, app("app", overlays=("x",)), cache=cache, namespace="mine")
    assert body(rendering, "ConfigMap")["metadata"] == {"name": "x-a", "namespace": "mine"}


def test_stacks_ignore_overlays_and_namespace(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", OVERLAYS | IN_PLACE)
    rendering = build(repo, app("app/overlays/x"), Application(STACKS, "manifests", "in/place"), cache=cache)
    assert keys(rendering) == ["ConfigMap/x-a", "ConfigMap/shared"]
    assert "namespace" not in rendering.manifests[1].body["metadata"]


@pytest.mark.parametrize("path", ["plain", "plain/one.yaml"])
def test_plain_manifests_are_taken_as_they_are(tmp_path: Path, cache: Path, path: str) -> None:
    repo = write(
        tmp_path / "repo",
        {
            "plain/one.yaml": config_map("one") + "---\n" + config_map("two", "a: '0755'\n  b: 2001-01-01"),
            "plain/three.json": json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "three"}}),
            "plain/readme.md": "# not a manifest",
            "plain/deeper/four.yaml": "not looked at",
        },
    )
    rendering = build(repo, app(path), cache=cache)
    expected = ["ConfigMap/one", "ConfigMap/two"]
    assert keys(rendering) == (expected if path.endswith("yaml") else [*expected, "Secret/three"])
    assert next(m.body["data"] for m in rendering.manifests if m.name == "two") == {"a": "0755", "b": "2001-01-01"}


def test_a_list_is_taken_apart(tmp_path: Path, cache: Path) -> None:
    items = [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}} for name in "ab"]
    inner = {"apiVersion": "v1", "kind": "SecretList", "items": items}
    outer = {"apiVersion": "v1", "kind": "List", "items": [inner]}
    custom = {"apiVersion": "x/v1", "kind": "AllowList", "metadata": {"name": "c"}, "items": [1]}
    repo = write(tmp_path / "repo", {"a.json": json.dumps(outer), "b.json": json.dumps(custom)})
    assert keys(build(repo, app("."), cache=cache)) == ["Secret/a", "Secret/b", "AllowList/c"]


def test_own_patches_come_last(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", OVERLAYS | {"plain/p.yaml": config_map("p")})
    patch = Patch("- {op: add, path: /data/mine, value: 'yes'}", {"kind": "ConfigMap"})
    merge = Patch("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {a: changed}")
    rendering = build(
        repo,
        app("app", overlays=("x",)),
        app("plain"),
        cache=cache,
        patches={"app": [patch], "plain": [merge]},
    )
    assert [manifest.body["data"] for manifest in rendering.manifests if manifest.kind == "ConfigMap"] == [
        {"a": "b", "mine": "yes"},
        {"a": "changed"},
    ]


def test_a_patch_that_fits_nothing_says_so(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", OVERLAYS)
    patch = Patch("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nobody}")
    with pytest.raises(RenderError, match="application app cannot be rendered") as caught:
        build(repo, app("app"), cache=cache, patches={"app": [patch]})
    assert "no matches for Id" in caught.value.why
    assert "check the kind, name and namespace" in caught.value.fix


def test_a_second_render_runs_nothing(tmp_path: Path, cache: Path) -> None:
    archive = tar_gz(tmp_path / "r.tar.gz", OVERLAYS, top="manifests-1/")
    first = build(archive, app("app", parameters={"no": "1"}), cache=cache)
    second = build(archive, app("app", parameters={"no": "1"}), cache=cache)
    assert [first.applications[0].cached, second.applications[0].cached] == [False, True]
    assert first.manifests == second.manifests
    assert first.warnings == second.warnings != ()
    for changed in (app("app", overlays=("x",)), app("app", parameters={"no": "2"}), app("app", "other")):
        assert not build(archive, changed, cache=cache).applications[0].cached
    assert not build(archive, app("app"), cache=cache, namespace="else").applications[0].cached


def test_a_changed_folder_is_rendered_again(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", IN_PLACE)
    build(repo, app("in/place"), cache=cache)
    write(repo, {"in/shared.yaml": config_map("changed")})
    assert keys(build(repo, app("in/place"), cache=cache)) == ["ConfigMap/changed"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"objects": 1}', b"\xff"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, cache: Path, damage: bytes) -> None:
    repo = write(tmp_path / "repo", IN_PLACE)
    build(repo, app("in/place"), cache=cache)
    [entry] = (cache / "renders").iterdir()
    entry.write_bytes(damage)
    (cache / "tools/versions.json").write_bytes(damage)
    assert keys(build(repo, app("in/place"), cache=cache)) == ["ConfigMap/shared"]
    assert json.loads(entry.read_bytes())["objects"]


def test_nothing_is_left_in_the_work_folder(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", IN_PLACE | {"bad/kustomization.yaml": "nonsense: 1"})
    with pytest.raises(RenderError):
        build(repo, app("in/place"), app("bad"), cache=cache)
    assert list((cache / "work").iterdir()) == []


def test_applications_keep_their_order_and_the_first_failure_is_told(tmp_path: Path, cache: Path) -> None:
    names = [f"a{n}" for n in range(12)]
    repo = write(tmp_path / "repo", {f"{name}/m.yaml": config_map(name) for name in names})
    rendering = build(repo, *(app(name) for name in names), cache=cache, workers=6)
    assert [application.name for application in rendering.applications] == names
    write(repo, {"a3/m.yaml": "kind: A", "a9/m.yaml": "kind: B"})
    with pytest.raises(RenderError, match="a3"):
        build(repo, *(app(name) for name in names), cache=cache, workers=6)


def test_what_happens_is_told(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", IN_PLACE)
    events: list[RenderEvent] = []
    threads = set()

    def observe(event: RenderEvent) -> None:
        events.append(event)
        threads.add(threading.current_thread().name)

    build(repo, app("in/place"), cache=cache, observe=observe)
    assert [(event.kind, event.subject) for event in events] == [
        ("fetching", "manifests"),
        ("fetched", "manifests"),
        ("rendering", "in-place"),
        ("rendered", "in-place"),
    ]
    assert (events[-1].objects, events[-1].cached) == (1, False)


def test_an_object_of_two_applications_is_there_once(tmp_path: Path, cache: Path) -> None:
    repo = write(
        tmp_path / "repo",
        {
            "a/m.yaml": config_map("same") + "---\n" + config_map("differs", "a: first"),
            "b/m.yaml": config_map("other") + "---\n" + config_map("differs", "a: last") + "---\n" + config_map("same"),
        },
    )
    rendering = build(repo, app("a"), app("b"), cache=cache)
    maps = [(m.name, m.application, m.body["data"]["a"]) for m in rendering.manifests if m.kind == "ConfigMap"]
    assert maps == [("same", "b", "b"), ("differs", "b", "last"), ("other", "b", "b")]
    assert [warning for warning in rendering.warnings if "ConfigMap/" in warning] == [
        "ConfigMap/differs is in a and, with other content, in b; the latter is used."
    ]


CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Thing, plural: things}}
"""
THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\n"


def test_a_cluster_scoped_custom_resource_has_no_namespace(tmp_path: Path, cache: Path) -> None:
    """kustomize cannot know the scope, even where the definition is in another application."""
    repo = write(
        tmp_path / "repo",
        {
            "things/base/kustomization.yaml": "resources: [t.yaml, c.yaml]",
            "things/base/t.yaml": THING,
            "things/base/c.yaml": config_map("c"),
            "crds/crd.yaml": CRD,
        },
    )
    rendering = build(repo, app("things"), app("crds"), cache=cache)
    assert {manifest.kind: manifest.namespace for manifest in rendering.manifests} == {
        "Namespace": "",
        "Thing": "",
        "ConfigMap": "kubeflow",
        "CustomResourceDefinition": "",
    }


def test_the_namespace_comes_first_where_nobody_has_it(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", OVERLAYS)
    rendering = build(repo, app("app"), cache=cache)
    assert rendering.manifests[0].body == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "kubeflow",
            "labels": {"control-plane": "kubeflow", "katib-metricscollector-injection": "enabled"},
        },
    }
    assert keys(rendering) == ["ConfigMap/a"], "it belongs to no application"
    write(repo, {"ns/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: kubeflow}\n"})
    assert build(repo, app("app"), app("ns"), cache=cache).namespace is None


def test_a_namespace_that_nothing_uses_is_warned_of(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", {"own/a.yaml": config_map("a", namespace="own"), "none/a.yaml": config_map("a")})
    assert "Nothing goes into the namespace mine" in build(repo, app("own"), cache=cache, namespace="mine").warnings[0]
    assert not build(repo, app("none"), cache=cache, namespace="mine").warnings, "it goes there by default"


def test_the_namespace_has_the_labels_of_the_kfdef(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", {"a.yaml": config_map("a")})
    labelled = replace(kfdef(repo, app(".")), labels={"team": "ml"})
    made = render(labelled, RenderOptions(cache=cache)).namespace
    assert made is not None
    assert made.body["metadata"]["labels"] == {"team": "ml"}


def test_plain_manifests_need_no_kustomize(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = write(tmp_path / "repo", {"plain/a.yaml": config_map("a"), "built/kustomization.yaml": "resources: []"})
    monkeypatch.setenv("KFINSTALL_KUSTOMIZE", "absent")
    assert keys(build(repo, app("plain"), cache=cache)) == ["ConfigMap/a"]
    with pytest.raises(KfinstallError, match="absent"):
        build(repo, app("plain"), app("built"), cache=cache)


def test_a_path_that_is_not_there_is_suggested(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", {"common/dex/kustomization.yaml": "", "common/knative/a.yaml": ""})
    with pytest.raises(KfinstallError, match=r'Did you mean "dex"\?'):
        build(repo, app("common/dexx"), cache=cache)


def test_non_ascii_text_survives(tmp_path: Path, cache: Path) -> None:
    repo = write(
        tmp_path / "repo", {"kustomization.yaml": "resources: [a.yaml]", "a.yaml": config_map("a", "a: 机器学习 ü")}
    )
    for _again in range(2):
        assert body(build(repo, app("."), cache=cache), "ConfigMap")["data"] == {"a": "机器学习 ü"}


def test_a_replacement_finds_the_placeholder_that_it_selects(tmp_path: Path, cache: Path) -> None:
    repo = write(
        tmp_path / "repo",
        {
            "kustomization.yaml": """\
resources: [profile.yaml]
configMapGenerator: [{name: settings, literals: [profile-name=mine]}]
replacements:
- source: {kind: ConfigMap, name: settings, fieldPath: data.profile-name}
  targets:
  - select: {kind: Profile, name: $(profile-name)}
    fieldPaths: [metadata.name]
""",
            "profile.yaml": "apiVersion: kubeflow.org/v1\nkind: Profile\nmetadata: {name: $(profile-name)}\n",
        },
    )
    assert "Profile/mine" in keys(build(repo, app("."), cache=cache)), "kustomize 5.8 takes the name for a pattern"
