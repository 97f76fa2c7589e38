"""The practice cluster answers as a real API server does, word for word, managedFields included."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.controlplane.api import Api
from tests.controlplane.cluster import Cluster
from tests.sandbox.cases import ANSWERS, CASES, asked

EXPECTED = json.loads(ANSWERS.read_text(encoding="utf-8"))


@pytest.fixture(params=["sandbox", "kubernetes"])
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """Requests to each of the two servers; the real one is skipped where it cannot be had."""
    if request.param == "sandbox":
        path: Path = request.getfixturevalue("healthy")
    else:
        cluster: Cluster = request.getfixturevalue("control_plane")
        path = cluster.kubeconfig()
    with Api(path) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES)
def test_answers(api: Api, case: str) -> None:
    namespace = f"contract-{uuid4().hex[:8]}"
    api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        assert asked(api, case, namespace) == EXPECTED[case]
    finally:
        api.delete(f"/api/v1/namespaces/{namespace}")
