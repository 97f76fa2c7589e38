"""Tokens that pods mount: an API server of before Kubernetes 1.20 issues them only where it was told to."""

from collections.abc import Iterator, Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.facts.network.webhooks import pod_template
from kfinstall.words import _

TOKENS = "/api/v1/serviceaccounts/token"
"""Served only where the API server has an issuer and a signing key (pkg/registry/core/rest/storage_core.go)."""

FLAGS = (
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
    "--api-audiences=https://kubernetes.default.svc",
)
"""https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"""

DOCS = (
    "https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/security-and-compliance/"
    "enable-service-account-token-volume-projection"
)


def refuse_without_tokens(manifests: Sequence[Manifest], surroundings: Surroundings) -> None:
    """Raises PlanRefused where pods mount tokens that nobody issues: they would wait for their volumes for ever."""
    mounting = [str(each.key) for each in manifests if any(_tokens(each))]
    if not mounting or surroundings.serves(TOKENS) is not False:
        return
    raise PlanRefused(
        _("The API server of this cluster issues no tokens for pods (TokenRequest)."),
        why=_("{workload} and {count} more mount one, as Istio does in every pod with a sidecar.").format(
            workload=mounting[0], count=len(mounting) - 1
        ),
        fix=_(
            "A managed cluster: switch service account token volume projection on in ACK's console (Cluster "
            "Information → Basic Information), or upgrade it to 1.20 or newer. A dedicated cluster: give "
            "kube-apiserver these flags in /etc/kubernetes/manifests/kube-apiserver.yaml of every master: {flags}"
        ).format(flags=" ".join(FLAGS)),
        docs=DOCS,
    )


def _tokens(manifest: Manifest) -> Iterator[Body]:
    template = pod_template(manifest.body) if "." not in manifest.group else None
    for volume in ((template or {}).get("spec") or {}).get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            if "serviceAccountToken" in source:
                yield source
