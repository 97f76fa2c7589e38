"""What `rbac` in a document adds to the objects of a release, and which wishes are refused."""

from typing import Any

import pytest

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.contracts.snapshot import Right
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.errors import PlanRefused
from kfinstall.facts.cluster.rights import allowed
from kfinstall.model.rights import Rbac
from kfinstall.transform.rights import notice, transformed
from tests.contract import manifests as m
from tests.unit.transform.test_storage import problems

PROFILES = m.definition("kubeflow.org", "profiles", "Profile")
POLICY = m.named("security.istio.io/v1beta1", "AuthorizationPolicy", "dashboard", "kubeflow", spec={})
EXAMPLE = m.named(
    "kubeflow.org/v1beta1",
    "Profile",
    "example",
    spec={"owner": {"kind": "User", "name": "user@example.com"}, "plugins": []},
)


def made(rbac: dict[str, Any], *bodies: Body, user: str | None = None) -> dict[ObjectKey, Body]:
    manifests = [Manifest(body, "app") for body in bodies]
    found = transformed(manifests, Rbac.model_validate(rbac), "kf", Nowhere("kubeflow", user=user))
    assert len({manifest.key for manifest in found}) == len(found)
    return {manifest.key: manifest.body for manifest in found}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "rbac: {user: ann}\n",
            "f.yaml:4:7: rbac: user says who becomes cluster administrator, and clusterAdmin is not set.",
        ),
        (
            "rbac: {profiles: [{name: a, owner: x}, {name: a, owner: y}]}\n",
            "f.yaml:4:7: rbac: two profiles are called a.",
        ),
        (
            "rbac: {profiles: [{name: a, owner: x, contributors: [{user: x}]}]}\n",
            "f.yaml:4:19: rbac.profiles[0]: x is named twice in profile a.",
        ),
        (
            "rbac: {notebooks: {}}\n",
            "f.yaml:4:19: rbac.notebooks: notebooks get the rights of either the key clusterRole or the key rules.",
        ),
        (
            "rbac: {profiles: [{name: A_1, owner: x}]}\n",
            'f.yaml:4:26: rbac.profiles[0].name: small letters, digits and "-" are possible here, '
            "with a letter or digit at both ends.",
        ),
    ],
)
def test_wishes_that_contradict_themselves_are_refused_in_their_place(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_nothing_is_granted_without_a_word() -> None:
    assert made({}, PROFILES, EXAMPLE, user="ann").keys() == {Manifest(each, "").key for each in (PROFILES, EXAMPLE)}
    assert notice(Rbac()) == ""


def test_whoever_installs_is_named_by_the_api_server_or_by_the_document() -> None:
    key = ObjectKey("rbac.authorization.k8s.io", "ClusterRoleBinding", "", "kfinstall-kf-installer")
    assert made({"clusterAdmin": True}, user="ann")[key]["subjects"][0]["name"] == "ann"
    assert made({"clusterAdmin": True, "user": "bob"}, user="ann")[key]["subjects"][0]["name"] == "bob"
    account = made({"clusterAdmin": True}, user="system:serviceaccount:ci:deployer")[key]["subjects"]
    assert account == [{"kind": "ServiceAccount", "namespace": "ci", "name": "deployer"}]
    with pytest.raises(PlanRefused, match="the API server does not say who you are"):
        made({"clusterAdmin": True})
    assert "may read and change everything" in notice(Rbac(cluster_admin=True))


def test_a_profile_of_the_release_gets_its_owner_and_keeps_the_rest() -> None:
    objects = made({"profiles": [{"name": "example", "owner": "ann@example.com"}]}, PROFILES, EXAMPLE)
    [spec] = [body["spec"] for key, body in objects.items() if key.kind == "Profile"]
    assert spec == {"owner": {"kind": "User", "name": "ann@example.com"}, "plugins": []}


def test_notebooks_of_every_profile_get_a_role_in_their_own_namespace() -> None:
    objects = made({"notebooks": {"clusterRole": "view-logs"}}, PROFILES, EXAMPLE)
    [binding] = [body for key, body in objects.items() if key.kind == "RoleBinding"]
    assert binding["metadata"]["namespace"] == "example"
    assert binding["roleRef"]["name"] == "view-logs"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "namespace": "example", "name": "default-editor"}]
    assert objects[ObjectKey("", "Namespace", "", "example")]["metadata"]["annotations"] == {
        "owner": "user@example.com"
    }


@pytest.mark.parametrize(
    ("rbac", "bodies", "what"),
    [
        ({"notebooks": {"clusterRole": "view"}}, [PROFILES], "there is no profile"),
        ({"profiles": [{"name": "a", "owner": "x"}]}, [], "this release has no profiles"),
        (
            {"profiles": [{"name": "a", "owner": "x", "contributors": [{"user": "y"}]}]},
            [PROFILES],
            "Profile a has contributors, and this release has no AuthorizationPolicies",
        ),
    ],
)
def test_rights_that_a_release_cannot_give_are_refused(rbac: dict[str, Any], bodies: list[Body], what: str) -> None:
    with pytest.raises(PlanRefused, match=what):
        made(rbac, *bodies)


def test_a_rule_for_some_objects_allows_nothing_on_all() -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]}
    right = Right("patch", "apps", "deployments", "kubeflow")
    assert allowed([rule], right)
    assert allowed([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}], right)
    assert not allowed([{**rule, "resourceNames": ["one"]}], right)
    assert not allowed([{**rule, "verbs": ["get"]}, {**rule, "apiGroups": [""]}], right)
