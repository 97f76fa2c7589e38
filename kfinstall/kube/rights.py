"""What the user may do, as the API server's authorizers tell it."""

from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Right
from kfinstall.errors import ClusterError
from kfinstall.kube.connection import Connection

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a user in one namespace, as of a Role; those for the whole cluster are among them.

    complete: False where an authorizer, such as a cloud's, does not list what it allows.
    """

    rules: tuple[Body, ...]
    complete: bool


def rules(connection: Connection, namespace: str) -> Rules:
    """Raises ClusterError."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    status = connection.send("POST", REVIEWS, {"dryRun": "All"}, review).get("status") or {}
    found = [*(status.get("resourceRules") or ()), *(status.get("nonResourceRules") or ())]
    return Rules(tuple(found), not status.get("incomplete"))


def may(connection: Connection, right: Right) -> bool | None:
    """Whether the user has one right; None when the server does not say.

    https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
    """
    attributes = {"verb": right.verb, "group": right.group, "resource": right.resource, "namespace": right.namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    try:
        answer = connection.send("POST", ACCESS, {"dryRun": "All"}, review)
    except ClusterError:
        return None
    return bool((answer.get("status") or {}).get("allowed"))
