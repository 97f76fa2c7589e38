"""kfctl's rules of merging a base and its overlays into one kustomization."""

import json
from pathlib import Path
from typing import Any

import pytest

from kfinstall.errors import RenderError
from kfinstall.render.folders import Root
from kfinstall.render.objects import leftovers, substitute
from kfinstall.render.overlays import Merged, Settings, merge

from .making import app, body, build, config_map, keys, write

BASE = {"app/base/kustomization.yaml": "resources: [a.yaml]", "app/base/a.yaml": config_map("a")}
OVERLAY = "app/overlays/{name}/kustomization.yaml"


def merged(repo: Path, *overlays: str, **parameters: str) -> Merged:
    return merge(Root("repo", repo, "manifests"), "app", overlays, Settings("demo", "kubeflow", parameters))


def overlay(name: str, **data: Any) -> dict[str, str]:
    return {OVERLAY.format(name=name): json.dumps({"bases": ["../../base"], **data})}


def test_a_child_without_bases_becomes_a_base(tmp_path: Path) -> None:
    repo = write(tmp_path, BASE | {OVERLAY.format(name="x"): "resources: [b.yaml]", "app/overlays/x/b.yaml": ""})
    found = merged(repo, "x").kustomization
    assert found["resources"] == ["base", "overlays/x"]
    assert found["namespace"] == "kubeflow"


def test_one_with_bases_is_merged(tmp_path: Path) -> None:
    repo = write(tmp_path, BASE | overlay("x", resources=["b.yaml"], commonLabels={"a": "1", "b": "1"}, namespace="no"))
    write(repo, overlay("y", resources=["c.yaml"], commonLabels={"b": "2"}, namePrefix="y-"))
    write(repo, overlay("z", namePrefix="z-"))
    found = merged(repo, "x", "y", "z").kustomization
    assert found["resources"] == ["base", "overlays/x/b.yaml", "overlays/y/c.yaml"]
    assert found["commonLabels"] == {"a": "1", "b": "2"}
    assert found["namePrefix"] == "y-", "the first wins"
    assert found["namespace"] == "kubeflow", "that of a child is dropped"


def test_a_base_among_the_resources_is_not_loaded_twice(tmp_path: Path, cache: Path) -> None:
    repo = write(tmp_path / "repo", BASE | {OVERLAY.format(name="x"): "resources: [../../base]\nnamePrefix: x-"})
    assert keys(build(repo, app("app", overlays=("x",)), cache=cache)) == ["ConfigMap/x-a"]


def test_lists_are_joined_by_name_or_path(tmp_path: Path) -> None:
    repo = write(
        tmp_path,
        BASE
        | overlay(
            "x",
            images=[{"name": "i", "newTag": "1"}],
            vars=[{"name": "v", "objref": {"kind": "A"}}],
            crds=["crd.json"],
            configurations=["params.yaml"],
            patchesStrategicMerge=["p.yaml", "{a: b}"],
            patchesJson6902=[{"path": "j.yaml", "target": {"name": "n"}}],
            patches=[{"path": "k.yaml"}],
        )
        | overlay(
            "y",
            images=[{"name": "i", "newTag": "2"}, {"name": "j"}],
            vars=[{"name": "v", "objref": {"kind": "B"}}],
            patchesJson6902=[
                {"path": "../x/j.yaml", "target": {"name": "n"}},
                {"path": "../x/j.yaml", "target": {"name": "other"}},
            ],
        ),
    )
    found = merged(repo, "x", "y").kustomization
    assert found["images"] == [{"name": "i", "newTag": "1"}, {"name": "j"}]
    assert found["vars"] == [{"name": "v", "objref": {"kind": "A"}}]
    assert found["crds"] == ["overlays/x/crd.json"]
    assert found["configurations"] == ["overlays/x/params.yaml"]
    assert found["patchesStrategicMerge"] == ["overlays/x/p.yaml", "{a: b}"]
    assert found["patches"] == [{"path": "overlays/x/k.yaml"}]
    assert [each["target"]["name"] for each in found["patchesJson6902"]] == ["n", "other"]


def test_generators_keep_their_sources(tmp_path: Path) -> None:
    repo = write(
        tmp_path,
        BASE
        | overlay(
            "x",
            configMapGenerator=[
                {"name": "c", "behavior": "create", "envs": ["e.env"], "files": ["f", "key=g"], "literals": ["a=b"]},
                {"name": "d", "behavior": "merge", "env": "e.env"},
            ],
        )
        | overlay("y", configMapGenerator=[{"name": "c", "behavior": "create"}]),
    )
    assert merged(repo, "x", "y").kustomization["configMapGenerator"] == [
        {
            "name": "c",
            "envs": ["overlays/x/e.env"],
            "files": ["overlays/x/f", "key=overlays/x/g"],
            "literals": ["a=b"],
        },
        {"name": "d", "behavior": "merge", "env": "overlays/x/e.env"},
    ]


def test_parameters_go_into_params_env(tmp_path: Path) -> None:
    repo = write(
        tmp_path,
        BASE
        | overlay("x")
        | {
            "app/base/params.env": "namespace=\nappName=old\nkept=1\nset=1\n# comment\n",
            "app/overlays/x/params.env": "other=a=b\n",
        },
    )
    result = merged(repo, "x", set="2", other="c=d\nevil=1", unknown="3")
    assert result.edits == {
        "app/base/params.env": "namespace=kubeflow\nappName=demo\nkept=1\nset=2\n# comment\n",
        "app/overlays/x/params.env": "other=c=d evil=1\n",
    }
    assert result.unused == ["unknown"]


def test_the_namespace_of_a_parameter_wins(tmp_path: Path) -> None:
    repo = write(tmp_path, BASE | {"app/base/params.env": "namespace=\n"})
    result = merged(repo, namespace="istio-system")
    assert result.kustomization["namespace"] == "istio-system"
    assert result.edits == {"app/base/params.env": "namespace=istio-system\n"}


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    repo = write(tmp_path, BASE | overlay("istio") | overlay("db"))
    with pytest.raises(RenderError) as caught:
        merged(repo, "isto")
    assert "no overlays/isto" in caught.value.why
    assert caught.value.fix == "It has these overlays: db, istio."


PARAMETRISED = {
    "app/base/kustomization.yaml": """
resources: [d.yaml, b.yaml]
configMapGenerator: [{name: params, env: params.env}]
generatorOptions: {disableNameSuffixHash: true}
vars:
- {name: where, objref: {kind: ConfigMap, name: params, apiVersion: v1}, fieldref: {fieldpath: data.where}}
- {name: namespace, objref: {kind: ConfigMap, name: params, apiVersion: v1}, fieldref: {fieldpath: data.namespace}}
configurations: [params.yaml]
""",
    "app/base/params.env": "where=here\nnamespace=\n",
    "app/base/params.yaml": """
varReference:
- {path: spec/template/spec/containers/0/env/0/value, kind: Deployment}
""",
    "app/base/d.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template:
    spec:
      containers:
      - name: c
        args: [$(MINE)]
        env: [{name: WHERE, value: $(where)}]
""",
    "app/base/b.yaml": """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: s, namespace: $(namespace)}, {kind: User, name: $(stranger)}]
""",
}


def test_parameters_reach_the_objects(tmp_path: Path, cache: Path) -> None:
    """The whole chain of kfctl, with its two defects repaired: list indexes, and `$(namespace)` in subjects."""
    repo = write(tmp_path / "repo", PARAMETRISED)
    application = app("app", parameters={"where": "there", "nobody": "reads this"})
    rendering = build(repo, application, cache=cache)
    container = body(rendering, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "WHERE", "value": "there"}]
    assert container["args"] == ["$(MINE)"], "the environment of a container is Kubernetes' to fill in"
    subjects = body(rendering, "ClusterRoleBinding")["subjects"]
    assert [subject.get("namespace") for subject in subjects] == ["kubeflow", None]
    assert subjects[1]["name"] == "$(stranger)"
    assert "nobody" in rendering.warnings[0]


def test_a_var_that_names_nothing_is_explained(tmp_path: Path, cache: Path) -> None:
    files = {name: text.replace("data.namespace", "data.none") for name, text in PARAMETRISED.items()}
    with pytest.raises(RenderError, match="field specified in var") as caught:
        build(write(tmp_path / "repo", files), app("app"), cache=cache)
    assert "command failed" not in caught.value.why


def test_a_var_that_is_left_is_noticed() -> None:
    variable = {"name": "v", "objref": {"kind": "ConfigMap", "name": "c"}, "fieldref": {"fieldpath": "data.v"}}
    binding = {"kind": "RoleBinding", "metadata": {"name": "b"}, "subjects": [{"name": "$(v)"}, "odd"]}
    maps = [{"kind": "ConfigMap", "metadata": {"name": f"c{end}"}, "data": {"v": end}} for end in ("", "-0123456789")]
    ambiguous = substitute([binding, *maps], [variable])
    assert leftovers(ambiguous, [variable]) == ["$(v) in RoleBinding/b"]
    assert substitute([binding, maps[1]], [variable])[0]["subjects"][0] == {"name": "-0123456789"}
