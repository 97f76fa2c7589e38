"""The thread that draws comes before those that work."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from kfinstall.tui.turns import PICTURE, SOON, loop
from tests.patience import eventually


@pytest.fixture
def _interval_as_before() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_interval_as_before")
def test_others_wait_while_it_draws_and_make_room_while_it_waits() -> None:
    def is_soon() -> bool:
        return sys.getswitchinterval() == pytest.approx(SOON)

    async def draw() -> None:
        assert sys.getswitchinterval() == pytest.approx(PICTURE)
        assert await asyncio.to_thread(eventually, is_soon)
        assert sys.getswitchinterval() == pytest.approx(PICTURE)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(draw())
