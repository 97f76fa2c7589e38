"""The grammar of image references, with the examples of https://github.com/distribution/reference."""

import pytest

from kfinstall.facts.classify.image_reference import InvalidReference, Reference, parse

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("mysql", Reference("docker.io", "library/mysql", "latest", "")),
        ("mysql:8", Reference("docker.io", "library/mysql", "8", "")),
        ("kserve/agent:v1", Reference("docker.io", "kserve/agent", "v1", "")),
        ("index.docker.io/kserve/agent", Reference("docker.io", "kserve/agent", "latest", "")),
        ("localhost/a", Reference("localhost", "a", "latest", "")),
        ("localhost:5000/a/b:c", Reference("localhost:5000", "a/b", "c", "")),
        ("ghcr.io/kubeflow/katib/katib-ui:v0.18.0", Reference("ghcr.io", "kubeflow/katib/katib-ui", "v0.18.0", "")),
        (f"quay.io/a/b@{DIGEST}", Reference("quay.io", "a/b", "", DIGEST)),
        (f"quay.io/a/b:1@{DIGEST}", Reference("quay.io", "a/b", "1", DIGEST)),
        ("[2001:db8::1]:5000/a", Reference("[2001:db8::1]:5000", "a", "latest", "")),
        ("a.b/c__d-e.f", Reference("a.b", "c__d-e.f", "latest", "")),
    ],
)
def test_parts(text: str, reference: Reference) -> None:
    assert parse(text) == reference


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Team/App", "uppercase"),
        ("ghcr.io/Kubeflow/x:1", "uppercase"),
        ("docker.io/a/$(tag)", "placeholder"),
        ("a/${IMAGE}:1", "placeholder"),
        ("a b", "space"),
        ("https://quay.io/a/b", "scheme"),
        ("quay.io/a/b:", "tag"),
        ("quay.io/a/b:la/st", "characters"),
        ("quay.io/a/b@sha256:1", "digest"),
        ("quay.io/a//b", "characters"),
        ("quay.io/-a", "characters"),
        ("quay.io/" + "a" * 300, "length"),
    ],
)
def test_what_is_wrong_with_it(text: str, reason: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse(text)
    assert caught.value.reason == reason


def test_written_out_in_full() -> None:
    assert str(parse("mysql")) == "docker.io/library/mysql:latest"
    assert str(parse(f"quay.io/a/b@{DIGEST}")) == f"quay.io/a/b@{DIGEST}"
