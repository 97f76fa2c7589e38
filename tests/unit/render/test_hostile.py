"""Kustomizations of strangers: nothing outside their repo gets into the objects, and nothing is run."""

import os
from pathlib import Path

import pytest

from kfinstall.errors import FetchError, KfinstallError, RenderError

from .conftest import Server
from .making import app, build, config_map, keys, tar_gz, write

SECRET = "the-host's-secret"


def _inline(kind: str, rest: str, key: str = "transformers") -> str:
    """A plugin's configuration inside the kustomization."""
    return f'{key}: ["{{{{apiVersion: builtin, kind: {kind},\\n metadata: {{{{name: x}}}}, {rest}}}}}"]'


READS = {
    "resources": "resources: [{outside}]",
    "another case": "Resources: [{outside}]",
    "bases": "bases: [{outside}]",
    "components": "components: [{outside}]",
    "crds": "crds: [{outside}]",
    "configurations": "configurations: [{outside}]",
    "merge patches": "patchesStrategicMerge: [{outside}]",
    "json patches": "patchesJson6902: [{{target: {{kind: ConfigMap, name: a, version: v1}}, path: {outside}}}]",
    "patches": "patches: [{{path: {outside}}}]",
    "patches in another case": "PATCHES: [{{PATH: {outside}}}]",
    "replacements": "replacements: [{{path: {outside}}}]",
    "files": "configMapGenerator: [{{name: x, files: [{outside}]}}]",
    "files with a key": "configMapGenerator: [{{name: x, files: [key={outside}]}}]",
    "files in another case": "configMapGenerator: [{{name: x, Files: [{outside}]}}]",
    "envs": "configMapGenerator: [{{name: x, envs: [{outside}]}}]",
    "env": "secretGenerator: [{{name: x, env: {outside}}}]",
    "openapi": "openapi: {{path: {outside}}}",
    "transformers": "transformers: [{outside}]",
    "validators": "validators: [{outside}]",
    "generators": "generators: [{outside}]",
    "inside a generator": _inline("ConfigMapGenerator", "files: [{outside}]", "generators"),
    "inside a transformer": _inline("PatchTransformer", "path: {outside}"),
    "inside a transformer, on one line": _inline("PatchTransformer", "path: {outside}").replace("\\n", " "),
    "inside a list of a transformer": _inline("PatchStrategicMergeTransformer", "paths: [{outside}]"),
    "inside a replacement": _inline("ReplacementTransformer", "replacements: [{{path: {outside}}}]"),
}


@pytest.mark.parametrize("reads", READS.values(), ids=READS)
@pytest.mark.parametrize("how", ["absolute", "climbing", "link"])
def test_no_file_of_the_host_is_read(tmp_path: Path, cache: Path, reads: str, how: str) -> None:
    (tmp_path / "secret.yaml").write_text(config_map("stolen", f"secret: {SECRET}"))
    repo = write(tmp_path / "repo", {"app/a.yaml": config_map("a")})
    (repo / "app/link.yaml").symlink_to(tmp_path / "secret.yaml")
    ways = {"absolute": str(tmp_path / "secret.yaml"), "climbing": "../../secret.yaml", "link": "link.yaml"}
    outside = ways[how]
    text = reads.format(outside=outside)
    write(repo, {"app/kustomization.yaml": f"{text}\nnamePrefix: x-\n"})
    with pytest.raises(RenderError, match="outside its repo") as caught:
        build(repo, app("app"), cache=cache)
    assert SECRET not in str(caught.value)
    assert not [path for path in cache.rglob("*") if path.is_file() and SECRET in path.read_text()]


def test_an_overlay_does_not_climb_either(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "secret.env").write_text(f"key={SECRET}\n")
    repo = write(
        tmp_path / "repo",
        {
            "app/base/kustomization.yaml": "resources: [a.yaml]",
            "app/base/a.yaml": config_map("a"),
            "app/overlays/x/kustomization.yaml": (
                "bases: [../../base]\nconfigMapGenerator: [{name: x, envs: [../../../../secret.env]}]"
            ),
        },
    )
    with pytest.raises(RenderError, match="outside its repo"):
        build(repo, app("app", overlays=("x",)), cache=cache)


def test_a_link_to_a_folder_outside_is_refused(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "other", {"kustomization.yaml": "resources: [a.yaml]", "a.yaml": config_map("a")})
    repo = write(tmp_path / "repo", {"kustomization.yaml": "resources: [other]"})
    (repo / "other").symlink_to(tmp_path / "other")
    with pytest.raises(RenderError, match="outside its repo"):
        build(repo, app("."), cache=cache)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("helmCharts: [{name: x, repo: 'https://x'}]", "asks for helm"),
        ("helmChartInflationGenerator: [{chartName: x}]", "asks for helm"),
        ("HELMCHARTS: [{name: x}]", "asks for helm"),
        (
            'transformers: ["apiVersion: someteam.example.com/v1\\nkind: Sed\\nmetadata: {name: x}"]',
            "asks for the plugin Sed",
        ),
        (
            'generators: ["apiVersion: builtin\\nkind: HelmChartInflationGenerator\\nmetadata: {name: x}"]',
            "asks for the plugin HelmChart",
        ),
        (
            'transformers: ["apiVersion: builtin\\nkind: X\\nmetadata: {name: x, annotations: '
            "{config.kubernetes.io/function: 'exec: {path: /bin/sh}'}}\"]",
            "asks for the plugin X",
        ),
        ('transformers: ["apiVersion: builtin\\nkind: X\\nKind: Y"]', "kind is there twice"),
        ("transformers: [folder]", "takes transformers from"),
        ("transformers: [https://example.com/x.yaml]", "takes transformers from"),
    ],
)
def test_nothing_is_run(tmp_path: Path, cache: Path, text: str, words: str) -> None:
    repo = write(tmp_path / "repo", {"kustomization.yaml": text, "folder/kustomization.yaml": ""})
    with pytest.raises(RenderError, match=words):
        build(repo, app("."), cache=cache)


def test_built_in_transformers_work(tmp_path: Path, cache: Path) -> None:
    repo = write(
        tmp_path / "repo",
        {
            "kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]",
            "a.yaml": config_map("a"),
            "t.yaml": (
                "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: p-\n"
                "fieldSpecs: [{path: metadata/name}]\n"
            ),
        },
    )
    assert keys(build(repo, app("."), cache=cache)) == ["ConfigMap/p-a"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"kustomization.yaml": "resources: [../a]"}, "outside its repo"),
        ({"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "bases: [../a]"}, "a -> b -> a"),
        ({"a/kustomization.yaml": "resources: ['.']"}, "builds on itself"),
        ({"a/kustomization.yaml": "resources: [no.yaml]"}, "'no.yaml', which is not there"),
        ({"a/kustomization.yaml": "resources: [b]", "a/b/x.yaml": ""}, "without a kustomization"),
        ({"a/kustomization.yaml": "", "a/kustomization.yml": ""}, "more than one kustomization"),
        ({"a/kustomization.yaml": "resources: ["}, "Line 2"),
        ({"a/kustomization.yaml": "- a"}, "one mapping"),
        ({"a/kustomization.yaml": "resources: a.yaml"}, "resources is a list"),
        ({"a/kustomization.yaml": "resources: [1]"}, "resources is a list of texts"),
        ({"a/kustomization.yaml": "patches: [a.yaml]"}, "patches is a list of mappings"),
        ({"a/kustomization.yaml": "resources: []\nRESOURCES: []"}, "resources is there twice"),
        ({"a/kustomization.yaml": "nonsense: 1"}, "nonsense"),
        ({"a/kustomization.yaml": "resources: [x.yaml]", "a/x.yaml": "a: b: c"}, "x.yaml"),
        ({"a/kustomization.yaml": "resources: [" + ", ".join(["&a [*a]"] * 2) + "]"}, "anchor|list of texts"),
        ({"a/readme.txt": "x"}, "neither a kustomization nor manifests"),
        ({"b/x.yaml": ""}, "has no a"),
        ({"a/x.yaml": "hello"}, "no Kubernetes object"),
        ({"a/x.yaml": "kind: A"}, "has no apiVersion"),
        ({"a/x.yaml": "apiVersion: v1\nkind: A\nmetadata: {generateName: x}"}, "no metadata.name"),
        ({"a/x.yaml": "apiVersion: v1\nkind: List\nitems: [{kind: A}]"}, r"items\[0\]: it has no apiVersion"),
        ({"a/x.yaml": "a: *b"}, "Line 1"),
        ({"kustomization.yaml": "resources: ['https://[::1/x.yaml']"}, "is not an address"),
        ({"kustomization.yaml": "resources: ['git::https://[::1']"}, "is not an address"),
    ],
)
def test_what_cannot_be_built_says_why(tmp_path: Path, cache: Path, files: dict[str, str], words: str) -> None:
    repo = write(tmp_path / "repo", files)
    with pytest.raises(KfinstallError, match=words) as caught:
        build(repo, app("." if "kustomization.yaml" in files else "a"), cache=cache)
    assert str(cache) not in str(caught.value)


def test_kustomize_sees_no_secret_of_the_environment(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kustomize reads variables of its environment where an env file names a key without a value."""
    monkeypatch.setenv("KFINSTALL_SECRET", SECRET)
    repo = write(
        tmp_path / "repo",
        {"kustomization.yaml": "configMapGenerator: [{name: x, envs: [e.env]}]", "e.env": "KFINSTALL_SECRET\n"},
    )
    rendering = build(repo, app("."), cache=cache)
    assert SECRET not in str(rendering)


# --- remote bases -------------------------------------------------------------------------------------------


def test_remote_bases_are_fetched_before_kustomize_runs(server: Server, tmp_path: Path, cache: Path) -> None:
    server.routes["/crds.yaml"] = (200, {}, config_map("crds").encode())
    base = tar_gz(
        tmp_path / "base.tar.gz",
        {
            "deploy/kustomization.yaml": "resources: [../shared/b.yaml]",
            "shared/b.yaml": config_map("b"),
        },
        top="base-1.0/",
    )
    repo = write(
        tmp_path / "repo",
        {
            "app/kustomization.yaml": (
                "namePrefix: p-\nresources:\n- https://example.com/crds.yaml\n"
                "- https://github.com/someone/base//deploy?ref=v1.0\n- github.com-sa.yaml\n"
            ),
            "app/github.com-sa.yaml": config_map("local"),
        },
    )
    sources = {
        "https://example.com": server.url,
        "https://github.com/someone/base/archive/v1.0.tar.gz": str(base),
    }
    before = {path: path.read_text() for path in repo.rglob("*") if path.is_file()}
    rendering = build(repo, app("app"), cache=cache, sources=sources)
    assert sorted(keys(rendering)) == ["ConfigMap/p-b", "ConfigMap/p-crds", "ConfigMap/p-local"]
    assert {path: path.read_text() for path in repo.rglob("*") if path.is_file()} == before
    assert build(repo, app("app"), cache=cache, sources=sources).applications[0].cached
    server.routes["/crds.yaml"] = (200, {}, config_map("newer").encode())
    changed = build(repo, app("app"), cache=cache, sources=sources)
    assert not changed.applications[0].cached
    assert "ConfigMap/p-newer" in keys(changed)


def test_a_remote_base_without_a_ref_is_warned_of(tmp_path: Path, cache: Path) -> None:
    base = write(tmp_path / "base", {"kustomization.yaml": "resources: [b.yaml]", "b.yaml": config_map("b")})
    repo = write(tmp_path / "repo", {"kustomization.yaml": "resources: [github.com/someone/base]"})
    rendering = build(repo, app("."), cache=cache, sources={"https://github.com/someone/base": str(base)})
    assert "names no ref" in rendering.warnings[0]


def test_a_remote_base_does_not_climb_into_its_neighbour(tmp_path: Path, cache: Path) -> None:
    base = write(tmp_path / "base", {"kustomization.yaml": "resources: [../repo/a.yaml]"})
    repo = write(
        tmp_path / "repo", {"kustomization.yaml": "resources: [github.com/s/b?ref=1]", "a.yaml": config_map("a")}
    )
    with pytest.raises(RenderError, match="outside its repo"):
        build(repo, app("."), cache=cache, sources={"https://github.com/s/b": str(base)})


def test_git_elsewhere_needs_a_mirror(tmp_path: Path, cache: Path) -> None:
    entry = "https://user:pw@gitlab.com/group/repo//deploy?ref=v1"
    repo = write(tmp_path / "repo", {"kustomization.yaml": f"resources: ['{entry}']"})
    with pytest.raises(FetchError, match=r"map https://gitlab\.com/group/repo to a folder") as caught:
        build(repo, app("."), cache=cache)
    assert "pw" not in str(caught.value)
    write(tmp_path / "mirror", {"deploy/kustomization.yaml": "resources: [a.yaml]", "deploy/a.yaml": config_map("a")})
    mirrored = build(
        repo, app("."), cache=cache, sources={"https://user:pw@gitlab.com/group/repo": str(tmp_path / "mirror")}
    )
    assert keys(mirrored) == ["ConfigMap/a"]


def test_the_network_is_out_of_reach_of_kustomize(server: Server, tmp_path: Path, cache: Path) -> None:
    """A URL that a later kustomize may understand and the scan does not must not be followed."""
    server.routes["/x.yaml"] = (200, {}, config_map("x").encode())
    url = f"{server.url}/x.yaml"
    repo = write(tmp_path / "repo", {"kustomization.yaml": f"patchesStrategicMerge: ['{url}']"})
    with pytest.raises(RenderError):
        build(repo, app("."), cache=cache)
    assert [path for path, _headers in server.seen] == ["/x.yaml"], "fetched once, by kfinstall"


@pytest.mark.skipif(os.name != "posix", reason="makes links")
def test_a_link_inside_the_repo_is_fine(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", {"app/kustomization.yaml": "resources: [a.yaml]", "b.yaml": config_map("b")})
    (repo / "app/a.yaml").symlink_to("../b.yaml")
    assert keys(build(repo, app("app"), cache=cache)) == ["ConfigMap/b"]


@pytest.mark.parametrize("file", ["app/x.yaml", "app/base/params.env", "app/base/kustomization.yaml"])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, cache: Path, file: str) -> None:
    files = {} if file == "app/x.yaml" else {"app/base/kustomization.yaml": "resources: []"}
    (write(tmp_path / "repo", files | {file: ""}) / file).write_bytes("# Größe\n".encode("latin-1"))
    with pytest.raises(RenderError, match=f"manifests:{file} cannot be used") as caught:
        build(tmp_path / "repo", app("app"), cache=cache)
    assert "not UTF-8" in caught.value.why


def test_a_name_that_is_no_text(tmp_path: Path, cache: Path) -> None:
    """Files of other systems may have such names; what is rendered does not mind."""
    repo = write(tmp_path / "repo", {"a/x.yaml": config_map("x")})
    (repo / "a" / os.fsdecode(b"gr\xf6\xdfe.txt")).write_text("")
    assert keys(build(repo, app("a"), cache=cache)) == ["ConfigMap/x"]


@pytest.mark.parametrize("address", ["https://[::1/a.tar.gz", "file://[::1/a"])
def test_an_address_that_is_none(cache: Path, address: str) -> None:
    with pytest.raises(FetchError, match="is not an address"):
        build(address, app("a"), cache=cache)
