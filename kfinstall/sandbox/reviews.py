"""Questions about the asker: who am I, may I. In this release everybody may do everything."""

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.requests import Request, Target

USER = {"username": "sandbox", "groups": ["system:masters", "system:authenticated"]}


def review(target: Target, request: Request) -> Body | None:
    """The answer to a review; None for what is none."""
    if target.group not in {"authorization.k8s.io", "authentication.k8s.io"} or request.method != "POST":
        return None
    asked = request.body if isinstance(request.body, dict) else {}
    match target.plural:
        case "selfsubjectaccessreviews" | "subjectaccessreviews" | "localsubjectaccessreviews":
            status: Body = {"allowed": True, "reason": "the practice cluster allows everything"}
        case "selfsubjectrulesreviews":
            rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            status = {
                "resourceRules": [rule],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                "incomplete": False,
            }
        case "selfsubjectreviews":
            status = {"userInfo": USER}
        case "tokenreviews":
            status = {"authenticated": True, "user": USER}
        case _:
            return None
    return {"metadata": {}, "spec": {}, **asked, "status": status}
