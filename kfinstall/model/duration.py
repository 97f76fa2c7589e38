"""Durations as kubectl writes them: `90s`, `30m`, `1h30m`."""

import re
from datetime import timedelta

from kfinstall.words import _

LONGEST = timedelta(days=30)

PATTERN = r"^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$"
"""The units of Go's time.ParseDuration that make sense for waiting: https://pkg.go.dev/time#ParseDuration"""

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def duration(value: object) -> timedelta:
    """A duration from its text. Raises ValueError, with words for the user, for anything else."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(_("a duration needs a unit: 90s, 30m or 1h30m."))  # noqa: TRY004 - pydantic's way
    if not isinstance(value, str) or len(value) > 40 or not re.fullmatch(PATTERN, value):
        raise ValueError(_("a duration is expected here, such as 90s, 30m or 1h30m."))
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
    if not 0 < seconds <= LONGEST.total_seconds():
        longest = duration_text(LONGEST)
        raise ValueError(_("the duration must be more than 0s and at most {longest}.").format(longest=longest))
    return timedelta(seconds=seconds)


def duration_text(value: timedelta) -> str:
    """The shortest text that `duration` reads back as the same, to the millisecond."""
    milliseconds = round(value.total_seconds() * 1000)
    text = ""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
