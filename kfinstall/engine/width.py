"""How many requests are under way at once: as many as the server takes without complaint."""

START, LEAST, MOST = 8.0, 2.0, 32.0


class Width:
    """Additive increase, multiplicative decrease, as TCP does it; a refusal halves, a width of successes adds one."""

    def __init__(self) -> None:
        self._width = START

    def __int__(self) -> int:
        return int(self._width)

    def succeeded(self) -> None:
        self._width = min(MOST, self._width + 1 / self._width)

    def throttled(self) -> None:
        self._width = max(LEAST, self._width / 2)
