"""Certificates that are not issued, or have expired."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from kfinstall.contracts.check import Check
from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Evidence, Finding, Severity
from kfinstall.contracts.manifest import Body, ObjectKey
from kfinstall.contracts.resource import GroupKind
from kfinstall.contracts.snapshot import Snapshot
from kfinstall.facts.classify import explanation
from kfinstall.facts.objects.conditions import condition
from kfinstall.facts.objects.kinds import (
    CERTIFICATE,
    CLUSTER_ISSUER,
    DEPLOYMENT,
    ISSUER,
    POD,
    REPLICA_SET,
    SIGNING_REQUEST,
)
from kfinstall.facts.objects.moments import between
from kfinstall.facts.objects.owners import key_of
from kfinstall.words import _, counted

PATIENCE = timedelta(minutes=2)
"""How long a certificate takes to be issued without anything being wrong."""

TROUBLESHOOTING = "https://cert-manager.io/docs/troubleshooting/"


def not_issued(snapshot: Snapshot) -> Iterator[Finding]:
    """Certificates of cert-manager that are not ready, by what cert-manager says about them."""
    groups: dict[str, list[ObjectKey]] = defaultdict(list)
    for body in snapshot.all(CERTIFICATE):
        age = between(body["metadata"].get("creationTimestamp"), snapshot.taken)
        if condition(body, "Ready").get("status") != "True" and (age is None or age > PATIENCE):
            groups[_why(body, snapshot)].append(key_of(CERTIFICATE, body))
    for why, keys in groups.items():
        yield _finding(why, keys)


def _why(body: Body, snapshot: Snapshot) -> str:
    issuer = _issuer(body)
    if snapshot.knows(GroupKind(issuer.group, issuer.kind)) and snapshot.get(issuer) is None:
        return _("{issuer} does not exist").format(issuer=issuer)
    failed = condition(body, "Issuing") or condition(body, "Ready")
    return str(failed.get("message") or _("cert-manager has not looked at them"))


def _issuer(body: Body) -> ObjectKey:
    reference = (body.get("spec") or {}).get("issuerRef") or {}
    kind = str(reference.get("kind") or ISSUER.kind)
    namespace = "" if kind == CLUSTER_ISSUER.kind else str(body["metadata"].get("namespace") or "")
    return ObjectKey(str(reference.get("group") or ISSUER.group), kind, namespace, str(reference.get("name")))


def _finding(why: str, keys: list[ObjectKey]) -> Finding:
    first = keys[0]
    return Finding(
        cause="certificate-not-issued",
        severity=Severity.ERROR,
        title=_("{certificates} not issued: {why}").format(
            certificates=counted("{count} certificate is", "{count} certificates are", len(keys)), why=why
        ),
        objects=tuple(keys),
        remedy=Remedy(
            _("Mend what is named; cert-manager then tries again by itself. Its own pods have to run for that."),
            (
                f"kubectl -n {first.namespace} describe certificate {first.name}",
                f"kubectl -n {first.namespace} get certificaterequests,issuers",
                "kubectl -n cert-manager get pods",
            ),
        ),
        evidence=tuple(Evidence(why, key) for key in keys),
        docs=TROUBLESHOOTING,
    )


def expired(snapshot: Snapshot) -> Iterator[Finding]:
    """Certificates that cert-manager should have renewed by now."""
    for body in snapshot.all(CERTIFICATE):
        status = body.get("status") or {}
        over = between(status.get("notAfter"), snapshot.taken)
        late = between(status.get("renewalTime"), snapshot.taken)
        if over is not None and over > timedelta():
            yield _overdue(key_of(CERTIFICATE, body), str(status["notAfter"]), Severity.ERROR)
        elif late is not None and late > timedelta(hours=1):
            yield _overdue(key_of(CERTIFICATE, body), str(status.get("notAfter")), Severity.WARNING)


def _overdue(key: ObjectKey, end: str, severity: Severity) -> Finding:
    title = _("{certificate} expired on {date}") if severity is Severity.ERROR else _(
        "{certificate} should have been renewed by now; it expires on {date}"
    )  # fmt: skip
    return Finding(
        cause="certificate-expired",
        severity=severity,
        title=title.format(certificate=key, date=end[:10]),
        objects=(key,),
        remedy=Remedy(
            _("See why cert-manager does not renew it, and have it renewed; then restart the pods that serve it."),
            (
                f"kubectl -n {key.namespace} describe certificate {key.name}",
                f"cmctl renew -n {key.namespace} {key.name}",
            ),
        ),
        docs="https://cert-manager.io/docs/usage/certificate/#renewal-reissuance",
    )


def not_signed(snapshot: Snapshot) -> Iterator[Finding]:
    """Requests for a certificate that were approved, and that no signer of the cluster takes up."""
    for body in snapshot.all(SIGNING_REQUEST):
        age = between(body["metadata"].get("creationTimestamp"), snapshot.taken)
        approved = condition(body, "Approved").get("status") == "True"
        issued = (body.get("status") or {}).get("certificate") or condition(body, "Failed")
        if approved and not issued and age is not None and age > PATIENCE:
            key = key_of(SIGNING_REQUEST, body)
            explained = explanation("cert-csr-approved-not-issued", {"name": key.name})
            signer = (body.get("spec") or {}).get("signerName")
            yield Finding(
                cause=explained.cause,
                severity=Severity.ERROR,
                title=_("{request} was approved, and the signer {signer} does not issue it").format(
                    request=key, signer=signer
                ),
                objects=(key,),
                remedy=explained.remedy,
                docs=explained.docs,
            )


CHECKS = (
    Check(
        "certificates.issued",
        _("Is every certificate issued?"),
        frozenset({CERTIFICATE}),
        not_issued,
        also=frozenset({ISSUER, CLUSTER_ISSUER, DEPLOYMENT, REPLICA_SET, POD}),
    ),
    Check("certificates.valid", _("Are all certificates renewed in time?"), frozenset({CERTIFICATE}), expired),
    Check(
        "certificates.signed",
        _("Is every approved request for a certificate signed?"),
        frozenset({SIGNING_REQUEST}),
        not_signed,
    ),
)
