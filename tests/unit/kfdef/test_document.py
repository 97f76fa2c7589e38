"""KfDef files of every version, right and wrong."""

from pathlib import Path
from typing import Any

import pytest

from kfinstall.errors import DocumentError
from kfinstall.kfdef.document import load
from kfinstall.kfdef.types import Application, KfDef, Repo
from kfinstall.model.source import Document, parse

HEAD = "apiVersion: kfdef.apps.kubeflow.org/{version}\nkind: KfDef\n"
SPEC = """
spec:
  repos:
  - {name: manifests, uri: https://example.com/m.tar.gz}
  applications:
  - name: dex
    kustomizeConfig:
      repoRef: {name: manifests, path: dex-auth}
      overlays: [istio]
      parameters: [{name: client_id, value: me}, {name: empty, value: ""}]
"""


def read(text: str, file: str = "kfdef.yaml") -> KfDef:
    [document] = parse(text, file)
    return load(document, default_name="folder")


def problems(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def with_spec(*lines: str, version: str = "v1") -> str:
    return HEAD.format(version=version) + "spec:\n" + "".join(f"  {line}\n" for line in lines)


REPOS = "repos: [{name: manifests, uri: x}]"


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_the_three_versions(version: str) -> None:
    kfdef = read(HEAD.format(version=version) + "metadata: {namespace: mine}" + SPEC)
    assert kfdef == KfDef(
        name="folder",
        namespace="mine",
        applications=(Application("dex", "manifests", "dex-auth", ("istio",), {"client_id": "me"}),),
        repos=(Repo("manifests", "https://example.com/m.tar.gz"),),
    )
    assert not kfdef.stacks


def test_what_kfctl_wrote_back_is_read(tmp_path: Path) -> None:
    """clusterName, conditions, and a localPath in quotes inside quotes (kubeflow/kfctl#428)."""
    kfdef = read(
        HEAD.format(version="v1")
        + """
metadata:
  name: mine
  clusterName: gke_x
  creationTimestamp: null
  labels: {a: b}
  annotations: {kfctl.kubeflow.io/force-delete: "false"}
"""
        + SPEC
        + """
  version: v1.2.0
  plugins:
  - {kind: KfGcpPlugin, metadata: {name: gcp}, spec: {project: p}}
  - {kind: KfSomethingPlugin, spec: {}}
  secrets:
  - {name: password, secretSource: {envSource: {name: PASSWORD}}}
  - {name: other, secretSource: {literalSource: {value: s3cret}}}
status:
  conditions: [{type: Available, status: "True"}]
  reposCache: [{name: manifests, localPath: '".cache/manifests/manifests-1.2.0"'}]
"""
    )
    assert (kfdef.name, kfdef.version, kfdef.namespace) == ("mine", "v1.2.0", "kubeflow")
    assert [plugin.kind for plugin in kfdef.plugins] == ["KfGcpPlugin", "KfSomethingPlugin"]
    assert "KfGcpPlugin is not carried out" in kfdef.warnings[0]
    assert kfdef.secrets[0].variable == "PASSWORD"
    assert "s3cret" not in repr(kfdef)
    assert kfdef.secrets[1].literal is not None
    assert kfdef.secrets[1].literal.get_secret_value() == "s3cret"


def test_values_without_quotes_are_texts_as_for_kfctl() -> None:
    text = SPEC.replace("value: me", "value: 5").replace('value: ""', "value: true")
    kfdef = read(HEAD.format(version="v1") + text + "  version: 1.0\n")
    assert kfdef.applications[0].parameters == {"client_id": "5", "empty": "true"}


def test_keys_without_a_value_are_empty() -> None:
    kfdef = read(
        HEAD.format(version="v1")
        + "metadata: {annotations: , labels: null}"
        + SPEC.replace("overlays: [istio]", "overlays:")
        + "  plugins:\n  secrets: null\n"
    )
    assert [kfdef.applications[0].overlays, kfdef.plugins, kfdef.secrets] == [(), (), ()]


def test_a_relative_repo_is_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "kfdef.yaml"
    file.write_text("")
    text = HEAD.format(version="v1") + SPEC.replace("https://example.com/m.tar.gz", "./manifests")
    assert read(text, str(file)).repos[0].uri == str(tmp_path / "manifests")
    assert read(text, "https://example.com/kfdef.yaml").repos[0].uri == "./manifests"


def test_stacks_say_what_they_ignore() -> None:
    kfdef = read(
        HEAD.format(version="v1") + SPEC + "  - {name: kubeflow-apps, kustomizeConfig: {repoRef: {name: manifests}}}"
    )
    assert kfdef.stacks
    assert kfdef.applications[1].path == ""
    assert "Overlays and parameters of dex have no effect" in kfdef.warnings[0]


ALPHA = """
metadata: {name: kfctl, namespace: kubeflow}
spec:
  appdir: /home/me/kfctl
  platform: gcp
  project: p
  useIstio: true
  enableApplications: true
  packageManager: kustomize
  version: v0.6.2
  plugins: [{name: gcp, spec: {}}]
  secrets: [{name: p, secretSource: {hashedSource: {hash: x}}}]
  repos: [{name: manifests, root: manifests-0.6.2, uri: https://example.com/m.tar.gz}]
  applications:
  - name: istio
    kustomizeConfig:
      parameters: [{initRequired: true, name: namespace, value: istio-system}]
      repoRef: {name: manifests, path: istio}
status: {reposCache: {manifests: {localPath: x}}}
"""


def test_the_flat_form_of_0_6() -> None:
    kfdef = read(HEAD.format(version="v1alpha1") + ALPHA)
    assert kfdef.applications == (Application("istio", "manifests", "istio", (), {"namespace": "istio-system"}),)
    assert kfdef.plugins[0].kind == "KfGcpPlugin"
    assert any("platform gcp" in warning for warning in kfdef.warnings)


def test_ksonnet_components_are_refused() -> None:
    text = HEAD.format(version="v1alpha1") + "spec: {components: [ambassador, argo], packages: [argo]}"
    [problem] = problems(text)
    assert problem.startswith("kfdef.yaml:3:8: spec.components: these are ksonnet components")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: KfDef", ["kfdef.yaml:1:1: apiVersion: this is missing"]),
        ("- a", ["kfdef.yaml:1:1: a KfDef is a mapping"]),
        ("apiVersion: kfdef.apps.kubeflow.org/v2\nkind: KfDef", ['1:13: apiVersion: the version "v2" is not known']),
        ("apiVersion: apps/v1\nkind: KfDef", ['1:13: apiVersion: the group "apps" is not that of a KfDef']),
        (
            "apiVersion: kfdef.apps.kubeflow.org/v1\nkind: KfUpgrade",
            ['2:7: kind: "KfDef" is expected here'],
        ),
        ("apiVersion: kfdef.apps.kubeflow.org/v1\nkind: KfDef", ["spec: this is missing"]),
        (with_spec(REPOS, "applications: []"), ["spec.applications: must have at least 1"]),
        (with_spec(REPOS, "aplications: []"), ["this is missing", 'unknown key. Did you mean "applications"?']),
        (
            with_spec(REPOS, "applications: [{name: a}]"),
            ['applications[0]: the application "a" has no kustomizeConfig'],
        ),
        (
            with_spec(REPOS, "applications: [{name: a, kustomizeConfig: {repoRef: {name: manifest}}}]"),
            ['there is no repo "manifest" in spec.repos. Did you mean "manifests"?'],
        ),
        (
            with_spec(REPOS, "applications: [{name: a, kustomizeConfig: {repoRef: {name: manifests, path: ../x}}}]"),
            ["repoRef.path: the path must stay inside the repo."],
        ),
        (
            with_spec(
                REPOS, "applications: [{name: a, kustomizeConfig: {repoRef: {name: manifests}, overlays: [../x]}}]"
            ),
            ["overlays[0]: an overlay is a name"],
        ),
        (
            with_spec(REPOS, "applications: [{name: a/b, kustomizeConfig: {repoRef: {name: manifests}}}]"),
            ["applications[0].name: must match"],
        ),
        (
            with_spec("repos: [{name: manifests, uri: x, sha256: abc}]", "applications: 5"),
            ["sha256: must match", "applications: a list is expected"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected), found
    for problem, words in zip(found, expected, strict=True):
        assert words in problem


def test_every_problem_is_told_at_once() -> None:
    found = problems(
        with_spec(
            "repos: [{name: manifests, uri: x}, {name: manifests, uri: y}]",
            "versoin: v1",
            "secrets: [{name: s}, {name: t, secretSource: {}}]",
            "applications:",
            "- {name: a, kustomizeConfig: {repoRef: {name: manifests, paths: x}}}",
            "- {name: a, kustomizeConfig: {repoRef: {name: other}}}",
            "- {name: b}",
            "- {kustomizeConfig: {repoRef: {name: manifests}}}",
        )
    )
    assert [problem.split(": ", 1)[1] for problem in found] == [
        'spec.repos[1].name: "manifests" is here twice; the other one is on line 4.',
        'spec.versoin: unknown key. Did you mean "version"?',
        "spec.secrets[0]: this secret has no secretSource: give it a literalSource or an envSource.",
        "spec.secrets[1]: this secret has no secretSource: give it a literalSource or an envSource.",
        'spec.applications[0].kustomizeConfig.repoRef.paths: unknown key. Did you mean "path"?',
        'spec.applications[1].name: "a" is here twice; the other one is on line 8.',
        'spec.applications[1].kustomizeConfig.repoRef.name: there is no repo "other" in spec.repos.',
        'spec.applications[2]: the application "b" has no kustomizeConfig: it says where its manifests are.',
        "spec.applications[3].name: this is missing.",
    ]


@pytest.mark.parametrize("data", [None, [], 5, "text", {}, {"kind": 5}, {"spec": {"applications": {"a": 1}}}])
def test_no_data_makes_it_fail_in_another_way(data: Any) -> None:
    with pytest.raises(DocumentError):
        load(Document(data, "x"), default_name="x")
    full = {"apiVersion": "kfdef.apps.kubeflow.org/v1", "kind": "KfDef", "spec": data}
    with pytest.raises(DocumentError):
        load(Document(full, "x"), default_name="x")
    full["spec"] = {"applications": [data, {"name": data, "kustomizeConfig": data}], "repos": [data]}
    with pytest.raises(DocumentError):
        load(Document(full, "x"), default_name="x")
