"""What a terminal sends that is no UTF-8, as one in GBK or Latin-1 does, is an odd character, and not the end."""

import codecs
import sys
from functools import partial
from typing import Any


def replaced() -> None:
    """Have textual's driver take them. It decodes strictly, and ends with a traceback."""
    if sys.platform == "win32":  # whose driver reads characters
        return
    from textual.drivers import linux_driver  # noqa: PLC0415 - cannot be imported there

    def decoder(encoding: str) -> object:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    driver: Any = linux_driver
    driver.getincrementaldecoder = decoder
