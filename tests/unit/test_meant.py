"""The cluster that a command means is the one that `install` with the same words would go to."""

from pathlib import Path

import pytest

from kfinstall.cli.meant import Meant
from kfinstall.contracts.platform import ClusterAccess

HEAD = "apiVersion: kfinstall.io/v1alpha1\nkind: Install\n"


def meant(*files: str, context: str | None = None, kubeconfig: str | None = None) -> ClusterAccess:
    return Meant(files, (), None, kubeconfig, context, None, "60s").access()


@pytest.mark.parametrize("platform", ["{type: existing, kubeconfig: own, context: one}", "{type: kind, name: lab}"])
def test_a_context_is_one_of_the_files_kubeconfig(tmp_path: Path, platform: str) -> None:
    file = tmp_path / "install.yaml"
    file.write_text(HEAD + f"platform: {platform}\n")
    own = tmp_path / "own" if "existing" in platform else None
    assert meant(str(file), context="two") == ClusterAccess(own, "two")
    other = meant(str(file), context="two", kubeconfig=str(tmp_path / "other"))
    assert other == ClusterAccess(tmp_path / "other", "two")


def test_without_a_file_it_is_one_of_the_users() -> None:
    assert meant(context="two") == ClusterAccess(None, "two")
    assert meant() == ClusterAccess(None, None)
