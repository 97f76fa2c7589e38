"""Finds platforms and checks by entry point, so that another distribution can add some.

Nothing is imported before it is asked for, and a plugin that does not load is named instead of ending the program.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

from kfinstall.contracts.check import Check
from kfinstall.contracts.platform import Chooses, Examines, Platform
from kfinstall.errors import UsageError
from kfinstall.model.faults import one_of
from kfinstall.model.install import PlatformOptions
from kfinstall.model.shape import types_at
from kfinstall.words import _

PLATFORMS = "kfinstall.platforms"
CHECKS = "kfinstall.checks"


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that cannot be used. distribution: what to update or remove. reason: one line."""

    name: str
    distribution: str
    reason: str

    def __str__(self) -> str:
        message = _("the plugin {name} of {distribution} does not load: {reason}")
        return message.format(name=self.name, distribution=self.distribution or "?", reason=self.reason)


class Platforms:
    """The platforms behind some entry points. The first of two with one name is taken, the other is broken."""

    def __init__(self, points: Sequence[EntryPoint]) -> None:
        self._points: dict[str, EntryPoint] = {}
        self._twice: list[EntryPoint] = []
        for point in points:
            if point.name in self._points:
                self._twice.append(point)
            else:
                self._points[point.name] = point

    @property
    def names(self) -> list[str]:
        """Every platform's type, sorted; loads nothing."""
        return sorted(self._points)

    def get(self, name: str) -> Platform[Any]:
        """The platform of a type; loads only this one. Raises UsageError for one that is not there or broken."""
        if name not in self._points:
            what = _('there is no platform "{name}".').format(name=name)
            raise UsageError(what, why=one_of(name, self.names).strip())
        found = self._loaded(name)
        if isinstance(found, BrokenPlugin):
            raise UsageError(str(found), fix=_("Update or remove {name}.").format(name=found.distribution or name))
        return found

    @functools.cached_property
    def options(self) -> Mapping[str, type[PlatformOptions]]:
        """Type -> options model of every platform that loads: what the loader and the schema work with."""
        loaded = {name: self._loaded(name) for name in self.names}
        return {name: each.options for name, each in loaded.items() if not isinstance(each, BrokenPlugin)}

    @functools.cached_property
    def checks(self) -> Sequence[Check]:
        """What the platforms that load ask of their own clusters."""
        loaded = (self._loaded(name) for name in self.names)
        return [check for each in loaded if isinstance(each, Examines) for check in each.checks]

    @functools.cached_property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """The plugins that do not load, to be shown once."""
        loaded = [self._loaded(name) for name in self.names]
        twice = [_broken(point, _("another distribution has this name.")) for point in self._twice]
        return (*(each for each in loaded if isinstance(each, BrokenPlugin)), *twice)

    @functools.cache  # noqa: B019 - as long-lived as the program
    def _loaded(self, name: str) -> Platform[Any] | BrokenPlugin:
        point = self._points[name]
        try:
            platform: Platform[Any] = point.load()()
            reason = _contract_breach(name, platform)
        except Exception as error:
            return _broken(point, f"{type(error).__name__}: {error}")
        return _broken(point, reason) if reason else platform


@functools.cache
def platforms() -> Platforms:
    """The platforms that are installed here."""
    return Platforms(list(entry_points(group=PLATFORMS)))


def built_in() -> Platforms:
    """The platforms of kfinstall's own distribution: what the published JSON Schema describes."""
    own = [point for point in entry_points(group=PLATFORMS) if point.dist and point.dist.name == "kfinstall"]
    return Platforms(own)


def checks() -> tuple[list[Check], list[BrokenPlugin]]:
    """The checks that are installed here, by area and in their module's order, and the plugins that do not load.

    Those of the platforms come last.
    """
    found: dict[str, Check] = {}
    broken: list[BrokenPlugin] = []
    for point in sorted(entry_points(group=CHECKS), key=lambda point: point.name):
        try:
            loaded = [_check(each, found) for each in point.load()]
        except Exception as error:
            broken.append(_broken(point, f"{type(error).__name__}: {error}"))
        else:
            found |= {check.id: check for check in loaded}
    return [*found.values(), *platforms().checks], broken


def _check(candidate: object, known: Mapping[str, Check]) -> Check:
    if not isinstance(candidate, Check):
        raise TypeError(_("{candidate!r} is not a Check").format(candidate=candidate))
    if candidate.id in known:
        raise ValueError(_("another plugin has a check {id}").format(id=candidate.id))
    return candidate


def _broken(point: EntryPoint, reason: str) -> BrokenPlugin:
    return BrokenPlugin(point.name, point.dist.name if point.dist else "", " ".join(reason.split()))


def _contract_breach(name: str, platform: Platform[Any]) -> str:
    """Why this is not a platform of that name; "" if it is one."""
    options = platform.options
    if platform.name != name:
        return _("its name is {own}, not that of its entry point").format(own=platform.name)
    if not (isinstance(options, type) and issubclass(options, PlatformOptions)):
        return _("its options are not a PlatformOptions")
    if get_args(options.model_fields["type"].annotation) != (name,):
        return _("the type of its options is not Literal[{name!r}]").format(name=name)
    strange = [each.id for each in platform.checks if each.area != name] if isinstance(platform, Examines) else ()
    if strange:
        return _("it has checks of another area than its own: {checks}").format(checks=", ".join(strange))
    unknown = sorted(_unknown_fields(platform))
    if unknown:
        return _("it has choices for fields that its options do not have: {fields}").format(fields=", ".join(unknown))
    return ""


def _unknown_fields(platform: Platform[Any]) -> list[str]:
    """Of those that the platform says it can list what may stand there."""
    chosen = platform.chosen if isinstance(platform, Chooses) else ()
    return [field for field in chosen if not types_at(platform.options, None, tuple(field.split(".")))]
