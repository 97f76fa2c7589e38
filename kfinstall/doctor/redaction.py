"""Taking out of a cluster's objects what is nobody's business: passwords, tokens, names of people."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kfinstall.facts.classify import redacted

HIDDEN = "REDACTED"
SENSITIVE = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?key|cookie"
    r"|\bsalt\b|htpasswd|dockerconfig",
    re.IGNORECASE,
)
"""Names of variables and fields whose value is hidden; those that only refer to a Secret by name are not texts."""

REFERENCES = re.compile(r"(name|ref|key|path|mountPath|secretName|claimName|audience)$", re.IGNORECASE)
"""Fields that name something: `secretName` has SENSITIVE in it and hides nothing."""

EMAIL = re.compile(r"(?<![/A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


class Redaction:
    """One pass over a snapshot. counts: what was taken out, by rule. A person is the same pseudonym everywhere."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._people: dict[str, str] = {}

    def clean(self, value: Any) -> Any:
        """A copy of JSON data without what must not leave the cluster."""
        if isinstance(value, dict):
            return self._mapping(value)
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """One text: secrets by their form, e-mail addresses by pseudonym."""
        safe = redacted(text)
        if safe != text:
            self.counts["secret"] += 1
        return EMAIL.sub(self._person, safe) if "@" in safe else safe

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        named = value.get("name")
        if isinstance(named, str) and isinstance(value.get("value"), str) and SENSITIVE.search(named):
            self.counts["variable"] += 1  # an environment variable: {name: DB_PASSWORD, value: …}
            value = {**value, "value": HIDDEN}
        return {str(name): self._field(str(name), child) for name, child in value.items()}

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and SENSITIVE.search(name) and not REFERENCES.search(name):
            self.counts["field"] += 1
            return HIDDEN
        return self.clean(value)

    def _person(self, found: re.Match[str]) -> str:
        self.counts["e-mail"] += 1
        return self._people.setdefault(found[0].lower(), f"person-{len(self._people) + 1}@example.com")
