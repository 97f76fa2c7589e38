"""The practice cluster answers as a real API server does, word for word, managedFields included."""

import pytest

from tests.sandbox.answers import Server, asked, expected
from tests.sandbox.cases import AREAS
from tests.sandbox.differences import DIFFERENCES


@pytest.mark.parametrize(("area", "case"), [(area, case) for area, cases in AREAS.items() for case in cases])
def test_answers(request: pytest.FixtureRequest, server: Server, area: str, case: str) -> None:
    if request.node.callspec.params["server"] == "sandbox" and case in DIFFERENCES.get(area, ()):
        request.applymarker(pytest.mark.xfail(strict=True, reason=DIFFERENCES[area][case]))
    steps = AREAS[area][case]
    with server.prepared(steps) as namespace:
        assert asked(server.api, steps, namespace) == expected(area)[case]
