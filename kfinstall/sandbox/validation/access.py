"""Roles and bindings (pkg/apis/rbac/validation)."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, not_supported, required, wrong
from kfinstall.sandbox.validation.rules import given

SUBJECTS = ("ServiceAccount", "User", "Group")


def role(body: Body, _old: Body | None) -> Iterator[Cause]:
    yield from _rules(body, namespaced=True)


def cluster_role(body: Body, _old: Body | None) -> Iterator[Cause]:
    yield from _rules(body, namespaced=False)


def _rules(body: Body, *, namespaced: bool) -> Iterator[Cause]:
    for n, rule in enumerate(body.get("rules") or ()):
        path, urls = f"rules[{n}]", rule.get("nonResourceURLs")
        yield from given(f"{path}.verbs", rule.get("verbs"), "verbs must contain at least one value")
        if urls and namespaced:
            yield wrong(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs")
        elif urls and (rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames")):
            yield wrong(
                f"{path}.nonResourceURLs", urls, "rules cannot apply to both regular resources and non-resource URLs"
            )
        elif not urls:
            groups, resources = rule.get("apiGroups"), rule.get("resources")
            yield from given(f"{path}.apiGroups", groups, "resource rules must supply at least one api group")
            yield from given(f"{path}.resources", resources, "resource rules must supply at least one resource")


def binding(body: Body, old: Body | None) -> Iterator[Cause]:
    reference = body.get("roleRef") or {}
    known = ("Role", "ClusterRole") if body["kind"] == "RoleBinding" else ("ClusterRole",)
    if reference.get("kind") not in known:
        yield not_supported("roleRef.kind", reference.get("kind") or "", known)
    yield from given("roleRef.name", reference.get("name"))
    for n, subject in enumerate(body.get("subjects") or ()):
        yield from _subject(subject, f"subjects[{n}]", namespaced=body["kind"] == "RoleBinding")
    if old is not None and old.get("roleRef") != reference:
        shown = {"APIGroup": reference.get("apiGroup"), "Kind": reference.get("kind"), "Name": reference.get("name")}
        yield wrong("roleRef", shown, "cannot change roleRef")


def _subject(subject: Body, path: str, *, namespaced: bool) -> Iterator[Cause]:
    yield from given(f"{path}.name", subject.get("name"))
    if subject.get("kind") not in SUBJECTS:
        yield not_supported(f"{path}.kind", subject.get("kind") or "", SUBJECTS)
    elif subject["kind"] == "ServiceAccount" and not namespaced and not subject.get("namespace"):
        yield required(f"{path}.namespace")
