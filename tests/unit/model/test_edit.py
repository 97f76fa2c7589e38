"""Changing an Install file: only what is meant changes, and comments stay."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kfinstall.errors import UsageError
from kfinstall.model.edit import edited

FILE = """\
# Ours.
apiVersion: kfinstall.io/v1alpha1
kind: Install
platform:
  type: minikube     # on the laptop
  memory: 8g

kubeflow:
  preset: kubeflow-26.03
  # Spark is not wanted.
  components: {spark-operator: false}
images:
  pullSecrets:
    - name: ours  # for the team
      registry: registry.example.com
# The end.
"""


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"images.mirror": "daocloud"}, "  mirror: daocloud"),
        ({"platform.memory": "16g"}, "  memory: 16g"),
        ({"platform.type": "kind"}, "  type: kind     # on the laptop"),
        ({"platform.recreate": True}, "  recreate: true"),
        ({"storage.type": "hostpath"}, "storage:\n  type: hostpath"),
        ({"kubeflow.components.katib": False}, '  components: {spark-operator: false, "katib": false}'),
        (
            {"images.pullSecrets": [{"name": "docker-io", "password": "${DOCKER_IO_PASSWORD}"}]},
            "      registry: registry.example.com\n    - name: docker-io\n      password: ${DOCKER_IO_PASSWORD}",
        ),
    ],
)
def test_a_value_is_set_and_every_comment_stays(settings: dict[str, object], line: str) -> None:
    text = edited(FILE, settings)
    assert f"\n{line}\n" in text
    for comment in ("# Ours.", "# on the laptop", "# Spark is not wanted.", "# for the team", "# The end."):
        assert comment in text
    removed = set(FILE.splitlines()) - set(text.splitlines())
    assert len(removed) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images:\n", {"images": {"mirror": "daocloud"}}),
        ("images: {}\n", {"images": {"mirror": "daocloud"}}),
        ("images: null # none\na: 1\n", {"images": {"mirror": "daocloud"}, "a": 1}),
        ("images:\n  mirror:\na: 1", {"images": {"mirror": "daocloud"}, "a": 1}),
        ("a: |\n  text\n  more\n", {"a": "text\nmore\n", "images": {"mirror": "daocloud"}}),
        ("a: 1", {"a": 1, "images": {"mirror": "daocloud"}}),
        ("{a: 1}", {"a": 1, "images": {"mirror": "daocloud"}}),
    ],
)
def test_ways_to_write_it(text: str, expected: object) -> None:
    assert yaml.safe_load(edited(text, {"images.mirror": "daocloud"})) == expected


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: [\n", "images: text\n", "a: 1\n---\nb: 2\n", "images: &a {b: 1}\nc: *a\n"]
)
def test_what_is_not_understood_is_left_alone(text: str) -> None:
    with pytest.raises(UsageError):
        edited(text, {"images.mirror": "daocloud"})


def test_entries_that_are_there_are_not_added_again() -> None:
    entry = {"name": "ours", "registry": "registry.example.com"}
    assert edited(FILE, {"images.pullSecrets": [entry]}) == FILE


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab: #\n'\"-", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, min_size=1), st.lists(NAMES, min_size=1, max_size=3), st.booleans())
def test_it_is_what_was_meant_or_refused(data: dict[str, object], keys: list[str], flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, sort_keys=False)
    try:
        found = yaml.safe_load(edited(text, {".".join(keys): "new"}))
    except UsageError:
        return
    here = found
    for key in keys:
        here = here[key]
    assert here == "new"
    assert {name: value for name, value in found.items() if name != keys[0]} == {
        name: value for name, value in data.items() if name != keys[0]
    }
