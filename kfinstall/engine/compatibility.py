"""Which Kubernetes versions a Kubeflow release goes with."""

import re
from dataclasses import dataclass

from kfinstall.errors import PlanRefused
from kfinstall.words import _

Minor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Bounds as minor versions such as "1.32"; "" means no bound. validated: the range that the release was tested on.

    anyway: go on in spite of the hard bounds.
    """

    release: str = ""
    minimum: str = ""
    maximum: str = ""
    validated: tuple[str, str] = ("", "")
    anyway: bool = False

    def check(self, server: str) -> tuple[str, ...]:
        """Warnings about a server's version; raises PlanRefused outside the hard bounds."""
        minor = parse_minor(server)
        if minor is None:
            return ()
        if self._outside(minor) and not self.anyway:
            raise PlanRefused(
                _("{release} does not run on Kubernetes {server}.").format(release=self.release, server=server),
                why=_("It needs {bounds}.").format(bounds=self._bounds()),
                fix=_("Use a cluster of such a version, or another release: kfinstall configs lists them."),
                about="kubeflow.preset",
            )
        low, high = self.validated
        if not low or _between(minor, low, high):
            return ()
        tested = low if low == high else f"{low}-{high}"
        return (
            _("{release} was tested on Kubernetes {tested}; this cluster is {server}. Most often it works.").format(
                release=self.release, tested=tested, server=server
            ),
        )

    def _outside(self, minor: Minor) -> bool:
        return not _between(minor, self.minimum, self.maximum)

    def _bounds(self) -> str:
        if self.minimum and self.maximum:
            return _("Kubernetes {low} to {high}").format(low=self.minimum, high=self.maximum)
        if self.minimum:
            return _("Kubernetes {low} or newer").format(low=self.minimum)
        return _("Kubernetes {high} or older").format(high=self.maximum)


def parse_minor(version: str) -> Minor | None:
    """(1, 34) for "v1.34.1", "1.34" or "v1.34.1-gke.100"; None when it is no version."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _between(minor: Minor, low: str, high: str) -> bool:
    lower, upper = parse_minor(low), parse_minor(high)
    return (lower is None or minor >= lower) and (upper is None or minor <= upper)
