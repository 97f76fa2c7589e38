"""One registry, asked which images it has, without pulling any, and no faster than it allows."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from urllib3 import Retry
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError

from kfinstall.contracts.snapshot import Reply
from kfinstall.facts.classify.image_reference import Reference
from kfinstall.facts.images.allowance import Allowance, docker_hub
from kfinstall.registries.authentication import Login, authorization
from kfinstall.registries.requests import Answer, address, request
from kfinstall.words import _

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
ATTEMPTS = 3
LONGEST_WAIT = 60.0
"""Seconds; a registry that asks for more is not asked again."""
SLOWER = frozenset({429, 503})


class Outcome(StrEnum):
    """What a registry said of an image."""

    PRESENT = "present"
    MISSING = "missing"
    REFUSED = "refused"
    """It wants another login; many registries say so of what they do not have, too."""
    BUSY = "busy"
    """It asks to come back later."""
    UNKNOWN = "unknown"
    """There is no way to it, or no sense in its answer."""


@dataclass(frozen=True, slots=True)
class Presence:
    """digest: what the tag means there now, "" where the registry did not say. detail: why nothing is known."""

    outcome: Outcome
    digest: str = ""
    detail: str = ""


class Registry:
    """A registry by its host, as references have it. sleep: takes seconds."""

    def __init__(self, host: str, login: Login | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.host = host
        self.allowance: Allowance | None = None
        self._login = login
        self._sleep = sleep
        self._authorizations: dict[str, Mapping[str, str]] = {}
        self._busy: Presence | None = None

    def look(self, image: Reference) -> Presence:
        """Whether an image is there. A HEAD, which no registry counts as a pull; never raises.

        Once the registry has asked for a longer pause, it is asked nothing more.
        """
        if self._busy:
            return self._busy
        try:
            answer = self._patiently(image)
        except HTTPError as error:
            return Presence(Outcome.UNKNOWN, detail=_reason(error))
        found = _presence(answer)
        if found.outcome is Outcome.BUSY:
            self._busy = found
        return found

    def _patiently(self, image: Reference) -> Answer:
        pause = 1.0
        for _attempt in range(ATTEMPTS - 1):
            answer = self._ask(image)
            wait = _retry_after(answer.headers)
            if answer.status not in SLOWER or (wait or 0.0) > LONGEST_WAIT:
                return answer
            self._sleep(pause if wait is None else wait)
            pause *= 2
        return self._ask(image)

    def _ask(self, image: Reference) -> Answer:
        url = f"{address(self.host)}/v2/{image.repository}/manifests/{image.digest or image.tag}"
        known = self._authorizations.get(image.repository, {})
        answer = request("HEAD", url, {"accept": MANIFESTS, **known})
        if answer.status == 401:
            known = self._authorizations[image.repository] = authorization(answer.headers, self._login)
            if known:
                answer = request("HEAD", url, {"accept": MANIFESTS, **known})
        self.allowance = docker_hub(Reply(answer.status, answer.headers, "")) or self.allowance
        return answer


def _presence(answer: Answer) -> Presence:
    match answer.status:
        case 200:
            return Presence(Outcome.PRESENT, answer.headers.get("docker-content-digest", ""))
        case 404:
            return Presence(Outcome.MISSING)
        case 401 | 403:
            return Presence(Outcome.REFUSED)
        case status if status in SLOWER:
            wait = answer.headers.get("retry-after", "")
            return Presence(Outcome.BUSY, detail=_("asks to wait {wait} s").format(wait=wait) if wait else "")
        case status:
            return Presence(Outcome.UNKNOWN, detail=f"HTTP {status}")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form of the header: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
    try:
        return max(0.0, Retry().parse_retry_after(headers["retry-after"]))
    except (KeyError, InvalidHeader):
        return None


def _reason(error: HTTPError) -> str:
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    return str(cause).rpartition(": ")[2]
