"""What stands in the way of a cluster on this machine, as a finding: it is about no object yet."""

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity


def obstacle(cause: str, title: str, remedy: str, severity: Severity = Severity.ERROR) -> Finding:
    """cause: an id. title: what is in the way. remedy: what to do."""
    return Finding(cause, severity, title, (), Remedy(remedy))
