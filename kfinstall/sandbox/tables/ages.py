"""How long ago something was, as `kubectl get` writes it."""

from datetime import UTC, datetime

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def age(moment: str | None) -> str:
    """Since a time as Kubernetes writes it."""
    if not moment:
        return "<unknown>"
    return duration(int((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()))


def duration(seconds: int) -> str:
    """As k8s.io/apimachinery/pkg/util/duration HumanDuration writes it."""
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * MINUTE:
        return f"{max(0, seconds)}s"
    for until, (large, unit), small in (
        (10 * MINUTE, (MINUTE, "m"), (1, "s")),
        (3 * HOUR, (MINUTE, "m"), None),
        (8 * HOUR, (HOUR, "h"), (MINUTE, "m")),
        (2 * DAY, (HOUR, "h"), None),
        (8 * DAY, (DAY, "d"), (HOUR, "h")),
        (2 * YEAR, (DAY, "d"), None),
        (8 * YEAR, (YEAR, "y"), (DAY, "d")),
    ):
        if seconds < until:
            rest = seconds % large // small[0] if small else 0
            return f"{seconds // large}{unit}" + (f"{rest}{small[1]}" if small and rest else "")
    return f"{seconds // YEAR}y"
