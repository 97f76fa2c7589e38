"""Whatever a user brings that cannot work: a clear message with its place, the right exit code, nothing written."""

from __future__ import annotations

import base64
import gzip
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.proxy import Proxy
from tests.controlplane.cluster import Cluster
from tests.e2e import broken
from tests.e2e.broken import Scene, link, tarball
from tests.e2e.conftest import Kfinstall
from tests.e2e.release import Release


@dataclass(frozen=True)
class Case:
    """name of what is wrong; how it is made; words of the answer, in which {file} and {kfdef} are paths; exit code."""

    name: str
    make: Callable[[Scene], object]
    words: str
    code: int = 2


def _args(*arguments: str) -> Callable[[Scene], None]:
    return lambda scene: scene.arguments.extend(arguments)


def _server(address: str) -> Callable[[Scene], None]:
    return lambda scene: scene.config(lambda data: data["clusters"][0]["cluster"].update(server=address))


def _kubeconfig(text: str) -> Callable[[Scene], None]:
    return lambda scene: scene.config(lambda _data: text)


def _application(index: int, **changes: object) -> Callable[[Scene], None]:
    return lambda scene: scene.kfdef(lambda data: data["spec"]["applications"][index].update(changes))


def _other_authority(scene: Scene) -> None:
    certificate = base64.b64encode(broken.other_authority(scene.release.folder)).decode()
    scene.config(lambda data: data["clusters"][0]["cluster"].update({"certificate-authority-data": certificate}))


def _wrong_checksum(scene: Scene) -> None:
    scene.served(tarball(("repo/base/all.yaml", b"")), sha256="0" * 64)


def _missing_env(scene: Scene) -> None:
    scene.install(lambda data: data["kubeflow"].update(namespace="${KUBEFLOW_NAMESPACE_OF_NOBODY}"))


def _expired(scene: Scene) -> None:
    scene.kubeconfig = scene.direct
    scene.config(lambda data: data["users"][0]["user"].update(token="expired"))


def _no_exec(scene: Scene) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login", "args": []}}
    scene.config(lambda data: data["users"][0].update(user=user))


def _manifest(text: str) -> Callable[[Scene], None]:
    return lambda scene: scene.manifest(text)


def _install(key: str, value: object) -> Callable[[Scene], None]:
    return lambda scene: scene.install(lambda data: data.update({key: value}))


def _kubeflow(**values: object) -> Callable[[Scene], None]:
    return lambda scene: scene.install(lambda data: data["kubeflow"].update(values))


def _text(text: str) -> Callable[[Scene], None]:
    return lambda scene: scene.install(lambda _data: text)


def _kfdef(text: str) -> Callable[[Scene], None]:
    return lambda scene: scene.kfdef(lambda _data: text)


def _repo(content: bytes | Callable[[], bytes]) -> Callable[[Scene], None]:
    return lambda scene: scene.served(content() if callable(content) else content)


def _uri(uri: str) -> Callable[[Scene], None]:
    return lambda scene: scene.kfdef(lambda data: data["spec"]["repos"][0].update(uri=uri))


def _kustomize(key: str, value: object) -> Callable[[Scene], None]:
    return lambda scene: scene.kustomization(lambda data: data.update({key: value}))


HEAD = "apiVersion: kfinstall.io/v1alpha1\nkind: Install\n"
KFDEF = "apiVersion: kfdef.apps.kubeflow.org/v1\nkind: KfDef\n"
ALPHA = "apiVersion: kfdef.apps.kubeflow.org/v1alpha1\nkind: KfDef\nspec:\n  components: [ambassador, katib]\n"

DOCUMENTS = (
    Case("empty file", _text(""), "{file}: the file is empty"),
    Case("not YAML", _text("kind: [Install"), "{file}:1:7: "),
    Case("a list", _text("- kind: Install\n"), "{file}:1:1: a mapping"),
    Case(
        "binary",
        lambda scene: scene.release.install.write_bytes(b"\x00\x01\xff\xfe" * 40),
        "{file}:1:3: byte 0xff is not UTF-8",
    ),
    Case("a tab for spaces", _text(f"{HEAD}platform:\n\ttype: existing\n"), "{file}:4:1: a tab is used"),
    Case("two documents", _text(f"{HEAD}---\n{HEAD}"), "{file}:4:1: a second document"),
    Case("a key twice", _text(f"{HEAD}wait: {{}}\nwait: {{}}\n"), "{file}:4:1: wait: this key is here twice"),
    Case("alias bomb", _text(broken.alias_bomb()), "{file}:8:25: a5[3]: the aliases"),
    Case(
        "alias to itself",
        _text(f"{HEAD}wait: &me\n  more: *me\n"),
        "{file}:4:9: wait.more: the alias *me contains itself",
    ),
    Case("nested a hundred deep", _text(HEAD + "wait: " + "[" * 100 + "]" * 100), "more than 64 levels"),
    Case("nested thousands deep", _text(HEAD + "wait: " + "[" * 5000 + "]" * 5000), "levels inside each other"),
    Case("another kind", _text("apiVersion: v1\nkind: ConfigMap\n"), '{file}:2:7: kind: "ConfigMap" is not known'),
    Case("no kind", _text("apiVersion: kfinstall.io/v1alpha1\n"), "{file}:1:1: kind: this is missing"),
    Case(
        "a version to come",
        _text("apiVersion: kfinstall.io/v9\nkind: Install\n"),
        '{file}:1:13: apiVersion: "kfinstall.io/v9" is not known',
    ),
    Case("no file", _args("-f", "/nowhere/install.yaml"), "/nowhere/install.yaml: no such file"),
    Case("a folder", lambda scene: scene.arguments.extend(["-f", str(scene.release.folder)]), "this is a folder"),
    Case(
        "unknown key",
        _install("platfrom", {"type": "existing"}),
        '{file}:11:1: platfrom: unknown key. Did you mean "platform"?',
    ),
    Case(
        "wrong type",
        _install("wait", "long"),
        '{file}:9:7: wait: a mapping (key: value) is expected here, not the text "long"',
    ),
    Case("bad name", _install("metadata", {"name": "Not A Name"}), "{file}:4:9: metadata.name: small letters"),
    Case(
        "a duration of nonsense",
        _install("wait", {"timeout": "soon"}),
        "{file}:10:12: wait.timeout: a duration is expected here",
    ),
    Case(
        "unknown platform",
        _install("platform", {"type": "mainframe"}),
        '{file}:6:9: platform.type: "mainframe" is not known',
    ),
    Case(
        "unknown preset",
        lambda scene: scene.arguments.extend(["--set", "kubeflow.file=null", "--set", "kubeflow.preset=kubeflow-9"]),
        'There is no preset "kubeflow-9". Did you mean',
    ),
    Case(
        "unknown component",
        _kubeflow(components={"notebook": False}),
        'There is no application "notebook". Did you mean "notebooks"?',
    ),
    Case(
        "patch of an unknown application",
        _kubeflow(patches={"notebook": [{"patch": "[]"}]}),
        'There is no application "notebook". Did you mean "notebooks"?',
    ),
    Case(
        "two sources of Kubeflow",
        _kubeflow(preset="kubeflow-26.03"),
        "{file}:8:3: kubeflow: preset, file exclude each other",
    ),
    Case("a KfDef that is not there", _kubeflow(file="other.yaml"), "other.yaml cannot be read", 1),
    Case(
        "a variable that is not set",
        _missing_env,
        "{file}:9:14: kubeflow.namespace: the environment variable KUBEFLOW_NAMESPACE_OF_NOBODY is not set",
    ),
    Case("--set without a value", _args("--set", "wait.timeout"), '--set 2: a path, "=" and a value are expected'),
    Case(
        "--set of an unknown key",
        _args("--set", "wait.timout=5m"),
        '--set 2: wait.timout: unknown key. Did you mean "timeout"?',
    ),
    Case("--timeout of nonsense", _args("--timeout", "soon"), "--timeout soon: a duration is expected"),
    Case(
        "--request-timeout of nonsense",
        _args("--request-timeout", "soon"),
        "--request-timeout soon: a duration is expected",
    ),
    Case("--request-timeout of nothing", _args("--request-timeout", "0s"), "more than 0s"),
    Case("an unknown option", _args("--fast"), "No such option '--fast'"),
    Case("an unknown choice", _args("-o", "html"), "'html' is not one of"),
)
KFDEFS = (
    Case("KfDef: not one", _kfdef("kind: Pod\napiVersion: v1\n"), '{kfdef}:1:7: kind: "KfDef" is expected here'),
    Case(
        "KfDef: unknown version",
        _kfdef(KFDEF.replace("/v1", "/v7") + "spec: {}\n"),
        '{kfdef}:1:13: apiVersion: the version "v7" is not known',
    ),
    Case(
        "KfDef: unknown key",
        lambda scene: scene.kfdef(lambda data: data["spec"].update(applicatons=[])),
        'spec.applicatons: unknown key. Did you mean "applications"?',
    ),
    Case("KfDef: ksonnet", _kfdef(ALPHA), "{kfdef}:4:3: spec.components: these are ksonnet components"),
    Case(
        "KfDef: unknown repo",
        _application(0, kustomizeConfig={"repoRef": {"name": "manifest", "path": "base"}}),
        '{kfdef}:11:15: spec.applications[0].kustomizeConfig.repoRef.name: there is no repo "manifest"',
    ),
    Case(
        "KfDef: no kustomizeConfig",
        _application(1, kustomizeConfig=None),
        '{kfdef}:13:5: spec.applications[1]: the application "base" has no kustomizeConfig',
    ),
    Case(
        "KfDef: an application twice",
        _application(1, name="definitions"),
        '{kfdef}:13:11: spec.applications[1].name: "definitions" is here twice',
    ),
    Case(
        "KfDef: a path out of the repo",
        _application(0, kustomizeConfig={"repoRef": {"name": "manifests", "path": "../.."}}),
        "{kfdef}:12:15: spec.applications[0].kustomizeConfig.repoRef.path: the path must stay inside the repo",
    ),
    Case(
        "KfDef: a path that is not there",
        _application(0, kustomizeConfig={"repoRef": {"name": "manifests", "path": "crds"}}),
        "The repo manifests has no crds",
        1,
    ),
    Case(
        "KfDef: an overlay that is not there",
        _application(2, kustomizeConfig={"repoRef": {"name": "manifests", "path": "notebooks"}, "overlays": ["gpu"]}),
        "It has no overlays/gpu",
        1,
    ),
)
ARCHIVES = (
    Case(
        "archive: climbs out",
        _repo(tarball(("repo/../../../evil", b"x"))),
        "'repo/../../../evil' leads out of the folder",
        1,
    ),
    Case("archive: absolute path", _repo(tarball(("/etc/evil", b"x"))), "'/etc/evil' leads out of the folder", 1),
    Case("archive: link out", _repo(tarball(link("repo/base", "../../.."))), "its member 'repo/base' is refused", 1),
    Case(
        "archive: link to /etc",
        _repo(tarball(link("repo/base/all.yaml", "/etc/passwd"))),
        "is a link to an absolute path",
        1,
    ),
    Case(
        "archive: hard link out",
        _repo(tarball(link("repo/base/all.yaml", "../../x", tarfile.LNKTYPE))),
        "its member 'repo/base/all.yaml' is refused",
        1,
    ),
    Case("archive: zip bomb", _repo(broken.zip_bomb), "unpacked it has more than 512 MiB", 1),
    Case(
        "archive: an HTML page",
        _repo(b"<!DOCTYPE html><html><body>Please log in</body></html>"),
        "it is a web page and not an archive",
        1,
    ),
    Case(
        "archive: cut off",
        _repo(tarball(("repo/base/all.yaml", bytes(range(256)) * 4000))[:300]),
        "it is damaged or cut off",
        1,
    ),
    Case("archive: empty", _repo(b""), "it is empty", 1),
    Case("archive: no tar in it", _repo(gzip.compress(b"hello", mtime=0)), "it is damaged or cut off", 1),
    Case("archive: wrong checksum", _wrong_checksum, "is not what it should be", 1),
    Case("archive: 404", lambda scene: _uri(f"{scene.url}/nothing.tar.gz")(scene), "cannot be fetched: HTTP 404", 1),
    Case("archive: nobody answers", _uri("http://127.0.0.1:1/repo.tar.gz"), "Connection refused", 1),
    Case("archive: a scheme of its own", _uri("gopher://example.com/repo.tar.gz"), "gopher is not supported", 1),
    Case("archive: a folder that is not there", _uri("/nowhere/repo"), "/nowhere/repo cannot be read", 1),
)
MANIFESTS = (
    Case(
        "manifest: no kind",
        _manifest("apiVersion: v1\nmetadata: {name: x}\n"),
        "manifests:base/more.yaml cannot be used.\n  document 1: it has no kind",
        1,
    ),
    Case("manifest: no name", _manifest("apiVersion: v1\nkind: ConfigMap\n"), "the ConfigMap has no metadata.name", 1),
    Case("manifest: not YAML", _manifest("kind: {"), "Line 2: did not find", 1),
    Case("manifest: a text", _manifest("hello\n"), "it is no Kubernetes object", 1),
    Case("manifest: alias bomb", _manifest(broken.alias_bomb()), "Line 9: the aliases stand for more than", 1),
    Case(
        "manifest: unknown kind",
        _manifest("apiVersion: example.org/v1\nkind: Unicorn\nmetadata: {name: x}\n"),
        "Unicorn example.org/v1 (no such kind here",
        3,
    ),
    Case(
        "manifest: removed API",
        _manifest("apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: x}\n"),
        "Ingress extensions/v1beta1 (removed in 1.22, now networking.k8s.io/v1)",
        3,
    ),
    Case(
        "manifest: nobody's namespace",
        _manifest("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: of-nobody}\n"),
        "kubectl create namespace of-nobody",
        3,
    ),
    Case(
        "kustomization: does not build",
        _kustomize("resources", ["missing.yaml"]),
        "It names 'missing.yaml', which is not there",
        1,
    ),
    Case(
        "kustomization: not YAML",
        lambda scene: scene.kustomization(lambda _data: "resources: ["),
        "notebooks/base/kustomization.yaml cannot be used.\n  Line 2",
        1,
    ),
    Case(
        "kustomization: reads /etc/passwd",
        _kustomize("configMapGenerator", [{"name": "x", "files": ["/etc/passwd"]}]),
        "'/etc/passwd', which is outside its repo",
        1,
    ),
    Case("kustomization: an exec plugin", _kustomize("generators", ["plugin.yaml"]), "'plugin.yaml'", 1),
    Case(
        "kustomization: a base of git",
        _kustomize("resources", ["git@127.0.0.1:x/y.git"]),
        "git@127.0.0.1:x/y.git cannot be read",
        1,
    ),
)
CLUSTERS = (
    Case(
        "kubeconfig: not there",
        lambda scene: scene.environment.update(KUBECONFIG="/nowhere/kubeconfig"),
        "There is no usable cluster in /nowhere/kubeconfig",
        1,
    ),
    Case("kubeconfig: not YAML", _kubeconfig("clusters: ["), "line 1, column 12", 1),
    Case("kubeconfig: a text", _kubeconfig("hello"), "It is not a kubeconfig", 1),
    Case("kubeconfig: empty", _kubeconfig(""), "kubeconfig file is empty", 1),
    Case("kubeconfig: no such context", _args("--context", "production"), "Context production cannot be used", 1),
    Case(
        "kubeconfig: a context of no cluster",
        lambda scene: scene.config(lambda data: data.update(clusters=[])),
        "clusters list",
        1,
    ),
    Case(
        "kubeconfig: a file that is not there",
        _args("--kubeconfig", "/nowhere/kubeconfig"),
        "There is no usable cluster in /nowhere/kubeconfig",
        1,
    ),
    Case(
        "cluster: nobody answers",
        _server("https://127.0.0.1:1"),
        "https://127.0.0.1:1 does not answer.\n  [Errno 111] Connection refused",
        1,
    ),
    Case(
        "cluster: a name that nobody has",
        _server("https://kubernetes.invalid:6443"),
        "https://kubernetes.invalid:6443 does not answer",
        1,
    ),
    Case("cluster: a web server", lambda scene: _server(scene.url)(scene), "does not answer as an API server does", 1),
    Case("cluster: a nonsense address", _server("not an address"), "contains invalid character", 1),
    Case("cluster: an expired token", _expired, "The API server does not accept the credentials", 1),
    Case("cluster: another authority", _other_authority, "certificate verify failed", 1),
    Case("cluster: a login that is not installed", _no_exec, "no-such-login", 1),
)
CASES = (*DOCUMENTS, *KFDEFS, *ARCHIVES, *MANIFESTS, *CLUSTERS)


@pytest.fixture(scope="module")
def proxy(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Sees what reaches the API server."""
    with Proxy(control_plane.kubeconfig(), tmp_path_factory.mktemp("proxy")) as running:
        yield running


@pytest.fixture
def scene(release: Release, proxy: Proxy, control_plane: Cluster, tmp_path: Path) -> Iterator[Scene]:
    web = tmp_path / "web"
    web.mkdir()
    with broken.web_server(web) as url:
        yield Scene(release, proxy.kubeconfig, control_plane.kubeconfig(), web, url)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_cannot_work(case: Case, scene: Scene, kfinstall: Kfinstall, proxy: Proxy) -> None:
    kfinstall.environment["KUBECONFIG"] = str(proxy.kubeconfig)
    case.make(scene)
    ended = kfinstall("install", "-f", scene.release.install, "--no-wait", *scene.arguments, **scene.environment)
    assert ended.code == case.code, ended.err
    assert case.words.format(file=scene.release.install, kfdef=scene.release.kfdef) in ended.err
    assert ended.out == ""
    assert not re.search("0x[0-9a-f]{6}", ended.err), "no address of an object in memory"
    assert not proxy.writes
    assert not list(kfinstall.state.rglob("*.jsonl"))
