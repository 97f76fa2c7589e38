"""What is written loads as what it was written from."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kfinstall.errors import DocumentError
from kfinstall.model.duration import duration, duration_text
from kfinstall.model.install import Install, Kubeflow
from kfinstall.model.load import load
from kfinstall.model.write import commented, dump, init
from platforms.existing import ExistingOptions

PLATFORMS = {"existing": ExistingOptions}


def reloaded(text: str, environ: dict[str, str] | None = None) -> Install:
    return load(["-"], platforms=PLATFORMS, environ=environ or {}, read=lambda _: text).install


def test_init_writes_a_file_that_loads_as_the_choices() -> None:
    text = init("existing", "kubeflow-1.10", platforms=PLATFORMS, name="ml", components={"katib": False})
    install = reloaded(text)
    assert text.startswith("# yaml-language-server: $schema=https://")
    assert install.metadata.name == "ml"
    assert install.kubeflow == Kubeflow(preset="kubeflow-1.10", components={"katib": False})
    assert install.platform == ExistingOptions(type="existing")


def test_init_refuses_what_cannot_be() -> None:
    with pytest.raises(DocumentError, match=r'platform\.type: "exsting" is not known'):
        init("exsting", platforms={"existing": ExistingOptions})


def test_every_key_is_in_the_commented_file_with_words_above_it() -> None:
    lines = init("existing", platforms=PLATFORMS).splitlines()
    keys = [line for line in lines if re.match(r" *[a-zA-Z]+:|#(  )*[a-zA-Z]+:", line)]
    for key in keys:
        above = lines[lines.index(key) - 1]
        assert above.lstrip().startswith("# "), key
    assert {"skipKinds", "usageReporting", "kubeconfig", "sources"} <= {
        key.lstrip("# ").partition(":")[0] for key in keys
    }


def test_a_commented_out_key_can_be_used_by_removing_the_mark() -> None:
    text = init("existing", platforms=PLATFORMS)
    assert "#wait:\n" in text
    assert "#  timeout: 30m\n" in text
    text = text.replace("#wait:", "wait:").replace("#  timeout: 30m", "  timeout: 45m")
    assert reloaded(text).wait.timeout == timedelta(minutes=45)


AWKWARD = st.sampled_from(
    ["no", "1.30", "0o17", "1e3", "${X}", "$$", "a: b", "# c", "- d", "\ttab", "two\nlines\n", "~", "é"]
)


@settings(deadline=None)
@given(st.dictionaries(AWKWARD | st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1), AWKWARD))
def test_awkward_texts_survive(values: dict[str, str]) -> None:
    install = Install(
        platform=ExistingOptions(type="existing"), kubeflow=Kubeflow(preset="p", parameters={"app": values})
    )
    text = commented(install)
    assert reloaded(text).kubeflow.parameters == {"app": values}


def test_dump_has_defaults_and_references() -> None:
    text = init("existing", platforms=PLATFORMS).replace("name: kubeflow\n", "name: ${NAME}\n")
    loaded = load(["-"], platforms=PLATFORMS, environ={"NAME": "private"}, read=lambda _: text)
    dumped = dump(loaded)
    assert "name: ${NAME}" in dumped
    assert "private" not in dumped
    assert "timeout: 30m" in dumped
    assert reloaded(dumped, {"NAME": "private"}) == loaded.install


def test_dump_hides_secrets_that_stand_in_the_file() -> None:
    text = init("existing", platforms=PLATFORMS)
    loaded = load(
        ["-"], ["kubeflow.parameters.dex.password=hunter2"], platforms=PLATFORMS, environ={}, read=lambda _: text
    )
    assert "hunter2" not in dump(loaded)
    assert "hunter2" not in str(loaded.origins())


def test_a_kfdef_survives_the_dump() -> None:
    kfdef = 'apiVersion: kfdef.apps.kubeflow.org/v1beta1\nkind: KfDef\nspec: {a: null, b: "${C} $$", d: [1, no]}\n'
    loaded = load(["k"], platforms=PLATFORMS, environ={}, read=lambda _: kfdef)
    assert reloaded(dump(loaded)).kubeflow.kfdef == loaded.install.kubeflow.kfdef


@settings(deadline=None)
@given(st.integers(1, 30 * 24 * 3600 * 1000))
def test_durations_survive(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert duration(duration_text(value)) == value


def test_durations_are_kubectls() -> None:
    assert duration("1h30m") == timedelta(minutes=90)
    assert duration("1.5h") == timedelta(minutes=90)
    assert duration("500ms") == timedelta(milliseconds=500)
    for wrong in ("", "5", "m", "-5m", "5 m", "5d", "1h " + "0m" * 100, None, True, 0.5):
        with pytest.raises(ValueError, match="duration"):
            duration(wrong)
