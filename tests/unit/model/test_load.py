"""Files, --set and the environment become one Install, and everything that is wrong is said in one run."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfinstall.errors import DocumentError, Place
from kfinstall.model.install import Install, PlatformOptions
from kfinstall.model.load import LoadedInstall, load
from kfinstall.model.write import dump
from platforms.existing import ExistingOptions

HEAD = "apiVersion: kfinstall.io/v1alpha1\nkind: Install\n"
BASE = HEAD + "platform: {type: existing}\n"
KFDEF = """\
apiVersion: kfdef.apps.kubeflow.org/v1
kind: KfDef
metadata: {name: old, namespace: kubeflow}
spec:
  repos: null
  version: ${NOT_OURS} $$
"""


class CloudOptions(PlatformOptions):
    type: Literal["cloud"]
    project: str
    nodes: int = 1


PLATFORMS: dict[str, type[PlatformOptions]] = {"existing": ExistingOptions, "cloud": CloudOptions}


def loaded(
    texts: Mapping[str, str] | str, sets: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> LoadedInstall:
    files = {"f.yaml": texts} if isinstance(texts, str) else texts
    return load(list(files), sets, platforms=PLATFORMS, environ=environ or {}, read=files.__getitem__)


def refused(
    texts: Mapping[str, str] | str, sets: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> list[str]:
    with pytest.raises(DocumentError) as error:
        loaded(texts, sets, environ)
    return [str(one) for one in error.value.problems]


def test_the_defaults() -> None:
    install = loaded(BASE).install
    assert isinstance(install, Install)
    assert isinstance(install.platform, ExistingOptions)
    assert install.metadata.name == "kubeflow"
    assert install.kubeflow.preset == "kubeflow-26.03"
    assert install.kubeflow.usage_reporting is False
    assert install.wait.enabled
    assert install.wait.timeout == timedelta(minutes=30)


def test_every_key() -> None:
    install = loaded(
        BASE
        + """
kubeflow:
  url: https://example.com/kfdef.yaml
  sha256: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
  namespace: ml
  components: {katib: false}
  parameters: {dex: {"issuer": http://dex}}
  patches:
    katib:
    - target: {kind: Deployment, labelSelector: app=katib}
      patch: |
        - op: remove
          path: /spec
  usageReporting: true
sources: {"https://github.com/": https://mirror.example/}
apply: {skipKinds: [MutatingWebhookConfiguration], forceConflicts: true}
wait: {enabled: false, timeout: 1h30m}
"""
    ).install
    assert install.kubeflow.sha256 == "a" * 64
    assert install.kubeflow.patches["katib"][0].patch == "- op: remove\n  path: /spec\n"
    assert install.sources == {"https://github.com/": "https://mirror.example/"}
    assert install.apply.skip_kinds == ("MutatingWebhookConfiguration",)
    assert install.wait.timeout == timedelta(minutes=90)


def test_later_files_go_on_top() -> None:
    install = loaded(
        {
            "base": BASE + "kubeflow: {namespace: a, components: {x: true, y: true}}\napply: {skipKinds: [A, B]}",
            "dev": HEAD + "kubeflow: {namespace: null, components: {y: false}}\napply: {skipKinds: [C]}",
        }
    ).install
    assert install.kubeflow.namespace is None
    assert install.kubeflow.components == {"x": True, "y": False}
    assert install.apply.skip_kinds == ("C",)


def test_another_platform_replaces_the_old_ones_options() -> None:
    cloud = {"a": HEAD + "platform: {type: existing, context: x}", "b": HEAD + "platform: {type: cloud, project: p}"}
    assert loaded(cloud).install.platform == CloudOptions(type="cloud", project="p")
    here = {"a": HEAD + "platform: {type: existing, context: x}"}
    for sets in (["platform.type=cloud", "platform.project=p"], ["platform.project=p", "platform.type=cloud"]):
        assert loaded(here, sets).install.platform == CloudOptions(type="cloud", project="p")
    kept = loaded(here, ["platform.type=existing"]).install.platform
    assert kept == ExistingOptions(type="existing", context="x")
    untold = {"a": HEAD + "platform: {context: x}"}
    assert loaded(untold, ["platform.type=existing"]).install.platform == kept
    same = {"a": HEAD + "platform: {type: existing, context: x}", "b": HEAD + "platform: {kubeconfig: /k}"}
    assert loaded(same).install.platform == ExistingOptions(type="existing", context="x", kubeconfig=Path("/k"))


def test_problems_of_all_files_come_in_one_run() -> None:
    assert refused(
        {"a": "x: [1", "b": HEAD + "kubflow: {}\n", "c": "kind: Install\n"},
        ["=3", "wait.timeout=soon"],
    ) == [
        'a:1:4: a "," or the closing "]" is missing.',
        "c:1:1: apiVersion: this is missing. For an install file it is kfinstall.io/v1alpha1.",
        '--set 1: a path, "=" and a value are expected, such as a.b=c, a.b[0]=c or a."x.y"=c.',
        "--set 2: wait.timeout: a duration is expected here, such as 90s, 30m or 1h30m.",
        'b:3:1: kubflow: unknown key. Did you mean "kubeflow"?',
    ]


def test_what_a_broken_file_may_hold_is_not_called_missing() -> None:
    assert len(refused({"a": BASE + "x: [1", "b": HEAD})) == 1


@pytest.mark.parametrize(
    ("argument", "path", "value"),
    [
        ("metadata.name=1", ("metadata", "name"), "1"),
        ("kubeflow.components.katib=no", ("kubeflow", "components", "katib"), False),
        ('kubeflow.parameters."x.y".z=1.30', ("kubeflow", "parameters", "x.y", "z"), "1.30"),
        ("apply.skipKinds[1]=C", ("apply", "skipKinds", 1), "C"),
        ("apply.skipKinds[2]=C", ("apply", "skipKinds", 2), "C"),
        ("apply.skipKinds=[X]", ("apply", "skipKinds"), ["X"]),
        ("kubeflow.patches.a[0].patch=a=b", ("kubeflow", "patches", "a", 0, "patch"), "a=b"),
        ("platform={type: cloud, project: p}", ("platform", "project"), "p"),
        ("wait.timeout=5m", ("wait", "timeout"), "5m"),
    ],
)
def test_set_changes_one_value(argument: str, path: tuple[str | int, ...], value: object) -> None:
    document = loaded(BASE + "apply: {skipKinds: [A, B]}", [argument]).document
    assert document.at(path).data == value
    assert document.place(path) == Place("--set 1")


def test_set_null_removes() -> None:
    assert loaded(BASE + "kubeflow: {namespace: x}", ["kubeflow.namespace=null"]).install.kubeflow.namespace is None


def test_set_alone_can_be_the_document() -> None:
    install = load([], ["platform.type=cloud", "platform.project=7"], platforms=PLATFORMS, environ={}).install
    assert install.platform == CloudOptions(type="cloud", project="7")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("metadata.name", 'a path, "=" and a value are expected'),
        ("metadata..name=x", 'a path, "=" and a value are expected'),
        (".a=x", 'a path, "=" and a value are expected'),
        ("a b[=x", 'a path, "=" and a value are expected'),
        ("apply.skipKinds[5]=C", "apply.skipKinds has 1 entries; the next is [1]."),
        ("apply.skipKinds.x=C", "apply.skipKinds is a list; name an entry with [0]."),
        ("apply[0]=C", "apply is a mapping; name a key."),
        ("platform.type.x=C", "platform.type is a single value; nothing is inside it."),
        ("apply.skipKinds=[X", 'a "," or the closing "]" is missing.'),
        ("aply.x=1", 'aply: unknown key. Did you mean "apply"?'),
    ],
)
def test_a_set_that_does_not_fit_is_explained(argument: str, words: str) -> None:
    problems = refused(BASE + "apply: {skipKinds: [A]}", ["metadata.name=ok", argument])
    assert any(one.startswith("--set 2: ") and words in one for one in problems)


def test_the_environment_fills_values() -> None:
    text = BASE + 'kubeflow: {namespace: "${NS}-x", parameters: {a: {b: "${B:-none}, $${B} $$ $(c) $d"}}}'
    kubeflow = loaded(text, environ={"NS": "ml"}).install.kubeflow
    assert kubeflow.namespace == "ml-x"
    assert kubeflow.parameters == {"a": {"b": "none, ${B} $ $(c) $d"}}


def test_a_replaced_reference_needs_no_value() -> None:
    files = {"a": BASE + 'metadata: {name: "${NAME}"}', "b": HEAD + "metadata: {name: b}"}
    assert loaded(files).install.metadata.name == "b"


def test_all_missing_variables_are_reported_and_nothing_twice() -> None:
    text = BASE + 'wait: {timeout: "${T}"}\nmetadata: {name: "${N}", nam: x}'
    assert refused(text, environ={"N": ""}) == [
        "f.yaml:4:17: wait.timeout: the environment variable T is not set. Set it, or give a default: ${T:-...}.",
        "f.yaml:5:18: metadata.name: the environment variable N is empty. Set it, or give a default: ${N:-...}.",
        'f.yaml:5:26: metadata.nam: unknown key. Did you mean "name"?',
    ]


def test_what_the_environment_gave_is_never_shown() -> None:
    text = BASE + 'kubeflow: {components: {a: "${P}"}, namespace: "${P}"}\nwait: {timeout: "${P}", enabled: "${P}"}'
    said = "\n".join(refused(text, environ={"P": "Hunter2!"}))
    assert said.count("f.yaml:") == 4
    assert "Hunter2" not in said


def test_a_secret_in_plain_text_is_warned_of() -> None:
    text = BASE + 'kubeflow: {parameters: {dex: {static_password: hunter2, client_secret: "${S}"}}}'
    (warning,) = loaded(text, environ={"S": "x"}).warnings
    assert warning.startswith("f.yaml:4:48: kubeflow.parameters.dex.static_password: a secret stands here")
    assert "hunter2" not in warning


def test_a_kfdef_stands_for_an_install() -> None:
    result = loaded({"old.yaml": KFDEF})
    assert result.install.platform == ExistingOptions(type="existing")
    assert result.install.kubeflow.preset is None
    assert result.install.kubeflow.kfdef is not None
    assert result.install.kubeflow.kfdef["spec"] == {"repos": None, "version": "${NOT_OURS} $$"}
    document = result.kfdef_document
    assert document is not None
    assert document.data == result.install.kubeflow.kfdef
    assert document.place(("spec", "version")) == Place("old.yaml", 6, 12)
    assert document.at_path == ()


def test_a_kfdef_goes_with_install_files_in_any_order() -> None:
    for order in (("k", "i"), ("i", "k")):
        texts = {"k": KFDEF, "i": HEAD + "platform: {type: cloud, project: p}\nmetadata: {name: mine}"}
        install = loaded({name: texts[name] for name in order}).install
        assert install.platform == CloudOptions(type="cloud", project="p")
        assert install.kubeflow.kfdef is not None
    assert loaded({"k": KFDEF}, ["platform.context=x"]).install.platform.model_dump()["context"] == "x"


def test_an_inline_kfdef_has_places() -> None:
    result = loaded(BASE + "kubeflow:\n  kfdef:\n    spec: {a: 1}\n")
    assert result.kfdef_document is not None
    assert result.kfdef_document.place(("spec", "a")) == Place("f.yaml", 6, 15)
    assert result.kfdef_document.at_path == ("kubeflow", "kfdef")
    assert loaded(BASE).kfdef_document is None


def test_two_kfdefs_are_one_too_many() -> None:
    assert refused({"a": KFDEF, "b": KFDEF}) == ["b:1:1: a second KfDef; a is one already. An install has one."]


def test_paths_start_at_the_folder_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    base, dev = tmp_path / "base.yaml", tmp_path / "env" / "dev.yaml"
    base.write_text(
        HEAD + "platform: {type: existing, kubeconfig: kube/config}\nsources: {https://a: b, https://c: https://d}"
    )
    dev.write_text(HEAD + "kubeflow: {file: my.yaml, patches: {a: [{path: ../p.yaml}]}}\nsources: {https://e: f}")
    install = load([str(base), str(dev)], ['kubeflow.patches."b"[0].path=q'], platforms=PLATFORMS, environ={}).install
    assert install.platform == ExistingOptions(type="existing", kubeconfig=tmp_path / "kube/config")
    assert install.kubeflow.file == tmp_path / "env/my.yaml"
    assert install.kubeflow.patches["a"][0].path == tmp_path / "env/../p.yaml"
    assert install.kubeflow.patches["b"][0].path == Path.cwd() / "q"
    assert install.sources == {
        "https://a": str(tmp_path / "b"), "https://c": "https://d", "https://e": str(tmp_path / "env/f"),
    }  # fmt: skip


def test_a_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    install = loaded(BASE + "kubeflow: {file: ~/k.yaml}\nsources: {https://a: ~no-such-user-here/x}").install
    assert install.kubeflow.file == Path("/home/someone/k.yaml")
    assert install.sources["https://a"].endswith("/~no-such-user-here/x")


def test_a_document_from_the_web_has_no_folder() -> None:
    assert refused({"https://example.com/i.yaml": BASE + "kubeflow: {file: my.yaml}"}) == [
        "https://example.com/i.yaml:4:18: kubeflow.file: a relative path has no meaning in a document from the web."
        " Use a URL or an absolute path."
    ]
    with pytest.raises(DocumentError, match="only files can be read here"):
        load(["https://example.com/i.yaml"], platforms=PLATFORMS, environ={})


def test_origins_name_file_set_and_default() -> None:
    result = loaded(BASE + 'metadata: {name: "${N}"}', ["wait.timeout=5m"], environ={"N": "hidden"})
    origins = {origin.path: origin for origin in result.origins()}
    assert origins["metadata", "name"].value == "${N}"
    assert origins["metadata", "name"].place == Place("f.yaml", 4, 18)
    assert origins["wait", "timeout"].place == Place("--set 1")
    assert origins["wait", "enabled"].place is None
    assert origins["kubeflow", "preset"] == (("kubeflow", "preset"), "kubeflow-26.03", None)


VALID = (
    BASE
    + """\
kubeflow:
  components: {katib: false, "x.y": true}
  parameters: &p {dex: {issuer: "${ISSUER:-none}"}}
  patches:
    katib: [{path: a.yaml, target: {kind: Deployment}}]
wait: {enabled: true, timeout: 1h30m}
"""
)


def attempt(texts: Mapping[str, str], sets: Sequence[str] = ()) -> None:
    try:
        result = loaded(texts, sets)
    except DocumentError as error:
        if not error.problems:
            pytest.fail("an error without a problem")
    else:
        dump(result)
        result.origins()


@settings(deadline=None)
@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_loads_or_is_explained(text: str, sets: list[str]) -> None:
    attempt({"a": text, "b": VALID}, sets)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(VALID)),
            st.integers(0, 20),
            st.text(max_size=5)
            | st.sampled_from(["*p", "&p ", "${", "\t", "- ", ": ", "{", "]", "!!", "null", "1.30"]),
        ),
        max_size=4,
    )
)
def test_any_mutation_loads_or_is_explained(changes: list[tuple[int, int, str]]) -> None:
    text = VALID
    for start, length, new in changes:
        text = text[:start] + new + text[start + length :]
    attempt({"f": text})


yaml_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["existing", "30m"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "preset", "a", "path", "kind", "components"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.sampled_from(["kubeflow", "platform", "sources", "apply", "wait", "metadata", "kubeflow.patches"]),
    yaml_like,
)
def test_any_data_loads_or_is_explained(key: str, value: object) -> None:
    attempt({"f": VALID}, [f"{key}={json.dumps(value)}"])


def test_validation_loads_no_client_of_a_cluster_or_a_cloud() -> None:
    program = (
        "import sys\n"
        "from kfinstall.model.load import load\n"
        "from kfinstall.registry import platforms\n"
        f"load(['f'], platforms=platforms().options, environ={{}}, read=lambda _: {BASE!r})\n"
        "heavy = {'kubernetes', 'textual', 'google', 'azure', 'rich', 'click', 'urllib3'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
