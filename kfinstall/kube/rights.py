"""What the user may do, as the API server's authorizers tell it."""

from dataclasses import dataclass

from kfinstall.contracts.manifest import Body
from kfinstall.kube.connection import Connection

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


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
