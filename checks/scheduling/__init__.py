"""Pods that no node takes: which nodes refuse them and why, and what would make them fit."""

from checks.scheduling.unscheduled import CHECKS

__all__ = ["CHECKS"]
