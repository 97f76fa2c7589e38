"""What an install owns, as it is written into the cluster and read again."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.contracts.manifest import ObjectKey
from kfinstall.contracts.resource import Applied, GroupKind, Resource
from kfinstall.facts.objects import applyset
from kfinstall.kube.inventory import RECORDS, Inventory, _records, parent
from kfinstall.kube.membership import Found, descendants, strangers, with_dependents

words = st.text("abcdefghijklmnop.-0123456789", min_size=1, max_size=20)
keys = st.builds(ObjectKey, st.just("") | words, words, st.just("") | words, words)


@given(st.dictionaries(keys, st.builds(Applied, words, st.just("") | words), max_size=5))
def test_records_survive_the_way_into_the_cluster_and_back(records: Mapping[ObjectKey, Applied]) -> None:
    body = parent("test", Inventory(records=records))
    assert _records(body["data"][RECORDS]) == records


@pytest.mark.parametrize("text", ["", "{", "[]", "3", json.dumps({"a|b": "c d"}), json.dumps({"a|b|c|d": 3})])
def test_damaged_records_are_forgotten(text: str) -> None:
    assert _records(text) == {}


def test_the_parent_is_one_of_an_applyset() -> None:
    inventory = Inventory().covering([ObjectKey("apps", "Deployment", "b", "d"), ObjectKey("", "ConfigMap", "a", "c")])
    assert not Inventory().exists
    metadata = parent("test", inventory)["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("kfinstall-system", "kfinstall-test")
    assert metadata["labels"][applyset.ID] == applyset.applyset_id("test")
    assert metadata["annotations"][applyset.CONTAINS] == "ConfigMap,Deployment.apps"
    assert metadata["annotations"][applyset.NAMESPACES] == "a,b"
    assert metadata["annotations"][applyset.TOOLING].startswith("kfinstall/v")


def test_an_inventory_only_grows() -> None:
    first = Inventory().covering([ObjectKey("", "ConfigMap", "a", "c")])
    second = first.covering([ObjectKey("", "Secret", "b", "s")])
    assert second.kinds == {GroupKind("", "ConfigMap"), GroupKind("", "Secret")}
    assert second.namespaces == {"a", "b"}


def found(name: str, *owners: str) -> Found:
    return Found(ObjectKey("", "ConfigMap", "ns", name), "/p", name, "", False, owners=owners)


def test_what_goes_with_ours_is_no_strangers() -> None:
    everything = [found("ours"), found("child", "ours"), found("grandchild", "child"), found("theirs", "somebody")]
    owned = descendants(["ours"], everything)
    assert owned == {"ours", "child", "grandchild"}
    ours = {everything[0].key}
    assert [member.key.name for member in strangers(with_dependents(everything, owned), ours)] == ["theirs"]


@pytest.mark.parametrize(
    ("resource", "arguments", "path"),
    [
        (
            Resource("", "ConfigMap", "configmaps", True, ("v1",)),
            ("v1", "ns", "a"),
            "/api/v1/namespaces/ns/configmaps/a",
        ),
        (Resource("", "Namespace", "namespaces", False, ("v1",)), ("v1", "", "a"), "/api/v1/namespaces/a"),
        (Resource("apps", "Deployment", "deployments", True, ("v1",)), ("v1",), "/apis/apps/v1/deployments"),
    ],
)
def test_where_an_object_is_reached(resource: Resource, arguments: tuple[str, ...], path: str) -> None:
    assert resource.path(*arguments) == path
