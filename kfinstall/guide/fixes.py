"""What a fix of the doctor would do, line by line, for whoever asks before it is done."""

from collections.abc import Iterator

import yaml

from kfinstall.contracts.fix import Fix
from kfinstall.engine.mending import Deed, deeds
from kfinstall.words import _


def shown(fix: Fix) -> Iterator[str]:
    """Every request of a fix, with the body that it sends."""
    for deed in deeds(fix):
        yield f"{deed.act} {deed.key}"
        if deed.body:
            text = yaml.safe_dump(dict(deed.body), sort_keys=False, allow_unicode=True)
            yield from (f"  {line}" for line in text.rstrip().splitlines())
    if fix.risk:
        yield _("Mind: {risk}").format(risk=fix.risk)


def told(deed: Deed) -> str:
    """A request of a fix in one line, with why it was refused."""
    return f"{deed.act} {deed.key}" + (f": {deed.error.what}" if deed.error else "")
