"""A cluster that is there already: the current context of a kubeconfig, or a named one."""

from typing import Literal

from pydantic import Field

from kfinstall.contracts.platform import ClusterAccess, Detection, Host, Tool
from kfinstall.model.base import LocalPath
from kfinstall.model.install import PlatformOptions
from kfinstall.words import _


class KubeconfigOptions(PlatformOptions):
    """Which cluster of a kubeconfig; without options it is the one that kubectl would talk to."""

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


class ExistingOptions(KubeconfigOptions):
    """Any cluster."""

    type: Literal["existing"] = Field(title=_("Platform"), description=_("A cluster that is there already."))


class Existing:
    """The platform for every cluster that a kubeconfig reaches."""

    name = "existing"
    title = _("Existing cluster")
    summary = _("Any cluster that kubectl reaches: its current context, or one that you name.")
    options = ExistingOptions

    def detect(self, host: Host) -> Detection:
        """kubectl is not needed, but a user who looks around wants it."""
        kubectl = host.find("kubectl")
        get = "https://kubernetes.io/docs/tasks/tools/"
        return Detection(tools=(Tool("kubectl", str(kubectl or ""), get, needed=False),))

    def access(self, options: ExistingOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        return ClusterAccess(kubeconfig=options.kubeconfig, context=options.context)
