"""What the practice cluster knows of Kubernetes is of the version that the tests run."""

from kfinstall.sandbox.types.kubernetes import kubernetes_data
from tests.controlplane.build import kubernetes_version


def test_the_shipped_data_are_of_the_control_planes_version() -> None:
    assert kubernetes_data().version["gitVersion"] == kubernetes_version(), "run `make sandbox-data`"
