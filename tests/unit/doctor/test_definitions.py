"""Definitions that are missing, do not go, are not served, or cannot convert."""

from dataclasses import replace
from typing import Any

from checks.definitions import CHECKS, dropped_versions
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from tests.unit.doctor.clusters import body, snapshot

NAME = "notebooks.kubeflow.org"


def found(*bodies: Body) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies))]


def definition(name: str = NAME, *conditions: Body, stored: tuple[str, ...] = ("v1",), **spec: Any) -> Body:
    spec = {"group": "kubeflow.org", "versions": [{"name": "v1", "served": True}], **spec}
    status = {"conditions": list(conditions), "storedVersions": list(stored)}
    return body("CustomResourceDefinition", name, group="apiextensions.k8s.io", spec=spec, status=status)


def controller() -> Body:
    return body("Deployment", "notebook-controller-deployment", "kubeflow", group="apps", status={"replicas": 1})


def test_a_component_without_its_definition() -> None:
    [finding] = found(controller())
    assert finding.cause == "crd-no-matches-yet"
    assert finding.title == f"Notebooks is installed without its definitions {NAME}"
    assert finding.remedy.commands[1] == "kubectl -n kubeflow rollout restart deployment/notebook-controller-deployment"


def test_a_definition_that_waits_for_its_objects_follows_from_their_controller() -> None:
    words = "CustomResource deletion is in progress"
    going = definition(NAME, {"type": "Terminating", "status": "True", "message": words})
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    [finding] = found(going, controller())
    assert finding.cause == "crd-terminating-or-names"
    assert finding.needs == {ObjectKey("apps", "Deployment", "kubeflow", "notebook-controller-deployment")}
    assert finding.evidence[0].text == words
    assert finding.remedy.commands[0].startswith(f"kubectl get {NAME} -A -o custom-columns=")


def test_a_name_that_another_definition_has() -> None:
    taken = {"type": "NamesAccepted", "status": "False", "reason": "MultipleNamesConflict", "message": '"nb" is in use'}
    [finding] = found(definition(NAME, taken))
    assert finding.cause == "crd-terminating-or-names"
    assert finding.evidence[0].text == 'MultipleNamesConflict: "nb" is in use'
    assert "kubectl get crds | grep kubeflow.org" in finding.remedy.commands


def test_a_definition_of_the_time_before_schemas() -> None:
    [finding] = found(definition(NAME, {"type": "NonStructuralSchema", "status": "True", "message": "spec: Required"}))
    assert (finding.cause, finding.severity) == ("crd-nonstructural-schema", Severity.WARNING)


def test_a_stored_version_that_is_not_served_any_more() -> None:
    [finding] = found(definition(stored=("v1beta1", "v1")))
    assert finding.cause == "crd-stored-versions"
    assert "stored in v1beta1" in finding.title
    assert finding.remedy.commands[0] == f"kubectl get {NAME} -A -o json | kubectl replace -f -"


def test_objects_that_cannot_be_converted() -> None:
    client = {"service": {"namespace": "kubeflow", "name": "converter"}}
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": client}}
    versions = [{"name": "v1", "served": True}, {"name": "v1beta1", "served": True}]
    [finding] = found(definition(versions=versions, conversion=conversion))
    assert finding.cause == "crd-conversion-webhook"
    assert "Service/kubeflow/converter does not exist" in finding.title
    assert finding.remedy.commands[1].startswith(f"kubectl patch crd {NAME} --type=merge")


def test_definitions_that_are_established_are_well() -> None:
    accepted = {"type": "NamesAccepted", "status": "True"}
    assert found(definition(NAME, accepted, {"type": "Established", "status": "True"}), controller()) == []


def test_a_plan_that_drops_a_stored_version_is_stopped() -> None:
    planned = (Manifest(definition(versions=[{"name": "v1", "served": True}]), "app"),)
    cluster = replace(snapshot(definition(stored=("v1beta1",))), planned=planned)
    [finding] = dropped_versions(cluster)
    assert finding.title == f"The plan drops v1beta1 of {NAME}, in which objects may be stored"
    assert not list(dropped_versions(replace(snapshot(definition(stored=("v1",))), planned=planned)))
