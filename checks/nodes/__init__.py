"""Nodes that are not well, or soon will not be."""

from checks.nodes import ready, upkeep

CHECKS = (*ready.CHECKS, *upkeep.CHECKS)
