"""How much a server lets one ask, as the headers of its own answer say.

Docker Hub: https://docs.docker.com/docker-hub/usage/pulls/#view-pull-rate-and-limit
GitHub: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kfinstall.contracts.snapshot import Reply
from kfinstall.model.duration import duration_text
from kfinstall.words import _

DOCKER_HUB_PREVIEW = "https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest"
"""Docker's own image for asking; a HEAD of it does not count."""

GITHUB_API = "https://api.github.com/rate_limit"
"""Not counted itself."""

ANONYMOUS = 60
"""Requests an hour that GitHub answers without a token."""

PRIMARY, SECONDARY = "rl-github-primary", "rl-github-secondary"

_NUMBER = re.compile(r"\d{1,10}")
_WINDOW = re.compile(r"w=(\d{1,8})")


@dataclass(frozen=True, slots=True)
class Allowance:
    """limit, remaining: None where the server sets none. window: for which the limit is. resets: RFC 3339, or "".

    wait: how long the server asks to stay away.
    """

    limit: int | None
    remaining: int | None
    window: timedelta | None = None
    resets: str = ""
    wait: timedelta | None = None

    @property
    def spent(self) -> bool:
        return self.remaining == 0

    def __str__(self) -> str:
        """For example `100 in 6h, 0 of them left, again at 2026-01-01T00:00:00Z`."""
        if self.limit is None:
            text = _("no limit")
        else:
            window = duration_text(self.window) if self.window else _("its time")
            left = "?" if self.remaining is None else self.remaining
            text = _("{limit} in {window}, {remaining} of them left").format(
                limit=self.limit, window=window, remaining=left
            )
        if self.resets:
            text = _("{allowance}, anew at {moment}").format(allowance=text, moment=self.resets)
        if self.wait:
            text = _("{allowance}; asks to wait {wait}").format(allowance=text, wait=duration_text(self.wait))
        return text


def docker_hub(reply: Reply) -> Allowance | None:
    """Of `ratelimit-limit: 100;w=21600` and `ratelimit-remaining`; None where the registry refused to say.

    An answer without these headers comes from an account without a limit, or from a mirror.
    """
    limit, remaining = reply.headers.get("ratelimit-limit", ""), reply.headers.get("ratelimit-remaining", "")
    if not limit and reply.status not in {200, 429}:
        return None
    window = _WINDOW.search(limit)
    seconds = timedelta(seconds=int(window[1])) if window else None
    spent = 0 if reply.status == 429 else None
    left = _number(remaining)
    return Allowance(_number(limit), left if left is not None else spent, seconds, wait=_wait(reply.headers))


def github(reply: Reply) -> Allowance | None:
    """Of `x-ratelimit-…`; None where the answer has none of them, as from a proxy."""
    limit = _number(reply.headers.get("x-ratelimit-limit", ""))
    wait = _wait(reply.headers)
    if limit is None and wait is None:
        return None
    reset = _number(reply.headers.get("x-ratelimit-reset", ""))
    moment = datetime.fromtimestamp(reset, UTC).isoformat().replace("+00:00", "Z") if reset else ""
    remaining = _number(reply.headers.get("x-ratelimit-remaining", ""))
    return Allowance(limit, remaining, timedelta(hours=1), moment, wait)


def github_limit(reply: Reply) -> str:
    """Which of GitHub's limits an answer tells of, as the id of its cause; "" where it refuses for none.

    Both come as 403 or 429; only the hourly one counts down to nothing, and only the other one asks to wait. Archives
    and raw files have no hourly count, and are refused as in a burst.
    """
    if reply.status not in {403, 429}:
        return ""
    if "retry-after" in reply.headers or "secondary rate limit" in reply.text.lower():
        return SECONDARY
    if reply.headers.get("x-ratelimit-remaining", "").strip() == "0":
        return PRIMARY
    return SECONDARY if reply.status == 429 else ""


def _number(text: str) -> int | None:
    found = _NUMBER.match(text.strip())
    return int(found[0]) if found else None


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    seconds = _number(headers.get("retry-after", ""))
    return timedelta(seconds=seconds) if seconds else None
