"""Which language is spoken, and that --lang and the environment reach every word, click's own as well."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kfinstall.words import preferred
from tests.patience import PATIENCE


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.GB18030@pinyin"}, "zh_CN"),
        ({"LANG": "zh_SG.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "en_GB:zh_CN", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "de:zh_CN", "LANG": "de_DE.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN:en", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "zh_CN", "LC_ALL": "C.UTF-8"}, "zh_CN"),
    ],
)
def test_the_language_of_an_environment(environ: dict[str, str], language: str) -> None:
    assert preferred(environ) == language


def kfinstall(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command as a process, in no language but that of `environ`."""
    own = {
        name: value for name, value in os.environ.items() if name != "LANG" and not name.startswith(("LANGUAGE", "LC_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "kfinstall", *arguments], env={**own, **environ}, encoding="utf-8",
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [("--lang", "zh_CN", "init", "--help"), ("init", "--help", "--lang=zh_CN")])
def test_lang_may_stand_anywhere(arguments: tuple[str, ...]) -> None:
    done = kfinstall(*arguments, LANG="en_US.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "用法: kfinstall init" in done.stdout
    assert "显示此信息并退出。" in done.stdout


def test_lang_overrules_the_environment() -> None:
    done = kfinstall("--lang", "en", "--help", LANG="zh_CN.UTF-8", LANGUAGE="zh_CN")
    assert done.stdout == kfinstall("--help").stdout
    assert "Usage: kfinstall" in done.stdout


def test_the_environment_decides_without_lang() -> None:
    chinese = kfinstall("--lang", "zh_CN", "--help").stdout
    assert kfinstall("--help", LANG="zh_CN.UTF-8").stdout == chinese
    assert kfinstall("--help", LC_ALL="zh_CN.UTF-8", LANG="en_US.UTF-8").stdout == chinese


@pytest.mark.parametrize("arguments", [("--lang", "fr", "--help"), ("about", "--lang=fr"), ("--lang", "ZH_CN")])
def test_an_unknown_language_is_refused_with_those_known(arguments: tuple[str, ...]) -> None:
    done = kfinstall(*arguments)
    assert done.returncode == 2
    assert not done.stdout
    assert "--lang" in done.stderr
    assert "'en', 'zh_CN'" in done.stderr


def test_a_terminal_without_the_characters_gets_question_marks() -> None:
    done = kfinstall("--lang", "zh_CN", "--help", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert "??: kfinstall" in done.stdout


def test_marks_keep_their_meaning_where_a_terminal_lacks_them() -> None:
    done = kfinstall("--lang", "en", "status")
    assert "\n  → " in done.stderr
    plain = kfinstall("--lang", "en", "status", PYTHONIOENCODING="latin-1")
    assert plain.stderr == done.stderr.replace("→", ">")


def test_lang_without_a_language() -> None:
    done = kfinstall("about", "--lang")
    assert done.returncode == 2
    assert "--lang" in done.stderr


def test_what_comes_after_two_dashes_is_no_option() -> None:
    done = kfinstall("explain", "--", "--lang")
    assert "--lang" not in done.stderr
