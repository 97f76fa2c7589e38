"""Platforms are found by entry point, one at a time, and a broken one is named."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from kfinstall.contracts.platform import ClusterAccess, Platform
from kfinstall.engine.host import LocalHost
from kfinstall.errors import UsageError
from kfinstall.model.install import PlatformOptions
from kfinstall.registry import PLATFORMS, Platforms, platforms
from platforms.existing import Existing, ExistingOptions


class WrongOptions(PlatformOptions):
    type: Literal["another"]


class ChoosyOptions(ExistingOptions):
    type: Literal["choosy"]  # type: ignore[assignment]


class Misnamed(Existing):
    name = "misnamed-inside"


class Mistyped(Existing):
    name = "mistyped"
    options = WrongOptions  # type: ignore[assignment]


class Choosy(Existing):
    name = "choosy"
    options = ChoosyOptions  # type: ignore[assignment]
    chosen = frozenset({"context", "nodes.machineType"})


class Shapeless:
    name = "shapeless"


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, PLATFORMS)


HERE = __name__
BROKEN = Platforms(
    [
        point("existing", "platforms.existing:Existing"),
        point("existing", f"{HERE}:Misnamed"),
        point("gone", "no_such_module:X"),
        point("misnamed", f"{HERE}:Misnamed"),
        point("mistyped", f"{HERE}:Mistyped"),
        point("shapeless", f"{HERE}:Shapeless"),
        point("choosy", f"{HERE}:Choosy"),
    ]
)


def test_the_built_in_platform_keeps_the_contract() -> None:
    platform: Platform[ExistingOptions] = Existing()
    assert platforms().get("existing").title == platform.title
    assert platforms().options["existing"] is ExistingOptions
    assert platforms().broken == ()
    options = ExistingOptions(type="existing", kubeconfig=Path("/k"), context="c")
    host = LocalHost(Path("/nowhere"))
    assert platform.access(options, host) == ClusterAccess(Path("/k"), "c")
    assert platform.access(ExistingOptions(type="existing"), host) == ClusterAccess()


def test_a_broken_plugin_is_named_and_the_others_work() -> None:
    assert list(BROKEN.options) == ["existing"]
    said = [str(one) for one in BROKEN.broken]
    assert [one.name for one in BROKEN.broken] == ["choosy", "gone", "misnamed", "mistyped", "shapeless", "existing"]
    assert said[0].endswith("it has choices for fields that its options do not have: nodes.machineType")
    assert "No module named 'no_such_module'" in said[1]
    assert "misnamed-inside" in said[2]
    assert "not Literal['mistyped']" in said[3]


def test_using_a_broken_or_unknown_platform_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"the plugin gone of .* does not load"):
        BROKEN.get("gone")
    with pytest.raises(UsageError, match='Did you mean "existing"'):
        BROKEN.get("exsting")


def test_nothing_is_loaded_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("lazy_platform")
    monkeypatch.setitem(sys.modules, "lazy_platform", module)
    found = Platforms([point("lazy", "lazy_platform:Later"), point("existing", "platforms.existing:Existing")])
    assert found.names == ["existing", "lazy"]
    assert found.get("existing").name == "existing"
    module.Later = type("Later", (Existing,), {"name": "lazy"})  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="not Literal"):
        found.get("lazy")
