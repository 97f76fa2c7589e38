"""What GitHub lets this machine fetch, asked before a plan fetches anything from it.

Only the API has an hourly count, https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, and
says what is left of it for nothing, https://docs.github.com/en/rest/rate-limit/rate-limit. Archives and raw files are
given out without a count that one could ask for, until GitHub answers 429: one is asked for, by HEAD.
"""

from collections.abc import Sequence
from urllib.parse import urljoin

from kfinstall.contracts.client import GitHub
from kfinstall.contracts.snapshot import Reply
from kfinstall.doctor.asking import answer
from kfinstall.facts.images.allowance import GITHUB_API, github_limit
from kfinstall.render import github


def asked_github(urls: Sequence[str]) -> GitHub | None:
    """Ask for its limits, by the user's token where there is one; None where nothing is fetched from GitHub."""
    addresses = tuple(filter(github.is_there, urls))
    if not addresses:
        return None
    limits = answer("GET", GITHUB_API, github.authorization(GITHUB_API))
    return GitHub(addresses, bool(github.token()), limits, _refusal(addresses[0]))


def _refusal(url: str) -> Reply | None:
    """Why a download is not given out because of its number; as for the download, by name when a stranger gets none."""
    reply = _head(url, {})
    if reply and github_limit(reply) and (known := github.authorization(url)):
        reply = _head(url, known)
    return reply if reply and github_limit(reply) else None


def _head(url: str, headers: dict[str, str]) -> Reply | None:
    """github.com sends on to codeload.github.com."""
    reply = answer("HEAD", url, headers)
    if (
        reply
        and reply.status in {301, 302}
        and github.is_there(onward := urljoin(url, reply.headers.get("location", "")))
    ):
        return answer("HEAD", onward, {})
    return reply
