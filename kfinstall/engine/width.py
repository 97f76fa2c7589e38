"""How many requests are under way at once: as many as the server takes without complaint."""

START, LEAST, MOST = 8.0, 2.0, 32.0


class Width:
    """Additive increase, multiplicative decrease, as TCP does it; a refusal halves, a width of successes adds one.

    refusals: how many there have been when the run begins.
    """

    def __init__(self, refusals: int = 0) -> None:
        self._width = START
        self._refusals = refusals

    def __int__(self) -> int:
        return int(self._width)

    def answered(self, refusals: int) -> None:
        """One request more is answered; refusals: how many there have been by now."""
        if refusals > self._refusals:
            self._width = max(LEAST, self._width / 2)
        else:
            self._width = min(MOST, self._width + 1 / self._width)
        self._refusals = refusals
