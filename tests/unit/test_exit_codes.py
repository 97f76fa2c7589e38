"""Every way in which a run can end has its exit code."""

import pytest

from kfinstall.cli.exit_codes import ExitCode, of_result
from kfinstall.contracts.event import Result


@pytest.mark.parametrize("result", Result)
def test_only_success_is_no_failure(result: Result) -> None:
    assert (of_result(result) is ExitCode.OK) is (result is Result.SUCCEEDED)
