"""Operators of Red Hat that bring what Kubeflow brings, too: two of them fight over the same definitions."""

from collections.abc import Iterator, Mapping, Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.words import _

OPERATORS: Mapping[str, tuple[str, str]] = {
    "maistra.io": ("OpenShift Service Mesh 2", "istio.io"),
    "sailoperator.io": ("OpenShift Service Mesh 3", "istio.io"),
    "operator.knative.dev": ("OpenShift Serverless", "knative.dev"),
}
"""API group that the operator alone serves -> its name, and what the API groups of its definitions end with."""


CERT_MANAGERS = "/apis/operator.openshift.io/v1alpha1/certmanagers"
"""The group is OpenShift's own: only the collection tells that Red Hat's operator for cert-manager is there."""


def refuse_two(manifests: Sequence[Manifest], surroundings: Surroundings) -> None:
    """Raises PlanRefused, with the applications to leave out, where an operator has the definitions already."""
    for operator, suffix in _present(surroundings):
        found = [each for each in manifests if _defines(each, suffix)]
        if found:
            names = sorted({each.application for each in found})
            raise PlanRefused(
                _(
                    "{operator} is in this cluster, and Kubeflow brings the same definitions: {count} of {suffix}."
                ).format(operator=operator, count=len(found), suffix=suffix),
                why=_("Two of them would undo each other's changes, and intercept each other's pods."),
                fix=_("Use the operator's: --set kubeflow.provided=[{names}]; or take another cluster.").format(
                    names=",".join(names)
                ),
            )


def _present(surroundings: Surroundings) -> Iterator[tuple[str, str]]:
    """The operators that are in the cluster, as OPERATORS names them."""
    groups = surroundings.groups or frozenset()
    yield from (named for group, named in OPERATORS.items() if group in groups)
    if surroundings.serves(CERT_MANAGERS):
        yield "cert-manager Operator for Red Hat OpenShift", "cert-manager.io"


def _defines(manifest: Manifest, suffix: str) -> bool:
    if manifest.kind != "CustomResourceDefinition":
        return False
    group = str((manifest.body.get("spec") or {}).get("group"))
    return group == suffix or group.endswith(f".{suffix}")
