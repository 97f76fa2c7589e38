"""What stands in the way of a cluster on this machine, as a finding: it is about no object yet."""

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity


def obstacle(cause: str, title: str, remedy: str, severity: Severity = Severity.ERROR, *, option: str = "") -> Finding:
    """cause: an id. title: what is in the way. remedy: what to do. option: what would be changed in the document."""
    return Finding(cause, severity, title, (), Remedy(remedy), option=option)
