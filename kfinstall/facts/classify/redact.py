"""Secrets do not leave a message: what is recognised as one is replaced before anything else reads it."""

import re

HIDDEN = "REDACTED"

_SECRETS = (
    # https://user:password@host/
    (re.compile(r"(?<=://)[^/@\s:]{1,200}:[^/@\s]{1,500}@"), f"{HIDDEN}@"),
    (re.compile(r"\b(bearer|basic)\s+(?!token|auth)[\w.~+/=-]{8,4096}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # a JSON Web Token, of a service account or an identity provider
    (re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{2,4096}(?:\.[\w-]{0,4096})?"), HIDDEN),
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|dckr_pat_|glpat-)\w{8,255}"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), HIDDEN),
    (
        re.compile(
            r"\b(password|passwd|secret[-_]?(?:access[-_]?)?key|client[-_]secret|access[-_]token|refresh[-_]token"
            r"|api[-_]?key|token|sig|x-amz-(?:signature|credential|security-token))"
            r"(=|\"?\s*:\s*\")[^\s\"'&,;]{4,4096}",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
)


def redacted(text: str) -> str:
    """The text without passwords, tokens and keys."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
