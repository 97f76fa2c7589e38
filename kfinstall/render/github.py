"""GitHub's own hosts, and the token that the user has for them."""

import os
from urllib.parse import urlsplit

API = "https://api.github.com"
ORIGINS = {API, "https://github.com", "https://codeload.github.com", "https://raw.githubusercontent.com"}
"""Where a token of GitHub opens more, and may be sent."""

REFUSED = frozenset({401, 403, 404, 429})
"""What strangers get for too many requests, and for what is not public."""

_NAMES = ("GITHUB_TOKEN", "GH_TOKEN")
"""As GitHub's own command line takes it: https://cli.github.com/manual/gh_help_environment."""


def is_there(url: str) -> bool:
    """Whether a URL leads to GitHub."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower() in ORIGINS


def token() -> str:
    """The token of the environment, "" where there is none."""
    return next((value for name in _NAMES if (value := os.environ.get(name, "").strip())), "")


def authorization(url: str) -> dict[str, str]:
    """The header that asks by name for what a stranger was refused; empty without a token, and for other servers."""
    return {"authorization": f"Bearer {known}"} if is_there(url) and (known := token()) else {}
