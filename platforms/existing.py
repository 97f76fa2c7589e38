"""A cluster that is there already: the current context of a kubeconfig, or a named one."""

from typing import Literal

from pydantic import Field

from kfinstall.contracts.platform import ClusterAccess
from kfinstall.model.base import LocalPath
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _


class ExistingOptions(PlatformOptions):
    """Which cluster; without options it is the one that kubectl would talk to."""

    type: Literal["existing"] = Field(title=_("Platform"), description=_("A cluster that is there already."))
    kubeconfig: LocalPath | None = Field(
        default=None,
        title=_("Kubeconfig"),
        description=_("The kubeconfig file, instead of $KUBECONFIG or ~/.kube/config."),
    )
    context: str | None = Field(
        default=None,
        min_length=1,
        title=_("Context"),
        description=_("A context of the kubeconfig, instead of its current one."),
    )


class Existing:
    """The platform for every cluster that a kubeconfig reaches."""

    name = "existing"
    title = _("Existing cluster")
    summary = _("Any cluster that kubectl reaches: its current context, or one that you name.")
    options = ExistingOptions

    def access(self, options: ExistingOptions) -> ClusterAccess:
        return ClusterAccess(kubeconfig=options.kubeconfig, context=options.context)
