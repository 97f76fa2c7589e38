"""The practice cluster answers as a real API server does, word for word, managedFields included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.sandbox.answers import asked, expected, prepared
from tests.sandbox.cases import AREAS
from tests.sandbox.differences import DIFFERENCES


@pytest.fixture(params=["sandbox", "kubernetes"])
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """Requests to each of the two servers; the real one is skipped where it cannot be had."""
    if request.param == "sandbox":
        path: Path = request.getfixturevalue("healthy")
    else:
        cluster: Cluster = request.getfixturevalue("control_plane")
        if not cluster.has_controller_manager:
            pytest.skip("nothing controls this cluster")
        path = cluster.kubeconfig()
    with Api(path) as opened:
        yield opened


@pytest.mark.parametrize(("area", "case"), [(area, case) for area, cases in AREAS.items() for case in cases])
def test_answers(request: pytest.FixtureRequest, api: Api, area: str, case: str) -> None:
    if request.node.callspec.params["api"] == "sandbox" and case in DIFFERENCES.get(area, ()):
        request.applymarker(pytest.mark.xfail(strict=True, reason="known to differ"))
    steps = AREAS[area][case]
    with prepared(api, steps) as namespace:
        assert asked(api, steps, namespace) == expected(area)[case]
