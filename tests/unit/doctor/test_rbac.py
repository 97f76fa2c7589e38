"""Bindings that give nobody anything, service accounts that lack rights, and the roles that give them."""

import yaml

from checks.rbac import CHECKS
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.fix import Patch
from kfinstall.contracts.manifest import Body
from kfinstall.contracts.snapshot import Right
from kfinstall.facts.classify import classify
from kfinstall.facts.cluster.rights import granted, rules
from tests.unit.doctor.clusters import body, event, pod, snapshot

GROUP = "rbac.authorization.k8s.io"
KATIB = "system:serviceaccount:kubeflow:katib-ui"


def found(*bodies: Body) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.look(snapshot(*bodies))]


def binding(account: str, namespace: str, role: str = "reader") -> Body:
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}
    return body("ClusterRoleBinding", "bound", group=GROUP, roleRef=reference, subjects=[subject])


def role() -> Body:
    return body("ClusterRole", "reader", group=GROUP, rules=[])


def account(name: str, namespace: str) -> Body:
    return body("ServiceAccount", name, namespace)


def test_a_binding_whose_role_and_account_exist_is_well() -> None:
    assert found(binding("a", "kubeflow"), role(), account("a", "kubeflow")) == []


def test_a_binding_to_a_role_that_does_not_exist() -> None:
    [finding] = found(binding("a", "kubeflow", "gone"), account("a", "kubeflow"))
    assert (finding.cause, finding.severity) == ("rbac-role-missing", Severity.WARNING)
    assert finding.evidence[0].text == "ServiceAccount kubeflow/a"
    assert finding.remedy.commands[1] == f"kubectl delete clusterrolebinding.{GROUP}/bound"


def test_an_account_in_another_namespace_can_be_named_by_the_fix() -> None:
    [finding] = found(binding("a", "default"), role(), account("a", "kubeflow"))
    assert finding.cause == "rbac-subject-elsewhere"
    assert "there is kubeflow/a" in finding.title
    subject = {"kind": "ServiceAccount", "name": "a", "namespace": "kubeflow"}
    assert finding.fix
    assert finding.fix.patches == (Patch(finding.objects[0], {"subjects": [subject]}),)
    assert finding.fix.risk == f"kubeflow/a gets the rights of ClusterRole.{GROUP}/reader."


def test_of_two_accounts_the_user_has_to_choose() -> None:
    [finding] = found(binding("a", "default"), role(), account("a", "kubeflow"), account("a", "auth"))
    assert finding.fix is None


def test_a_binding_to_a_namespace_that_is_gone() -> None:
    [finding] = found(binding("a", "gone"), role())
    assert (finding.cause, finding.severity) == ("rbac-subject-missing", Severity.INFO)


def test_an_account_that_only_does_not_exist_yet_is_no_fault() -> None:
    assert found(binding("a", "kubeflow"), role(), body("Namespace", "kubeflow")) == []


def test_the_bindings_of_kubernetes_itself_are_left_alone() -> None:
    own = binding("route-controller", "gone")
    own["metadata"]["labels"] = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    assert found(own, role()) == []


def test_an_account_that_was_refused_gets_exactly_what_it_lacks() -> None:
    asked = 'pods is forbidden: User "{}" cannot list resource "pods" in API group "" in the namespace "alice"'
    [finding] = found(event(pod("a"), "FailedList", asked.format(KATIB)))
    assert finding.title == "The service account kubeflow/katib-ui may not do what it tries: list pods"
    assert finding.remedy.commands[0] == f"kubectl auth can-i list pods -n alice --as={KATIB}"
    text = finding.remedy.commands[1].removeprefix("kubectl apply -f - <<'END'\n").removesuffix("\nEND")
    given, bound = yaml.safe_load_all(text)
    assert given["metadata"] == {"name": "katib-ui-more", "namespace": "alice"}
    assert given["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    assert bound["subjects"] == [{"kind": "ServiceAccount", "namespace": "kubeflow", "name": "katib-ui"}]


def test_the_smallest_role_puts_resources_with_the_same_verbs_together() -> None:
    rights = [Right(verb, "apps", kind) for verb in ("get", "list") for kind in ("a", "b")]
    given, bound = granted("installer", "alice@example.com", rules(rights))
    assert given["kind"] == "ClusterRole"
    assert given["rules"] == [{"apiGroups": ["apps"], "resources": ["a", "b"], "verbs": ["get", "list"]}]
    assert bound["subjects"] == [{"apiGroup": GROUP, "kind": "User", "name": "alice@example.com"}]


def test_who_may_not_grant_is_given_the_rules_that_are_missing() -> None:
    """What `kfinstall explain` and a failed install say: the binding that mends it, and no more than it needs."""
    refusal = (
        'clusterroles.rbac.authorization.k8s.io "x" is forbidden: user "alice" (groups=["system:authenticated"]) is '
        "attempting to grant RBAC permissions not currently held:\n"
        '{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}'
    )
    explained = classify(refusal)
    assert explained
    [command] = [each for each in explained.remedy.commands if each.startswith("kubectl apply")]
    given, bound = yaml.safe_load_all(command.partition("\n")[2].removesuffix("\nEND"))
    assert given["rules"] == [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}]
    assert bound["subjects"][0]["name"] == "alice"
