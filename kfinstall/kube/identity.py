"""How the API server names the user."""

import re

from kfinstall.errors import ApiError
from kfinstall.kube.connection import Connection

REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
"""Since Kubernetes 1.28: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review."""

ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
REFUSED = re.compile(r'[Uu]ser "([^"]+)"|user=&\{(\S+) ')
"""How refusals begin; the second form until Kubernetes 1.13 (pkg/registry/rbac/validation)."""


def user(connection: Connection) -> str | None:
    """None where the server does not tell. Nothing is written."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = connection.send("POST", REVIEWS, {"dryRun": "All"}, review)
    except ApiError as error:
        return _refused_user(connection) if error.status == 404 else None
    return str(answer["status"]["userInfo"]["username"])


def _refused_user(connection: Connection) -> str | None:
    """An older server names the user when it refuses to let them grant everything."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": [EVERYTHING]}
    try:
        connection.send("POST", ROLES, {"dryRun": "All"}, {**role, "metadata": {"generateName": "kfinstall-"}})
    except ApiError as error:
        found = REFUSED.search(error.message)
        return found and (found[1] or found[2])
    return None
