"""The draft: answers that are never lost, and secrets that are never kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kfinstall.errors import KfinstallError
from kfinstall.guide import saving
from kfinstall.guide.answering import answer, answered
from kfinstall.guide.checking import checked
from kfinstall.guide.draft import Draft, draft_path, forget, resumed, save
from kfinstall.guide.questions import Question
from kfinstall.guide.steps import STEPS, steps
from kfinstall.model.load import load
from kfinstall.registry import platforms

SECRET = "hunter2-in-a-draft"


def question(draft: Draft, dotted: str) -> Question:
    return next(each for step in STEPS for each in step.ask(draft) if each.dotted == dotted)


def give(draft: Draft, dotted: str, text: str) -> None:
    answer(draft, question(draft, dotted), text)


@pytest.fixture
def draft() -> Draft:
    begun = Draft()
    give(begun, "platform.type", "existing")
    return begun


def test_a_choice_that_is_taken_back_keeps_what_was_answered_for_it(draft: Draft) -> None:
    give(draft, "storage.type", "nfs")
    give(draft, "storage.server", "nfs.example.com")
    give(draft, "storage.notebooks.size", "20Gi")
    give(draft, "storage.type", "class")
    assert draft.get(("storage",)) == {"type": "class", "notebooks": {"size": "20Gi"}}
    give(draft, "storage.type", "nfs")
    assert draft.get(("storage", "server")) == "nfs.example.com"


def test_a_part_that_is_switched_off_comes_back_as_it_was() -> None:
    draft = Draft({"platform": {"type": "gke", "project": "my-project", "location": "us-central1-a"}})
    give(draft, "platform.gpu", "true")
    give(draft, "platform.gpu.type", "nvidia-tesla-t4")
    give(draft, "platform.gpu", "false")
    assert draft.get(("platform", "gpu")) is None
    give(draft, "platform.gpu", "true")
    assert draft.get(("platform", "gpu", "type")) == "nvidia-tesla-t4"


def test_components_are_those_of_their_release(draft: Draft) -> None:
    draft.put(("kubeflow", "components", "katib"), False)
    give(draft, "kubeflow.preset", "starter")
    assert draft.get(("kubeflow", "components")) is None
    give(draft, "kubeflow.preset", "kubeflow-26.03")
    assert draft.get(("kubeflow", "components")) is None
    give(draft, "kubeflow.preset", "")
    assert draft.get(("kubeflow", "components")) == {"katib": False}


def test_a_file_of_ones_own_takes_the_place_of_a_preset(draft: Draft) -> None:
    give(draft, "kubeflow.preset", "starter")
    give(draft, "kubeflow.file", "mine.yaml")
    assert draft.get(("kubeflow",)) == {"file": "mine.yaml"}


def test_a_secret_is_a_reference_in_the_document_and_gone_with_the_process(draft: Draft, tmp_path: Path) -> None:
    draft.add(("access", "users"))
    answer(draft, question(draft, "access.users.email"), "ada@example.com")
    give(draft, "access.users.password", SECRET)
    assert draft.get(("access", "users", 0, "password")) == "${KF_ACCESS_USERS_0_PASSWORD}"
    assert answered(draft, question(draft, "access.users.password")) == SECRET
    assert SECRET not in repr(draft)
    save(draft, draft_path(tmp_path))
    assert SECRET not in draft_path(tmp_path).read_text()
    later = resumed(draft_path(tmp_path))
    assert later is not None
    wrong = checked(later, {}).of(("access", "users", 0, "password"))
    assert "type it again (or set KF_ACCESS_USERS_0_PASSWORD before" in wrong
    assert not checked(later, {"KF_ACCESS_USERS_0_PASSWORD": SECRET}).faults


def test_the_secrets_of_two_entries_stay_apart_when_the_first_goes(draft: Draft) -> None:
    for at, word in enumerate(("first-secret", "second-secret")):
        draft.add(("access", "users"))
        draft.put(("access", "users", at, "email"), f"user{at}@example.com")
        draft.put_secret(("access", "users", at, "password"), word)
    draft.drop(("access", "users", 0))
    assert draft.secret(("access", "users", 0, "password")) == "second-secret"
    draft.add(("access", "users"))
    draft.put_secret(("access", "users", 1, "password"), "third-secret")
    assert draft.secret(("access", "users", 0, "password")) == "second-secret"
    assert draft.secret(("access", "users", 1, "password")) == "third-secret"


def test_a_reference_of_ones_own_is_taken_as_it_is(draft: Draft) -> None:
    draft.put_secret(("objectStore", "accessKey"), "${MY_KEY}")
    assert draft.get(("objectStore", "accessKey")) == "${MY_KEY}"
    assert draft.secrets == {}


def test_the_file_loads_as_what_was_answered(draft: Draft) -> None:
    """Also where a part is there with nothing in it, and where a text has a `$`."""
    gke = Draft({"platform": {"type": "gke", "project": "my-project", "location": "us-central1-a"}})
    give(gke, "platform.gpu", "true")
    gke.put_secret(("objectStore", "accessKey"), "abcdefgh1")
    gke.put_secret(("objectStore", "secretKey"), "abcdefgh2")
    gke.put(("images", "pullSecrets"), [{"name": "mine"}])
    give(gke, "access.type", "load-balancer")
    give(gke, "access.allowPlainHttp", "true")
    gke.put(("access", "annotations"), {"a": "$$x"})
    found = checked(gke, {})
    assert found.loaded is not None, found.faults
    text = saving.file_text(found.loaded)
    assert "abcdefgh" not in text
    again = load(["x"], platforms=platforms().options, environ=gke.secrets, read=lambda _name: text)
    assert again.install == found.loaded.install
    assert again.install.model_fields_set == found.loaded.install.model_fields_set
    assert saving.variables(gke) == ["KF_OBJECT_STORE_ACCESS_KEY", "KF_OBJECT_STORE_SECRET_KEY"]


def test_the_draft_is_its_users_alone_and_appears_whole(draft: Draft, tmp_path: Path) -> None:
    path = draft_path(tmp_path / "state")
    save(draft, path)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    draft.put(("metadata", "name"), object())  # cannot be written
    with pytest.raises(Exception, match="represent"):
        save(draft, path)
    assert path.read_text() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    forget(path)
    assert resumed(path) is None


@pytest.mark.parametrize("content", ["", "[]", "document: 3", "{", "\x00"])
def test_a_draft_that_cannot_be_used_is_put_aside(draft: Draft, tmp_path: Path, content: str) -> None:
    path = draft_path(tmp_path)
    path.write_text(content)
    with pytest.raises(KfinstallError, match="cannot be read") as caught:
        resumed(path)
    aside = tmp_path / "draft.damaged.yaml"
    assert str(aside) in caught.value.fix
    assert resumed(path) is None
    save(draft, path)
    assert aside.read_text() == content


def test_steps_that_do_not_apply_are_left_out(draft: Draft) -> None:
    give(draft, "kubeflow.preset", "starter")
    assert [step.name for step in steps(draft)] == [
        "platform", "options", "kubeflow", "components", "storage", "images", "rights",
    ]  # fmt: skip
    give(draft, "kubeflow.preset", "kubeflow-26.03")
    assert "access" in [step.name for step in steps(draft)]
    give(draft, "kubeflow.url", "https://example.com/kfdef.yaml")
    assert "components" not in [step.name for step in steps(draft)]


def test_nothing_of_the_environment_but_its_names_is_in_the_file(draft: Draft) -> None:
    draft.put(("metadata", "name"), "${MY_NAME}")
    found = checked(draft, {**os.environ, "MY_NAME": "from-outside"})
    assert found.loaded is not None
    text = saving.file_text(found.loaded)
    assert "from-outside" not in text
    assert "${MY_NAME}" in text


@pytest.mark.parametrize(
    ("platform", "path", "text"),
    [
        ("existing", "kubeflow.url", "https://ada:{secret}@example.com/kfdef.yaml"),
        ("existing", "proxy.https", "http://ada:{secret}@proxy.example.com:3128"),
        ("minikube", "platform.registryMirrors", "https://one.example.com, https://ada:{secret}@two.example.com"),
    ],
)
def test_an_address_with_a_password_is_a_secret(platform: str, path: str, text: str, tmp_path: Path) -> None:
    draft = Draft({"platform": {"type": platform}, "proxy": {}})
    asked = question(draft, path)
    answer(draft, asked, text.format(secret=SECRET))
    assert SECRET in "".join(draft.secrets.values())
    save(draft, draft_path(tmp_path))
    assert SECRET not in draft_path(tmp_path).read_text() + draft.text
    loaded = checked(draft, {}).loaded
    assert loaded is None or SECRET not in saving.file_text(loaded)
    answer(draft, asked, "https://example.com/")
    assert "KF_" not in draft.text


def test_what_is_no_text_is_refused_and_can_be_kept(draft: Draft, tmp_path: Path) -> None:
    """As Python reads a byte that is not in the terminal's encoding."""
    give(draft, "metadata.name", "caf\udce9")
    assert "small letters" in checked(draft, {}).of(("metadata", "name"))
    save(draft, draft_path(tmp_path))
    assert resumed(draft_path(tmp_path)) is not None
