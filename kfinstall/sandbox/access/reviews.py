"""Questions that are asked by creating an object that nobody keeps: who am I, may I, whose token is this, a token.

Texts and rules: pkg/registry/{authentication,authorization}, pkg/apis/*/validation, pkg/registry/core/serviceaccount.
"""

import datetime
from collections.abc import Callable, Mapping

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.authorization import Attributes, Authorizer
from kfinstall.sandbox.access.users import ISSUER, Tokens, User
from kfinstall.sandbox.server.requests import Request, Target
from kfinstall.sandbox.server.status import Cause, bad_request, invalid, wrong
from kfinstall.sandbox.types.decode import Decoder, Undecodable
from kfinstall.sandbox.types.kinds import Kind, Version

AUTHORIZATION = "authorization.k8s.io"
AUTHENTICATION = "authentication.k8s.io"
GROUPS = (AUTHORIZATION, AUTHENTICATION)
SHORTEST_TOKEN, LONGEST_TOKEN = 600, 1 << 32
"""Seconds (pkg/apis/authentication/validation)."""


class Reviews:
    """Answers them from the cluster's own roles and tokens."""

    def __init__(self, authorizer: Authorizer, tokens: Tokens) -> None:
        self._authorizer = authorizer
        self._tokens = tokens
        self._answers: Mapping[str, Callable[[Body, User, str], Body]] = {
            "selfsubjectaccessreviews": self._own_access,
            "subjectaccessreviews": self._access,
            "localsubjectaccessreviews": self._local_access,
            "selfsubjectrulesreviews": self._own_rules,
            "selfsubjectreviews": self._self,
            "tokenreviews": self._token,
        }

    def answer(self, request: Request, target: Target, kind: Kind, version: Version) -> Body:
        """The review that was sent, with its status. Raises StatusError."""
        body = _decoded(request.body, kind, version)
        status = self._answers[kind.plural](body, request.user, target.namespace)
        return {"metadata": {}, **body, "status": status}

    def token(self, body: Body, account: Body) -> Body:
        """A TokenRequest, answered with a token of a ServiceAccount. Raises StatusError."""
        spec = body.get("spec") or {}
        seconds = spec.get("expirationSeconds") or 3600
        if not SHORTEST_TOKEN <= seconds <= LONGEST_TOKEN:
            why = "less than 10 minutes" if seconds < SHORTEST_TOKEN else "larger than 2^32 seconds"
            cause = wrong("spec.expirationSeconds", seconds, f"may not specify a duration {why}")
            raise invalid(AUTHENTICATION, "TokenRequest", "", [cause])
        audiences = spec.get("audiences") or [ISSUER]
        moment = datetime.datetime.now(datetime.UTC)
        metadata = {name: account["metadata"][name] for name in ("name", "namespace", "uid")}
        return {
            "kind": "TokenRequest",
            "apiVersion": f"{AUTHENTICATION}/v1",
            "metadata": {**metadata, "creationTimestamp": _shown(moment)},
            "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": None},
            "status": {
                "token": self._tokens.issue(account, audiences, seconds),
                "expirationTimestamp": _shown(moment + datetime.timedelta(seconds=seconds)),
            },
        }

    def _own_access(self, body: Body, user: User, _namespace: str) -> Body:
        return self._decided(user, body["spec"], [])

    def _access(self, body: Body, _user: User, _namespace: str) -> Body:
        spec = body["spec"]
        causes = []
        if not spec.get("user") and not spec.get("groups"):
            causes.append(wrong("spec.user", "", "at least one of user or group must be specified"))
        return self._decided(User(spec.get("user", ""), tuple(spec.get("groups") or ())), spec, causes)

    def _local_access(self, body: Body, user: User, namespace: str) -> Body:
        asked = (body["spec"].get("resourceAttributes") or {}).get("namespace", "")
        if asked != body.get("metadata", {}).get("namespace", ""):
            cause = wrong("spec.resourceAttributes.namespace", asked, "must match metadata.namespace")
            raise invalid(AUTHORIZATION, "", "", [cause])
        if asked != namespace:
            raise bad_request(f"spec.resourceAttributes.namespace must match namespace: {namespace}")
        return self._access(body, user, namespace)

    def _decided(self, user: User, spec: Body, causes: list[Cause]) -> Body:
        wanted, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if wanted is None and path is None:
            text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            causes.append(wrong("spec.resourceAttributes", None, text))
        elif wanted is not None and path is not None:
            shown = {"Path": path.get("path", ""), "Verb": path.get("verb", "")}
            text = "cannot be specified in combination with resourceAttributes"
            causes.append(wrong("spec.nonResourceAttributes", shown, text))
        if causes:
            raise invalid(AUTHORIZATION, "", "", causes)
        allowed, reason = self._authorizer.decide(user, _attributes(wanted, path))
        return {"allowed": allowed, **({"reason": reason} if reason else {})}

    def _own_rules(self, body: Body, user: User, _namespace: str) -> Body:
        namespace = body["spec"].pop("namespace", "")
        if not namespace:
            raise bad_request("no namespace on request")
        rules, missing = self._authorizer.rules(user, namespace)
        status = {
            "resourceRules": [
                _members(rule, "verbs", "apiGroups", "resources", "resourceNames")
                for rule in rules
                if rule.get("resources")
            ],
            "nonResourceRules": [
                _members(rule, "verbs", "nonResourceURLs") for rule in rules if rule.get("nonResourceURLs")
            ],
            "incomplete": False,
        }
        return status | ({"evaluationError": missing} if missing else {})

    def _self(self, body: Body, user: User, _namespace: str) -> Body:
        body["metadata"] = {"creationTimestamp": _shown(datetime.datetime.now(datetime.UTC))}
        return {"userInfo": user.info()}

    def _token(self, body: Body, _user: User, _namespace: str) -> Body:
        token = body["spec"].get("token")
        if not token:
            raise bad_request("token is required for TokenReview in authentication")
        user = self._tokens.user(token)
        if user is None:
            return {"user": {}, "error": "invalid bearer token"}
        return {"authenticated": True, "user": user.info(), "audiences": [ISSUER]}


def _attributes(wanted: Body | None, path: Body | None) -> Attributes:
    if wanted is None:
        given = path or {}
        return Attributes(given.get("verb", ""), path=given.get("path") or "/")
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: wanted.get(name, "") for name in names})


def _decoded(body: object, kind: Kind, version: Version) -> Body:
    if not isinstance(body, dict):
        raise bad_request("the body is not an object")
    given = {"apiVersion": kind.api_version(version.name), "kind": kind.kind, **body}
    try:
        found = Decoder(kind.kind).decode(given, version.schema)
    except Undecodable as error:
        why = f'{kind.kind} in version "{version.name}" cannot be handled as a {kind.kind}: {error}'
        raise bad_request(why) from None
    found.setdefault("spec", {})
    return found


def _members(rule: Body, *names: str) -> Body:
    return {name: rule[name] for name in names if rule.get(name)}


def _shown(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
