"""Every document in malformed/ is refused with exactly the problems that expected.yaml has for it.

The files are named by what is wrong with them. A problem is `line:column: path: what`, or `what` alone where the
whole file is meant.
"""

from pathlib import Path

import pytest
import yaml

from kfinstall.errors import DocumentError
from kfinstall.model.load import load
from platforms.existing import ExistingOptions

HERE = Path(__file__).parent / "malformed"
EXPECTED: dict[str, list[str]] = yaml.safe_load((HERE / "expected.yml").read_text(encoding="utf-8"))
FILES = sorted(HERE.glob("*.yaml"))


def problems_of(file: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load([str(file)], platforms={"existing": ExistingOptions}, environ={})
    return [str(one).removeprefix(f"{file}:").strip() for one in caught.value.problems]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_problem_is_named_with_its_place(file: Path) -> None:
    assert problems_of(file) == EXPECTED[file.stem]


def test_nothing_is_expected_of_a_file_that_is_not_there() -> None:
    assert set(EXPECTED) == {file.stem for file in FILES}
