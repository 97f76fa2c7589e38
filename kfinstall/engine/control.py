"""How a user stops a run: first gently, then at once."""

import threading


class Control:
    """Shared by the one who asks (a signal handler, a key) and the runner."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._abandon = threading.Event()

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished. Asked a second time: give that up as well."""
        if self._stop.is_set():
            self._abandon.set()
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def abandoned(self) -> bool:
        return self._abandon.is_set()
