"""What is asked of the practice cluster's API and of a real one: cases by area, each a list of steps."""

from tests.sandbox.cases import (
    applying,
    custom,
    definitions,
    discovery,
    kinds,
    listing,
    objects,
    patching,
    tables,
    workloads,
)
from tests.sandbox.cases.steps import Cases

AREAS: dict[str, Cases] = {
    "applying": applying.CASES,
    "custom": custom.CASES,
    "definitions": definitions.CASES,
    "discovery": discovery.CASES,
    "kinds": kinds.CASES,
    "listing": listing.CASES,
    "objects": objects.CASES,
    "patching": patching.CASES,
    "tables": tables.CASES,
    "workloads": workloads.CASES,
}
