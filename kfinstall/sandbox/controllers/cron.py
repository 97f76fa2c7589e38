"""Schedules of CronJobs: which minutes they mean (github.com/robfig/cron/v3, standard parser)."""

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, MONTHS),
    (0, 6, DAYS),
)
YEARS = 5
"""How far ahead a schedule is looked for: one that never comes, such as 30 February, has no next time."""

_PART = re.compile(r"^(\*|\?|([0-9a-z]+)(-([0-9a-z]+))?)(/([0-9]+))?$")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes, hours, days, months and weekdays; either_day: one of day and weekday is enough."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Raises ValueError for what is no schedule."""
        parts = MACROS.get(text.strip().lower(), text).split()
        if len(parts) != len(BOUNDS):
            raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
        minutes, hours, days, months, weekdays = (
            _field(part.lower(), *bounds) for part, bounds in zip(parts, BOUNDS, strict=True)
        )
        either = not any(part.startswith(("*", "?")) for part in (parts[2], parts[4]))
        return cls(minutes, hours, days, months, weekdays, either)

    def after(self, moment: datetime.datetime) -> datetime.datetime | None:
        """The first time after a moment, in the time zone of the moment."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for _day in range(366 * YEARS):
            if self._is_on(day):
                found = next((each for each in self._times(day) if each > moment), None)
                if found:
                    return found
            day = (day + datetime.timedelta(days=1)).replace(hour=0)
        return None

    def _is_on(self, day: datetime.datetime) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either_day else by_day and by_weekday

    def _times(self, day: datetime.datetime) -> Iterator[datetime.datetime]:
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                yield day.replace(hour=hour, minute=minute)


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.match(part)
        if match is None:
            raise ValueError(f"failed to parse int from {part}")
        step = int(match[6] or 1)
        if match[1] in {"*", "?"}:
            first, last = low, high
        else:
            first = _number(match[2], names)
            last = _number(match[4], names) if match[4] else high if match[5] else first
        if not (low <= first <= last <= high and step):
            raise ValueError(f"{part} is not within {low} and {high}")
        found |= set(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
