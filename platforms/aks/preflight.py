"""What in the account stands in the way of a new cluster."""

from collections.abc import Iterator
from itertools import chain

from azure.mgmt.containerservice import ContainerServiceClient

from kfinstall.contracts.explanation import Remedy
from kfinstall.contracts.finding import Finding, Severity
from kfinstall.model.faults import did_you_mean
from kfinstall.words import _, joined
from platforms.aks.arm import got
from platforms.aks.choices import Usage, VmSize, locations, usages, versions, vm_sizes
from platforms.aks.options import AksOptions, Pool
from platforms.aks.refusals import REGISTER

PROVIDERS = "2021-04-01"


def obstacles(service: ContainerServiceClient, options: AksOptions, location: str) -> Iterator[Finding]:
    """Look at the provider's registration, at the sizes on offer, and at the quota. Raises AzureError."""
    provider = f"/subscriptions/{options.subscription}/providers/Microsoft.ContainerService"
    if got(service, provider, PROVIDERS).get("registrationState") != "Registered":
        title = _("The subscription does not use AKS yet: its resource provider is not registered.")
        yield _finding("aks-provider", title, Remedy(_("Register it, once for the subscription."), (REGISTER,)))
    regions = locations(service, options.subscription)
    if location not in regions:
        yield _no_region(location, list(regions))
        return
    yield from _version(service, options, location)
    sizes = {size.name: size for size in vm_sizes(service, options.subscription, location)}
    pools: dict[str, Pool] = {"nodes": options.nodes, **({"gpu": options.gpu} if options.gpu else {})}
    offered = [pool for pool in pools.values() if pool.vm_size in sizes and sizes[pool.vm_size].offered]
    yield from (_not_offered(key, pool, location) for key, pool in pools.items() if pool not in offered)
    quotas = usages(service, options.subscription, location)
    yield from chain.from_iterable(_short_quotas(offered, sizes, quotas, location))


def _no_region(location: str, regions: list[str]) -> Finding:
    title = _('Azure has no region "{location}" for the subscription (platform.location).').format(location=location)
    hint = did_you_mean(location, regions).strip() or _("See them with: az account list-locations -o table")
    return _finding("aks-region", title, Remedy(hint), option="platform.location")


def _version(service: ContainerServiceClient, options: AksOptions, location: str) -> Iterator[Finding]:
    """Azure lists minor versions; it takes those of patches, too."""
    wanted = options.kubernetes_version
    known = versions(service, location) if wanted else []
    if wanted and ".".join(wanted.split(".")[:2]) not in {".".join(each.split(".")[:2]) for each in known}:
        title = _("AKS has no Kubernetes {version} in {location} (platform.kubernetesVersion).")
        remedy = Remedy(_("Take one of: {versions}").format(versions=joined(known)))
        yield _finding("aks-version", title.format(version=wanted, location=location), remedy,
                       option="platform.kubernetesVersion")  # fmt: skip


def _short_quotas(
    pools: list[Pool], sizes: dict[str, VmSize], quotas: dict[str, Usage], location: str
) -> Iterator[Iterator[Finding]]:
    needed: dict[str, int] = {}
    for pool in pools:
        size = sizes[pool.vm_size]
        for counter in (size.family, "cores"):
            needed[counter] = needed.get(counter, 0) + pool.count * size.cpus
    for counter, cpus in needed.items():
        if counter in quotas:
            yield _short(quotas[counter], cpus, location)


def _short(quota: Usage, cpus: int, location: str) -> Iterator[Finding]:
    free = quota.limit - quota.used
    if free < cpus:
        title = _("The nodes need {cpus} vCPUs of the quota {quota} in {location}; {free} of {limit} are free.")
        values = {"cpus": cpus, "quota": quota.name, "location": location, "free": free, "limit": quota.limit}
        remedy = Remedy(
            _("Ask for more, or choose fewer nodes, another size or another region."),
            (f"az vm list-usage --location {location} -o table",),
        )
        yield _finding("aks-quota", title.format(**values), remedy, option="platform.nodes")


def _not_offered(key: str, pool: Pool, location: str) -> Finding:
    title = _("Azure does not offer {size} to the subscription in {location}.")
    title = title.format(size=pool.vm_size, location=location)
    command = f"az vm list-skus --location {location} --resource-type virtualMachines -o table"
    remedy = Remedy(_("Choose another size or another region."), (command,))
    return _finding("aks-size", title, remedy, option=f"platform.{key}.vmSize")


def _finding(cause: str, title: str, remedy: Remedy, *, option: str = "") -> Finding:
    return Finding(cause, Severity.ERROR, title, (), remedy, option=option)
