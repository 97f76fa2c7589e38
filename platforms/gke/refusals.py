"""What Google refuses, in words: the same few reasons come as HTTP errors, as failed operations and as conditions."""

import re
from collections.abc import Mapping

from kfinstall.errors import CloudError
from kfinstall.words import _

LOGIN = "gcloud auth application-default login"
QUOTA = re.compile(r"insufficient .*quota|quota .*exceeded|exceeded .*quota|QUOTA_EXCEEDED", re.IGNORECASE | re.DOTALL)
RATE = re.compile(r"per (minute|day|\d+ seconds)", re.IGNORECASE)
"""In the name of a quota of requests, which has nothing to do with machines."""

STOCKOUT = re.compile(r"stockout|RESOURCE_POOL_EXHAUSTED|not have enough resources available", re.IGNORECASE)
DISABLED = ("SERVICE_DISABLED", "accessNotConfigured")


def no_credentials(why: str) -> CloudError:
    return CloudError(
        _("There are no credentials for Google Cloud on this machine."),
        why=why,
        fix=_("Log in with: {login}; or name a service account's key file in GOOGLE_APPLICATION_CREDENTIALS.").format(
            login=LOGIN
        ),
        docs="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    )


def expired(why: str) -> CloudError:
    return CloudError(
        _("Google Cloud does not accept the credentials: they have expired, or were taken back."),
        why=why,
        fix=_("Log in again with: {login}; or give a new key in GOOGLE_APPLICATION_CREDENTIALS.").format(login=LOGIN),
    )


def unreachable(why: str) -> CloudError:
    return CloudError(
        _("Google Cloud cannot be reached from this machine."),
        why=why,
        fix=_("Check the network, and HTTPS_PROXY if there is a proxy; then run the same command again."),
    )


def throttled(why: str) -> CloudError:
    return CloudError(
        _("Google Cloud still refuses to answer because it was asked too often, or is overloaded."),
        why=why,
        fix=_("Run the same command again in some minutes; it goes on where it was."),
    )


def refused(
    status: int, message: str, project: str, *, reason: str = "", facts: Mapping[str, str] | None = None
) -> CloudError:
    """An answer of Google's that is no success.

    status: of HTTP. reason and facts: of its ErrorInfo, https://cloud.google.com/apis/design/errors#error_info.
    """
    if status == 401:
        return expired(message)
    if status == 403 and reason in DISABLED:
        return _disabled(message, project, facts or {})
    if (known := _shortage(message, project)) is not None:
        return known
    if status == 403:
        return _forbidden(message, project)
    if status in (429, 503):
        return throttled(message)
    return CloudError(_("Google Cloud refused the request (HTTP {status}).").format(status=status), why=message)


def failed(message: str, project: str) -> CloudError:
    """An operation that came to a bad end, or a cluster with a condition."""
    return _shortage(message, project) or CloudError(
        _("Google Cloud could not finish what it had begun."),
        why=message,
        fix=_("Delete what is left with: kfinstall platforms delete -f FILE; then install again."),
    )


def _disabled(message: str, project: str, facts: Mapping[str, str]) -> CloudError:
    service = facts.get("service") or "container.googleapis.com"
    url = facts.get("activationUrl") or f"https://console.cloud.google.com/apis/library/{service}?project={project}"
    return CloudError(
        _("The API {service} is switched off in the project {project}.").format(service=service, project=project),
        why=message,
        fix=_("Switch it on at {url}, or with: gcloud services enable {service} --project {project}").format(
            url=url, service=service, project=project
        ),
    )


def _forbidden(message: str, project: str) -> CloudError:
    fix = _("Ask an owner of the project for roles/container.admin and roles/iam.serviceAccountUser.")
    if "compute.firewalls" in message:
        fix = _("Ask an owner of the project for roles/compute.securityAdmin, or leave private.openWebhooks out.")
    return CloudError(
        _("You may not do this in the project {project}.").format(project=project),
        why=message,
        fix=fix,
        docs="https://cloud.google.com/kubernetes-engine/docs/how-to/iam",
    )


def _shortage(message: str, project: str) -> CloudError | None:
    """A quota also comes as 403, like a missing permission; only the text tells (google/caliban#66)."""
    if STOCKOUT.search(message):
        return CloudError(
            _("Google has no such machines left in this location at the moment."),
            why=message,
            fix=_("Take another zone (platform.location) or machine type, or try again later."),
        )
    if QUOTA.search(message) and not RATE.search(message):
        return CloudError(
            _("The project {project} may not use as much as this cluster needs.").format(project=project),
            why=message,
            fix=_("Ask for more at {url}, or take fewer or smaller nodes, or another region.").format(
                url=f"https://console.cloud.google.com/iam-admin/quotas?project={project}"
            ),
        )
    return None
