"""Messages by cause, as data: wordings, more, holdout, second to fifth.yaml, and harmless ones."""

from importlib import resources
from typing import Any

import yaml


def by_cause(name: str) -> list[tuple[str, str]]:
    """(cause, message) for each message of a file."""
    return [(cause, message) for cause, messages in _read(name).items() for message in messages]


def plain(name: str) -> list[str]:
    """The messages of a file that has no causes."""
    messages: list[str] = _read(name)
    return messages


def _read(name: str) -> Any:
    return yaml.safe_load(resources.files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
