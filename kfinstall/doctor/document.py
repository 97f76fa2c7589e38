"""A report as plain data: what -o json and -o yaml print, and what the page and the bundle are made from."""

from typing import Any

from kfinstall.contracts.finding import Evidence, Finding
from kfinstall.contracts.manifest import ObjectKey
from kfinstall.doctor.consequences import Diagnosis
from kfinstall.doctor.examination import Answered, Report

Data = dict[str, Any]


def document(report: Report) -> Data:
    """The fields of a DoctorReport, without apiVersion and kind."""
    summary = {
        "roots": report.to_mend,
        "unreadyPods": report.unready,
        "explainedPods": report.unready - len(report.unexplained),
        "checks": len(report.checks),
        "unlookedChecks": len(report.unlooked),
    }
    return {
        "summary": summary,
        "findings": [_diagnosis(root) for root in report.roots],
        "unexplained": [_object(key) for key in report.unexplained],
        "checks": [_check(answer) for answer in report.checks],
    }


def _diagnosis(diagnosis: Diagnosis) -> Data:
    return {**_finding(diagnosis.finding), "children": [_diagnosis(child) for child in diagnosis.children]}


def _finding(finding: Finding) -> Data:
    return {
        "id": finding.cause,
        "severity": finding.severity.value,
        "cause": finding.cause,
        "title": finding.title,
        "objects": [_object(key) for key in finding.objects],
        "evidence": [_evidence(each) for each in finding.evidence],
        "remedy": {
            "text": finding.remedy.text,
            "commands": list(finding.remedy.commands),
            "fixable": finding.fix is not None,
        },
        "docs": finding.docs,
    }


def _evidence(evidence: Evidence) -> Data:
    about = {"object": _object(evidence.object)} if evidence.object else {}
    return {"text": evidence.text, "count": evidence.count, **about}


def _object(key: ObjectKey) -> Data:
    return {name: value for name, value in key._asdict().items() if value}


def _check(answer: Answered) -> Data:
    check = answer.check
    return {"id": check.id, "area": check.area, "status": answer.status.value, "reason": answer.reason}
