"""Nodes for a real control plane: the practice cluster's, with pods that run or fail as a test wants."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kfinstall.sandbox.playing import Playing
from kfinstall.sandbox.scenario import Nodes, Scenario
from tests.controlplane.api import Api

ROOM = {"cpu": "32", "memory": "128Gi", "ephemeral-storage": "500Gi", "pods": "250"}
SPEED = 1000.0


@contextlib.contextmanager
def playing(kubeconfig: Path, *nodes: str | Nodes, **scenario: Any) -> Iterator[None]:
    """Nodes (by name, with room for everything) and what else a scenario has, meanwhile."""
    shapes = tuple(node if isinstance(node, Nodes) else Nodes(name=node, allocatable=ROOM) for node in nodes)
    described = Scenario(title="A test.", nodes=shapes, **scenario)
    with Api(kubeconfig) as api, Playing(api, described, speed=SPEED):
        yield
