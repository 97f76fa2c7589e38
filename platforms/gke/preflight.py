"""What stands in the way of a GKE cluster, found before anything is made."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.contracts.platform import Host
from kfinstall.model.faults import did_you_mean
from kfinstall.words import _, joined
from platforms.gke import choices, firewall, iap, kubeconfig, quotas
from platforms.gke.cloud import Cloud
from platforms.gke.lifetime import Lifetime
from platforms.gke.options import GkeOptions

if TYPE_CHECKING:
    from google.cloud.container_v1 import Cluster


def findings(options: GkeOptions, host: Host) -> Iterator[Finding]:
    """Raises CloudError when Google cannot be asked at all."""
    cloud = Cloud(options.project, host)
    yield from _plugin(host)
    cluster = Lifetime(cloud, options).cluster()
    if cluster is None:
        yield from _new(options, cloud)
    yield from _webhooks(cluster, options, cloud)
    if options.iap:
        yield from iap.findings(options, options.iap, cloud)


def _plugin(host: Host) -> Iterator[Finding]:
    if host.find(kubeconfig.PLUGIN) is None:
        yield _finding(
            "gke-plugin",
            Severity.ERROR,
            _("{program} is not here, without which no cluster of GKE lets anybody in.").format(
                program=kubeconfig.PLUGIN
            ),
            Remedy(_("Install it."), (f"gcloud components install {kubeconfig.PLUGIN}",)),
            kubeconfig.GET_PLUGIN,
        )


def _new(options: GkeOptions, cloud: Cloud) -> Iterator[Finding]:
    known = choices.locations(cloud)
    if options.location not in known:
        yield _unknown("platform.location", options.location, known)
        return
    zones = [zone for zone in choices.zones(cloud) if choices.within(zone, options.location)]
    yield from _machines(options, cloud, zones)
    yield from _version(options, cloud)
    for short in quotas.short(options, cloud):
        yield _over_quota(options, short)
    if options.private:
        yield _nat()


def _machines(options: GkeOptions, cloud: Cloud, zones: Sequence[str]) -> Iterator[Finding]:
    """Of a region's zones, one that has the machines is enough: not all have all."""
    types = {name for zone in zones for name in choices.machine_types(cloud, zone)}
    if options.nodes.machine_type not in types:
        yield _unknown("platform.nodes.machineType", options.nodes.machine_type, sorted(types))
    if options.gpu and options.gpu.machine_type not in types:
        yield _unknown("platform.gpu.machineType", options.gpu.machine_type, sorted(types))
    if options.gpu:
        gpus = {name for zone in zones for name in choices.gpus(cloud, zone)}
        if options.gpu.type not in gpus:
            yield _unknown("platform.gpu.type", options.gpu.type, sorted(gpus))


def _version(options: GkeOptions, cloud: Cloud) -> Iterator[Finding]:
    if options.version is None:
        return
    known = choices.versions(cloud, options.location, options.release_channel)
    if not any(
        version == options.version or version.startswith((f"{options.version}.", f"{options.version}-"))
        for version in known
    ):
        yield _unknown("platform.version", options.version, known)


def _unknown(path: str, value: str, known: Sequence[str]) -> Finding:
    hint = did_you_mean(value, known).strip() or _("Known here, among others: {some}.").format(some=joined(known[:10]))
    title = _('Google has no "{value}" here ({path}).').format(value=value, path=path)
    return _finding("gke-choice", Severity.ERROR, title, Remedy(hint), option=path)


def _over_quota(options: GkeOptions, short: quotas.Short) -> Finding:
    title = _("The cluster needs {needed:g} of the quota {metric}, and {left:g} are left.").format(
        needed=short.needed, metric=short.metric, left=short.left
    )
    url = f"https://console.cloud.google.com/iam-admin/quotas?project={options.project}"
    text = _("Take fewer or smaller nodes, or another region; or ask for more at {url}.").format(url=url)
    return _finding("gke-quota", Severity.ERROR, title, Remedy(text), option="platform.nodes")


def _nat() -> Finding:
    return _finding(
        "gke-nat",
        Severity.WARNING,
        _("Private nodes reach ghcr.io, quay.io and Docker Hub only through Cloud NAT."),
        Remedy(_("Make sure that the subnetwork has one, or take the images from Artifact Registry.")),
        "https://cloud.google.com/nat/docs/gke-example",
    )


def _webhooks(cluster: "Cluster | None", options: GkeOptions, cloud: Cloud) -> Iterator[Finding]:
    if options.private and options.private.open_webhooks:
        return  # kfinstall makes the rule with the cluster
    rules = firewall.listed(cloud) if options.private or cluster else []
    passage = firewall.passage(cluster, options, rules)
    if passage is None or passage.is_open(rules):
        return
    yield _finding(
        "private-cluster-webhooks",
        Severity.WARNING,
        _("The firewall keeps the control plane from Kubeflow's webhooks: {ports}.").format(
            ports=joined(map(str, firewall.PORTS))
        ),
        Remedy(
            _("Open these ports of the nodes before Kubeflow is installed, or let kfinstall: private.openWebhooks."),
            (passage.command(options),),
        ),
        "https://cloud.google.com/kubernetes-engine/docs/how-to/private-clusters#add_firewall_rules",
    )


def _finding(
    cause: str, severity: Severity, title: str, remedy: Remedy, docs: str = "", *, option: str = ""
) -> Finding:
    return Finding(cause, severity, title, (), remedy, docs=docs, option=option)
