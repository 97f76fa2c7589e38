"""Who may do what: the practice cluster and a real API server allow and refuse the same, in the same words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from tests.controlplane.api import Api, Object
from tests.patience import eventually
from tests.sandbox.conftest import Started

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
ACCESS = "/apis/authorization.k8s.io/v1"
IDENTITY = "/apis/authentication.k8s.io/v1"


@dataclass
class Side:
    """One of the two servers, asked as its admin, or as another user whom the admin impersonates."""

    api: Api
    namespace: str
    user: str = field(default_factory=lambda: f"user-{uuid4().hex[:8]}")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str = "",
        groups: tuple[str, ...] = (),
        content: str = "application/json",
        token: str | None = None,
    ) -> tuple[int, Any]:
        """The answer to a request of the user; user="admin": of the admin itself, or of whose token it is."""
        client = self.api._client
        credentials: dict[str, str] = {}
        client.update_params_for_auth(credentials, [], ["BearerToken"], path, method, None)
        if token is not None:
            credentials["authorization"] = f"Bearer {token}" if token else ""
        headers = urllib3.HTTPHeaderDict({**credentials, "Content-Type": content})
        if user != "admin":
            headers["Impersonate-User"] = user or self.user
        for group in groups:
            headers.add("Impersonate-Group", group)
        text = None if body is None else json.dumps(body)
        pool: urllib3.PoolManager = client.rest_client.pool_manager
        address = client.configuration.host + path.replace("{ns}", self.namespace)
        response = pool.request(method, address, body=text, headers=headers)
        try:
            return response.status, json.loads(response.data)
        except ValueError:
            return response.status, response.data.decode()

    def refusal(self, method: str, path: str, body: Any = None, **options: Any) -> str:
        """The message of a 403, with {user} and {ns} for what differs between runs."""
        code, answer = self.ask(method, path, body, **options)
        assert code == 403, answer
        assert answer["reason"] == "Forbidden"
        return str(answer["message"]).replace(self.user, "{user}").replace(self.namespace, "{ns}")

    def grant(self, *rules: Object, cluster: bool = False, subject: Object | None = None, name: str = "") -> None:
        """Give rules to the user, in the test's namespace or everywhere."""
        name = name or f"{self.namespace}-{uuid4().hex[:6]}"
        kind, root = ("Cluster", RBAC) if cluster else ("", f"{RBAC}/namespaces/{self.namespace}")
        self.api.create(f"{root}/{kind.lower()}roles", {"metadata": {"name": name}, "rules": list(rules)})
        self.bind(name, f"{kind}Role", cluster=cluster, subject=subject)

    def bind(
        self, role: str, kind: str, *, cluster: bool = False, subject: Object | None = None, missing: bool = False
    ) -> None:
        """Returns when the server goes by the role, or, where it is missing, misses it."""
        root = f"{RBAC}/clusterrolebindings" if cluster else f"{RBAC}/namespaces/{self.namespace}/rolebindings"
        witness = f"witness-{uuid4().hex[:8]}"
        subjects = [subject or _user(self.user), _user(witness)]
        reference = {"apiGroup": GROUP, "kind": kind, "name": role}
        metadata = {"name": f"{self.namespace}-{uuid4().hex[:6]}"}
        self.api.create(root, {"metadata": metadata, "roleRef": reference, "subjects": subjects})
        if missing:
            eventually(lambda: self._review(witness).get("evaluationError"))
        else:
            rules = self.api.get(self._roles(kind) + role)["rules"]
            eventually(lambda: self._may(witness, rules))

    def _roles(self, kind: str) -> str:
        return f"{RBAC}/clusterroles/" if kind == "ClusterRole" else f"{RBAC}/namespaces/{self.namespace}/roles/"

    def _may(self, user: str, rules: list[Object]) -> bool:
        """A real API server hears of bindings, and of their roles, a moment later, in whatever order."""
        status = self._review(user)
        known = status["resourceRules"] + status["nonResourceRules"]
        return all(rule in known for rule in rules)

    def _review(self, user: str) -> Object:
        path, spec = f"{ACCESS}/selfsubjectrulesreviews", {"namespace": self.namespace}
        review: Object = self.ask("POST", path, {"spec": spec}, user=user)[1]
        status: Object = review["status"]
        return status


def _user(name: str) -> Object:
    return {"apiGroup": GROUP, "kind": "User", "name": name}


@pytest.fixture(params=["sandbox", "kubernetes"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """Each of the two servers; the real one is skipped where it cannot be had."""
    if request.param == "sandbox":
        path: Path = request.getfixturevalue("healthy")
    else:
        path = request.getfixturevalue("control_plane").kubeconfig()
    namespace = f"access-{uuid4().hex[:8]}"
    with Api(path) as api:
        api.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        yield Side(api, namespace)
        api.delete(f"/api/v1/namespaces/{namespace}")


def rule(resources: str, verbs: str, group: str = "", **more: Any) -> Object:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


def role(*rules: Object, kind: str = "Role", **more: Any) -> Object:
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": "wanted"}, "rules": list(rules), **more}


def binding(kind: str, name: str, **more: Any) -> Object:
    subjects = [_user("somebody")]
    reference = {"apiGroup": GROUP, "kind": kind, "name": name}
    return {"metadata": {"name": "wanted"}, "roleRef": reference, "subjects": subjects, **more}


CANNOT = 'is forbidden: User "{user}" cannot'
IN_NAMESPACE = 'in the namespace "{ns}"'


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            "/api/v1/namespaces/{ns}/configmaps",
            f'configmaps {CANNOT} list resource "configmaps" in API group "" {IN_NAMESPACE}',
        ),
        (
            "GET",
            "/api/v1/namespaces/{ns}/configmaps/a",
            f'configmaps "a" {CANNOT} get resource "configmaps" in API group "" {IN_NAMESPACE}',
        ),
        (
            "GET",
            "/api/v1/namespaces/{ns}/configmaps?fieldSelector=metadata.name%3Da",
            f'configmaps "a" {CANNOT} list resource "configmaps" in API group "" {IN_NAMESPACE}',
        ),
        (
            "GET",
            "/api/v1/pods?watch=1",
            f'pods {CANNOT} watch resource "pods" in API group "" at the cluster scope',
        ),
        (
            "POST",
            "/apis/apps/v1/namespaces/{ns}/deployments",
            f'deployments.apps {CANNOT} create resource "deployments" in API group "apps" {IN_NAMESPACE}',
        ),
        (
            "PUT",
            "/apis/apps/v1/namespaces/{ns}/deployments/a/scale",
            f'deployments.apps "a" {CANNOT} update resource "deployments/scale" in API group "apps" {IN_NAMESPACE}',
        ),
        (
            "DELETE",
            "/api/v1/namespaces/{ns}/secrets",
            f'secrets {CANNOT} deletecollection resource "secrets" in API group "" {IN_NAMESPACE}',
        ),
        (
            "GET",
            "/api/v1/namespaces/{ns}",
            f'namespaces "{{ns}}" {CANNOT} get resource "namespaces" in API group "" {IN_NAMESPACE}',
        ),
        (
            "POST",
            "/api/v1/namespaces",
            f'namespaces {CANNOT} create resource "namespaces" in API group "" at the cluster scope',
        ),
        (
            "PATCH",
            "/apis/nobody.example.com/v1/things/a",
            f'things.nobody.example.com "a" {CANNOT} patch resource "things" in API group "nobody.example.com" '
            "at the cluster scope",
        ),
        ("GET", "/metrics", 'forbidden: User "{user}" cannot get path "/metrics"'),
    ],
)
def test_a_stranger_is_refused_in_the_words_of_kubernetes(side: Side, method: str, path: str, message: str) -> None:
    assert side.refusal(method, path, {} if method != "GET" else None) == message


def test_rules_name_resources_subresources_names_and_paths(side: Side) -> None:
    side.grant(rule("configmaps", "get update", resourceNames=["mine"]), rule("pods/log */scale", "get", "*"))
    side.grant({"nonResourceURLs": ["/metrics", "/logs/*"], "verbs": ["get"]}, cluster=True)
    assert side.ask("GET", "/api/v1/namespaces/{ns}/configmaps/mine")[0] == 404
    assert side.ask("GET", "/api/v1/namespaces/{ns}/configmaps/other")[0] == 403
    assert side.ask("GET", "/api/v1/namespaces/{ns}/configmaps")[0] == 403
    assert side.ask("GET", "/api/v1/namespaces/{ns}/pods/a/log")[0] == 404
    assert side.ask("GET", "/api/v1/namespaces/{ns}/pods/a")[0] == 403
    assert side.ask("GET", "/apis/apps/v1/namespaces/{ns}/deployments/a/scale")[0] == 404
    assert side.ask("GET", "/logs/anything")[0] != 403
    assert side.ask("GET", "/loggings")[0] == 403


def test_groups_and_service_accounts_are_bound(side: Side) -> None:
    side.grant(rule("configmaps", "list"), subject={"apiGroup": GROUP, "kind": "Group", "name": "team"})
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": side.namespace}
    side.grant(rule("secrets", "list"), subject=account)
    assert side.ask("GET", "/api/v1/namespaces/{ns}/configmaps", groups=("other", "team"))[0] == 200
    assert side.ask("GET", "/api/v1/namespaces/{ns}/configmaps", groups=("other",))[0] == 403
    robot = f"system:serviceaccount:{side.namespace}:robot"
    assert side.ask("GET", "/api/v1/namespaces/{ns}/secrets", user=robot)[0] == 200
    assert side.ask("GET", "/api/v1/namespaces/default/secrets", user=robot)[0] == 403


def test_a_cluster_role_bound_in_a_namespace_holds_there_only(side: Side) -> None:
    side.bind("edit", "ClusterRole")
    assert side.ask("POST", "/api/v1/namespaces/{ns}/configmaps", {"metadata": {"name": "a"}})[0] == 201
    assert side.ask("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": "a"}})[0] == 403
    assert side.ask("GET", f"{RBAC}/namespaces/{{ns}}/rolebindings")[0] == 403


def test_a_binding_to_a_role_that_is_missing_is_told(side: Side) -> None:
    side.bind("absent", "Role", missing=True)
    assert side.refusal("GET", "/api/v1/namespaces/{ns}/configmaps") == (
        f'configmaps {CANNOT} list resource "configmaps" in API group "" {IN_NAMESPACE}: '
        'RBAC: role.rbac.authorization.k8s.io "absent" not found'
    )


def test_applying_what_is_not_there_needs_the_right_to_create(side: Side) -> None:
    side.grant(rule("configmaps", "patch"))
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    path, apply = "/api/v1/namespaces/{ns}/configmaps/a?fieldManager=me", "application/apply-patch+yaml"
    assert side.refusal("PATCH", path, body, content=apply) == (
        f'configmaps "a" {CANNOT} create resource "configmaps" in API group "" {IN_NAMESPACE}'
    )
    side.api.create(f"/api/v1/namespaces/{side.namespace}/configmaps", {"metadata": {"name": "a"}})
    assert side.ask("PATCH", path, body, content=apply)[0] == 200


def test_impersonating_needs_a_right_of_its_own(side: Side) -> None:
    side.api.create(f"/api/v1/namespaces/{side.namespace}/serviceaccounts", {"metadata": {"name": "robot"}})
    path = "/api/v1/namespaces/{ns}/serviceaccounts/robot/token"
    token = side.ask("POST", path, {"spec": {}}, user="admin")[1]["status"]["token"]
    name = f"system:serviceaccount:{side.namespace}:robot"
    assert side.refusal("GET", "/api/v1/namespaces/{ns}/pods", user="bob", token=token) == (
        'pods is forbidden: User "system:serviceaccount:{ns}:robot" cannot impersonate-on:user-info:list resource '
        f'"pods" in API group "" {IN_NAMESPACE}'
    )
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": side.namespace}
    side.grant(rule("users", "impersonate", resourceNames=["bob"]), cluster=True, subject=account)
    message = side.refusal("GET", "/api/v1/namespaces/{ns}/pods", user="bob", token=token)
    assert 'User "bob" cannot list resource "pods"' in message
    code, answer = side.ask("POST", f"{IDENTITY}/selfsubjectreviews", {}, user="admin", token=token)
    assert code == 201
    assert answer["status"]["userInfo"]["username"] == name
    assert answer["status"]["userInfo"]["groups"] == [
        "system:serviceaccounts",
        f"system:serviceaccounts:{side.namespace}",
        "system:authenticated",
    ]


def test_a_group_without_a_user_is_a_bad_request(side: Side) -> None:
    code, answer = side.ask("GET", "/api", user="admin", groups=("g",))
    assert (code, answer["reason"]) == (400, "BadRequest")
    assert "without impersonating a user name" in answer["message"]


def test_who_sends_no_token_is_anonymous_and_a_wrong_one_is_unauthorized(side: Side) -> None:
    code, answer = side.ask("GET", "/api/v1/pods", user="admin", token="")
    assert (code, answer["message"]) == (
        403,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    )
    assert side.ask("GET", "/version", user="admin", token="")[0] == 200
    code, answer = side.ask("GET", "/version", user="admin", token="wrong")
    assert (code, answer["message"]) == (401, "Unauthorized")


class TestEscalation:
    """Nobody grants what they do not have."""

    ROLES = f"{RBAC}/namespaces/{{ns}}/roles"
    BINDINGS = f"{RBAC}/namespaces/{{ns}}/rolebindings"
    ATTEMPT = (
        'is forbidden: user "{user}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not '
        "currently held:\n"
    )

    def manager(self, side: Side, *rules: Object) -> None:
        """Lets the user write roles and bindings, and gives the rules."""
        side.grant(rule("roles rolebindings", "create update patch", GROUP), *rules)

    def test_a_role_beyond_ones_own_rights(self, side: Side) -> None:
        self.manager(side, rule("pods", "get list"), rule("configmaps", "get", resourceNames=["a"]))
        wanted = role(
            rule("pods secrets", "get list delete"),
            rule("configmaps", "get", resourceNames=["a", "b"]),
            rule("deployments/scale", "update", "apps"),
        )
        assert side.refusal("POST", self.ROLES, wanted) == (
            f'roles.{GROUP} "wanted" {self.ATTEMPT}'
            '{APIGroups:[""], Resources:["configmaps"], ResourceNames:["b"], Verbs:["get"]}\n'
            '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n'
            '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "delete"]}\n'
            '{APIGroups:["apps"], Resources:["deployments/scale"], Verbs:["update"]}'
        )

    def test_a_role_within_ones_own_rights(self, side: Side) -> None:
        self.manager(side, rule("*", "get list"), rule("*/scale", "*", "*"))
        wanted = role(rule("secrets pods/log", "get"), rule("deployments/scale", "update", "apps"))
        assert side.ask("POST", self.ROLES, wanted)[0] == 201

    def test_a_role_that_grows(self, side: Side) -> None:
        self.manager(side, rule("pods", "get"))
        assert side.ask("POST", self.ROLES, role(rule("pods", "get")))[0] == 201
        path, merge = f"{self.ROLES}/wanted", "application/merge-patch+json"
        labelled = {"metadata": {"labels": {"a": "b"}}}
        assert side.ask("PATCH", path, labelled, content=merge)[0] == 200
        grown = {"rules": [rule("pods", "*")]}
        assert side.refusal("PATCH", path, grown, content=merge) == (
            f'roles.{GROUP} "wanted" {self.ATTEMPT}{{APIGroups:[""], Resources:["pods"], Verbs:["*"]}}'
        )
        assert self.ATTEMPT in side.refusal(
            "PATCH",
            f"{path}?fieldManager=me&force=true",
            role(rule("pods", "*")),
            content="application/apply-patch+yaml",
        )

    def test_a_binding_beyond_ones_own_rights(self, side: Side) -> None:
        self.manager(side)
        side.api.create(
            f"{RBAC}/namespaces/{side.namespace}/roles", {"metadata": {"name": "r"}, "rules": [rule("secrets", "get")]}
        )
        assert side.refusal("POST", self.BINDINGS, binding("Role", "r")) == (
            f'rolebindings.{GROUP} "wanted" {self.ATTEMPT}{{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}}'
        )
        code, answer = side.ask("POST", self.BINDINGS, binding("Role", "absent"))
        assert (code, answer["message"]) == (404, f'rolebindings.{GROUP} "absent" not found')

    def test_the_verbs_bind_and_escalate_lift_it(self, side: Side) -> None:
        self.manager(
            side, rule("roles", "escalate", GROUP), rule("clusterroles", "bind", GROUP, resourceNames=["view"])
        )
        assert side.ask("POST", self.ROLES, role(rule("secrets", "*")))[0] == 201
        assert side.ask("POST", self.BINDINGS, binding("ClusterRole", "view"))[0] == 201
        assert self.ATTEMPT in side.refusal("POST", self.BINDINGS, binding("ClusterRole", "edit"))

    def test_aggregation_is_for_cluster_admins(self, side: Side) -> None:
        side.grant(rule("clusterroles", "create", GROUP), cluster=True)
        selector = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
        wanted = {**role(kind="ClusterRole"), "metadata": {"name": side.namespace}, **selector}
        assert side.refusal("POST", f"{RBAC}/clusterroles", wanted) == (
            f'clusterroles.{GROUP} "{{ns}}" is forbidden: must have cluster-admin privileges to use the aggregationRule'
        )


class TestReviews:
    """Questions about rights get the answers that requests would get."""

    def test_may_i(self, side: Side) -> None:
        side.grant(rule("configmaps", "list"), name="reader")
        asked = {"verb": "list", "resource": "configmaps", "namespace": side.namespace}
        code, answer = side.ask("POST", f"{ACCESS}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": asked}})
        assert code == 201
        assert answer["status"]["allowed"] is True
        assert f'of Role "reader" to User "{side.user}"' in answer["status"]["reason"]
        asked["verb"] = "create"
        answer = side.ask("POST", f"{ACCESS}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": asked}})[1]
        assert answer["status"] == {"allowed": False}

    def test_may_they(self, side: Side) -> None:
        attributes = {"verb": "get", "path": "/version"}
        spec = {"user": "bob", "groups": ["system:authenticated"], "nonResourceAttributes": attributes}
        answer = side.ask("POST", f"{ACCESS}/subjectaccessreviews", {"spec": spec}, user="admin")[1]
        assert answer["status"]["allowed"] is True
        assert side.ask("POST", f"{ACCESS}/subjectaccessreviews", {"spec": spec})[0] == 403
        local = {"user": "bob", "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": side.namespace}}
        path, metadata = f"{ACCESS}/namespaces/{{ns}}/localsubjectaccessreviews", {"namespace": side.namespace}
        answer = side.ask("POST", path, {"metadata": metadata, "spec": local}, user="admin")[1]
        assert answer["status"] == {"allowed": False}

    @pytest.mark.parametrize(
        ("plural", "spec", "code", "message"),
        [
            (
                "selfsubjectaccessreviews",
                {},
                422,
                '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: '
                "exactly one of nonResourceAttributes or resourceAttributes must be specified",
            ),
            (
                "subjectaccessreviews",
                {"nonResourceAttributes": {"path": "/", "verb": "get"}},
                422,
                '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": '
                "at least one of user or group must be specified",
            ),
            (
                "selfsubjectaccessreviews",
                {"resourceAttributes": {"verb": 5}},
                400,
                'SelfSubjectAccessReview in version "v1" cannot be handled as a SelfSubjectAccessReview: json: cannot '
                "unmarshal number into Go struct field ResourceAttributes.spec.resourceAttributes.verb of type string",
            ),
            ("selfsubjectrulesreviews", {}, 400, "no namespace on request"),
        ],
    )
    def test_a_question_that_is_none(self, side: Side, plural: str, spec: Object, code: int, message: str) -> None:
        found, answer = side.ask("POST", f"{ACCESS}/{plural}", {"spec": spec}, user="admin")
        assert (found, answer["message"]) == (code, message)

    def test_what_may_i(self, side: Side) -> None:
        side.grant(rule("configmaps", "list", resourceNames=["a"]))
        spec = {"namespace": side.namespace}
        answer = side.ask("POST", f"{ACCESS}/selfsubjectrulesreviews", {"spec": spec})[1]
        own = {"verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"]}
        assert own in answer["status"]["resourceRules"]
        assert any("/version" in each["nonResourceURLs"] for each in answer["status"]["nonResourceRules"])

    def test_a_token_is_given_known_and_worthless_once_its_account_is_gone(self, side: Side) -> None:
        side.api.create(f"/api/v1/namespaces/{side.namespace}/serviceaccounts", {"metadata": {"name": "robot"}})
        path = "/api/v1/namespaces/{ns}/serviceaccounts/robot"
        code, answer = side.ask("POST", f"{path}/token", {"spec": {"expirationSeconds": 900}}, user="admin")
        assert (code, answer["kind"]) == (201, "TokenRequest")
        token = answer["status"]["token"]
        review = side.ask("POST", f"{IDENTITY}/tokenreviews", {"spec": {"token": token}}, user="admin")[1]["status"]
        assert review["authenticated"] is True
        assert review["user"]["username"] == f"system:serviceaccount:{side.namespace}:robot"
        unused = side.ask("POST", f"{path}/token", {"spec": {}}, user="admin")[1]["status"]["token"]
        side.ask("DELETE", path, user="admin")
        eventually(lambda: side.ask("GET", "/version", user="admin", token=unused)[0] == 401)

    def test_a_token_of_nobody_and_one_that_is_too_short_lived(self, side: Side) -> None:
        answer = side.ask("POST", f"{IDENTITY}/tokenreviews", {"spec": {"token": "x"}}, user="admin")[1]
        assert answer["status"] == {"user": {}, "error": "invalid bearer token"}
        path = "/api/v1/namespaces/{ns}/serviceaccounts/absent/token"
        assert side.ask("POST", path, {"spec": {}}, user="admin")[0] == 404
        side.api.create(f"/api/v1/namespaces/{side.namespace}/serviceaccounts", {"metadata": {"name": "robot"}})
        code, answer = side.ask(
            "POST", path.replace("absent", "robot"), {"spec": {"expirationSeconds": 9}}, user="admin"
        )
        assert code == 422
        assert "may not specify a duration less than 10 minutes" in answer["message"]


def test_the_restricted_user_edits_its_namespaces_and_creates_none(scenario: Started) -> None:
    api = scenario("restricted-user")
    side = Side(api, "kubeflow", user="engineer")
    assert side.ask("GET", "/api/v1/namespaces", user="admin")[0] == 200  # "admin" is whom the kubeconfig is for
    assert (
        side.ask("POST", "/api/v1/namespaces/kubeflow/configmaps", {"metadata": {"name": "a"}}, user="admin")[0] == 201
    )
    code, answer = side.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "x"}}, user="admin")
    assert (code, answer["message"]) == (
        403,
        'namespaces is forbidden: User "engineer" cannot create resource "namespaces" in API group "" '
        "at the cluster scope",
    )
