"""OpenShift: a cluster that is there already, with constraints on what pods may do."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import (
    Choice,
    ClusterAccess,
    ClusterPhase,
    ClusterStatus,
    Detection,
    Host,
    KnownCluster,
    Tool,
)
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.words import _
from platforms.existing import KubeconfigOptions, contexts
from platforms.openshift.checks import CHECKS
from platforms.openshift.constraints import Constraint
from platforms.openshift.grants import APPLICATION, granted
from platforms.openshift.mesh import with_multus
from platforms.openshift.notebooks import without_group
from platforms.openshift.operators import refuse_two

GROUP = "security.openshift.io"
"""Served by every OpenShift, MicroShift included."""

MULTUS = "k8s.cni.cncf.io"
"""Served by OpenShift; MicroShift has it as an option, and chains network plugins without it."""

OC = "https://docs.openshift.com/container-platform/latest/cli_reference/openshift_cli/getting-started-cli.html"
CONTEXT = r"[^/]+/([^/]+:\d+)/.+|(crc-admin|crc-developer)"
"""NAMESPACE/HOST:PORT/USER, as `oc login` writes them (openshift/oc, smart_merge.go); those of OpenShift Local."""


class OpenShiftOptions(KubeconfigOptions):
    """Which OpenShift, and how far its constraints on pods may be widened."""

    type: Literal["openshift"] = Field(title=_("Platform"), description=_("An OpenShift that is there already."))
    widest_scc: Literal["nonroot-v2", "anyuid", "privileged"] = Field(
        default="nonroot-v2",
        title=_("Widest constraint"),
        description=_(
            "The widest security context constraint that may be granted to Kubeflow's service accounts that need it: "
            "anyuid lets their pods run as root, privileged lets them do everything on the nodes."
        ),
    )


class OpenShift:
    """The platform for Red Hat's distribution, OKD, OpenShift Local and MicroShift."""

    name = "openshift"
    title = _("OpenShift")
    summary = _("An OpenShift that `oc login` reaches; Kubeflow's service accounts get the constraints they need.")
    options = OpenShiftOptions
    chosen = frozenset({"context"})
    checks = CHECKS

    def detect(self, host: Host) -> Detection:
        """By the names that `oc login` gives contexts."""
        oc = Tool("oc", str(host.find("oc") or ""), OC, needed=False)
        return Detection(tools=(oc,), clusters=_known(host.kubeconfig))

    def device_plugin(self, options: OpenShiftOptions) -> str:  # noqa: ARG002 - the contract's signature
        return _("OpenShift gets it from an operator of its vendor in OperatorHub, with Node Feature Discovery.")

    def access(self, options: OpenShiftOptions, host: Host) -> ClusterAccess:  # noqa: ARG002 - the contract's signature
        return ClusterAccess(kubeconfig=options.kubeconfig, context=options.context)

    def choices(self, field: str, options: Mapping[str, Any], host: Host) -> Sequence[Choice]:  # noqa: ARG002 - as above
        return contexts(options, host, CONTEXT)

    def transformed(
        self, manifests: Sequence[Manifest], options: OpenShiftOptions, surroundings: Surroundings
    ) -> list[Manifest]:
        """With Istio's plugin where OpenShift looks for it, and with the constraints that pods need."""
        groups = surroundings.groups
        if groups is not None and GROUP not in groups:
            raise PlanRefused(
                _("This cluster is no OpenShift."),
                why=_("It does not serve {group}.").format(group=GROUP),
                fix=_("Choose another context, or platform.type: existing."),
            )
        refuse_two(manifests, surroundings)
        widest = next(each for each in Constraint if each.scc == options.widest_scc)
        multus = groups is None or MULTUS in groups
        meshed = with_multus(manifests, APPLICATION) if multus else manifests
        placed = [without_group(manifest) for manifest in meshed]
        return granted(placed, surroundings.namespace, widest)


def _known(kubeconfig: Mapping[str, Any]) -> list[KnownCluster]:
    names = [str(each.get("name")) for each in kubeconfig.get("contexts") or ()]
    found = [(name, match) for name in names if (match := re.fullmatch(CONTEXT, name))]
    status = ClusterStatus(ClusterPhase.RUNNING, _("in your kubeconfig; it was not asked"))
    return [KnownCluster(match[1] or match[2], status, name) for name, match in found]
