"""Times as Kubernetes writes them."""

from datetime import datetime, timedelta


def moment(text: object) -> datetime | None:
    """A time of RFC 3339; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def between(earlier: object, later: object) -> timedelta | None:
    """How long after one time another one was; None when one of them is not known."""
    begin, end = moment(earlier), moment(later)
    return end - begin if begin and end else None
