"""What Azure's errors mean, and what to do about them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from azure.core.exceptions import AzureError, HttpResponseError

from kfinstall.errors import CloudError
from kfinstall.facts.classify import redacted
from kfinstall.words import _

LOGIN = _("Log in with: az login; or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.")
REGISTER = "az provider register --wait --namespace Microsoft.ContainerService"


class _Meaning(NamedTuple):
    what: str
    fix: str
    docs: str = ""


_QUOTA = _Meaning(
    _("The subscription's quota is too small for this cluster."),
    _("Ask for more (Azure portal, Quotas, Compute), or choose another platform.nodes.vmSize, count or location."),
    "https://learn.microsoft.com/azure/quotas/per-vm-quota-requests",
)
_SIZE = _Meaning(
    _("Azure does not offer this VM size to the subscription in this region."),
    _("Choose another platform.nodes.vmSize or location; az vm list-skus --location REGION -o table lists them."),
)
_RIGHTS = _Meaning(
    _("You may not do this in the subscription or resource group."),
    _("Ask its owner for the role Contributor, or Azure Kubernetes Service Contributor, on the resource group."),
)
_BUSY = _Meaning(_("Another operation on the cluster is under way."), _("Run the same command again when it is over."))
_THROTTLED = _Meaning(
    _("Azure takes no more requests of this kind for the moment."), _("Wait some minutes, then run the command again.")
)

_MEANINGS: Mapping[str, _Meaning] = {
    "QuotaExceeded": _QUOTA,
    "ErrCode_InsufficientVCPUQuota": _QUOTA,
    "InsufficientVCPUQuota": _QUOTA,
    "ManagedClusterCountExceedsQuotaLimit": _Meaning(
        _("The subscription has as many AKS clusters as it may have."), _("Delete one, or choose another region.")
    ),
    "SkuNotAvailable": _SIZE,
    "VMSizeNotSupported": _SIZE,
    "AllocationFailed": _Meaning(
        _("Azure has no free machines of this size in this region."),
        _("Try again later, or choose another platform.nodes.vmSize or location."),
    ),
    "K8sVersionNotSupported": _Meaning(
        _("AKS does not offer this version of Kubernetes in this region."),
        _("Choose another platform.kubernetesVersion: az aks get-versions --location REGION -o table lists them."),
    ),
    "AuthorizationFailed": _RIGHTS,
    "LinkedAuthorizationFailed": _RIGHTS,
    "MissingSubscriptionRegistration": _Meaning(
        _("The subscription does not use AKS yet: its resource provider is not registered."),
        _("Register it, once for the subscription: {command}").format(command=REGISTER),
        "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider",
    ),
    "ResourceGroupNotFound": _Meaning(
        _("There is no such resource group."),
        _("Correct platform.resourceGroup, or have it made with platform.createResourceGroup: true and a location."),
    ),
    "SubscriptionNotFound": _Meaning(
        _("There is no such subscription, or you may not see it."),
        _("Correct platform.subscription: az account list -o table shows yours."),
    ),
    "ValidationError": _Meaning(
        _("Azure does not take the cluster or the request as it is."),
        _("When a cluster cannot stop, a webhook that is asked about every kind of object may be the reason."),
        "https://learn.microsoft.com/azure/aks/start-stop-cluster",
    ),
    "OperationNotAllowed": _BUSY,
    "Conflict": _BUSY,
    "TooManyRequests": _THROTTLED,
    "SubscriptionRequestsThrottled": _THROTTLED,
    "Throttled": _THROTTLED,
}  # fmt: skip
"""By the error's code: a long-running operation that failed comes with HTTP status 200, so the code is all there is.

https://learn.microsoft.com/troubleshoot/azure/azure-kubernetes/welcome-azure-kubernetes
"""


def refused(error: HttpResponseError) -> CloudError:
    """What Azure answered, explained."""
    if error.status_code == 401:
        return not_logged_in(error)
    code = (error.error.code if error.error else "") or ""
    message = redacted((error.error.message if error.error else "") or error.message)
    meaning = _THROTTLED if error.status_code == 429 else _meaning(code, message)
    why = f"{code}: {message}" if code else message
    return CloudError(meaning.what, why=why, fix=meaning.fix, docs=meaning.docs)


_ENTRA = re.compile(r"AADSTS\d+:.*")
"""What Microsoft Entra ID says: https://learn.microsoft.com/entra/identity-platform/reference-error-codes."""


def not_logged_in(error: AzureError) -> CloudError:
    """There are no credentials, or they are not valid any more."""
    why = _first_line(error)
    if why.startswith("DefaultAzureCredential"):  # each way that it tried follows, in words of its own
        said = _ENTRA.search(error.message)
        neither = _("Neither the environment nor the Azure CLI nor this machine has credentials that are valid.")
        why = redacted(said[0].strip()) if said else neither
    return CloudError(_("You are not logged in to Azure, or not any more."), why=why, fix=LOGIN)


def unreachable(error: AzureError) -> CloudError:
    """No answer came."""
    fix = _("Look at the network and at HTTPS_PROXY, then run the same command again.")
    return CloudError(_("Azure does not answer."), why=_first_line(error), fix=fix)


def _meaning(code: str, message: str) -> _Meaning:
    # the code of a vCPU quota that is used up says "not allowed" only
    if code == "OperationNotAllowed" and "quota" in message.lower():
        return _QUOTA
    return _MEANINGS.get(code) or _Meaning(_("Azure refused."), "")


def _first_line(error: AzureError) -> str:
    return redacted(error.message.strip().partition("\n")[0])
