"""The spellings of remote bases that kustomize knows."""

import pytest

from kfinstall.render.remote import RemoteFile, RemoteFolder, remote

ARGO = "https://github.com/argoproj/argo-workflows"
ARCHIVE = f"{ARGO}/archive/v3.7.3.tar.gz"


@pytest.mark.parametrize(
    "entry",
    [
        f"{ARGO}/manifests/base?ref=v3.7.3",
        f"{ARGO}//manifests/base?ref=v3.7.3",
        f"{ARGO}.git/manifests/base?ref=v3.7.3",
        f"{ARGO}.git//manifests/base?version=v3.7.3&timeout=90s",
        f"git::{ARGO}//manifests/base?ref=v3.7.3",
        "github.com/argoproj/argo-workflows//manifests/base?ref=v3.7.3",
        "git@github.com:argoproj/argo-workflows.git//manifests/base?ref=v3.7.3",
        "ssh://git@github.com/argoproj/argo-workflows//manifests/base?ref=v3.7.3",
        "https://user:pw@github.com/argoproj/argo-workflows//manifests/base?ref=v3.7.3",
        "http://www.github.com/argoproj/argo-workflows/manifests/base?ref=v3.7.3",
    ],
)
def test_a_folder_on_github(entry: str) -> None:
    assert remote(entry) == RemoteFolder(ARGO, "manifests/base", "v3.7.3", ARCHIVE)


def test_a_folder_without_a_ref_is_that_of_the_default_branch() -> None:
    found = remote("github.com/kubernetes-sigs/lws//config/default")
    assert isinstance(found, RemoteFolder)
    assert (found.ref, found.archive) == ("", "https://github.com/kubernetes-sigs/lws/archive/HEAD.tar.gz")


@pytest.mark.parametrize(
    "entry",
    [
        "https://github.com/kubernetes-sigs/jobset/releases/download/v0.10.1/manifests.yaml",
        "https://github.com/kubernetes-sigs/jobset/raw/main/config/x.yaml",
        "https://raw.githubusercontent.com/kubeflow/manifests/v1/common/x.yaml",
        "https://example.com/some/crds.yml?x=1",
        "https://example.com/some/crds.json",
    ],
)
def test_a_file(entry: str) -> None:
    assert remote(entry) == RemoteFile(entry)


@pytest.mark.parametrize(
    ("entry", "repo", "path"),
    [
        ("https://gitlab.com/group/repo.git//deploy?ref=v1", "https://gitlab.com/group/repo.git", "deploy"),
        ("https://gitlab.com/group/repo.git/deploy?ref=v1", "https://gitlab.com/group/repo.git", "deploy"),
        ("https://gitlab.com/group/repo//deploy?ref=v1", "https://gitlab.com/group/repo", "deploy"),
        ("git@gitlab.com:group/repo//deploy?ref=v1", "git@gitlab.com:group/repo", "deploy"),
    ],
)
def test_a_folder_elsewhere_has_no_known_archive(entry: str, repo: str, path: str) -> None:
    assert remote(entry) == RemoteFolder(repo, path, "v1")


@pytest.mark.parametrize("entry", ["../base", "deployment.yaml", "./a/b", "base", "a@b.yaml", "github.yaml"])
def test_a_path_is_not_remote(entry: str) -> None:
    assert remote(entry) is None
