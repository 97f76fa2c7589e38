"""The firewall between a private cluster's control plane and the webhooks that run on its nodes.

GKE opens ports 443 and 10250 only: https://cloud.google.com/kubernetes-engine/docs/how-to/private-clusters#add_firewall_rules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kfinstall.contracts.platform import Progress
from kfinstall.errors import CloudError, Interrupted
from kfinstall.words import _
from platforms.gke import refusals
from platforms.gke.cloud import Cloud
from platforms.gke.options import GkeOptions
from platforms.gke.wanted import network_tag

if TYPE_CHECKING:
    from google.cloud.container_v1 import Cluster

PORTS = (4443, 8443, 9443, 15017)
"""Of Kubeflow's webhooks: admission of PodDefaults; Katib, Knative and Pipelines; KServe and training; Istio."""

OURS = "Made by kfinstall: GKE's control plane reaches Kubeflow's webhooks. It goes with the cluster."
"""The description of a rule that kfinstall made; one of the same name without it is somebody else's."""

BETWEEN_LOOKS = 2.0
"""Seconds."""

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Passage:
    """From the control plane's addresses to the nodes with a tag in a network."""

    source: str
    tag: str
    network: str

    def is_open(self, rules: Iterable[Rule]) -> bool:
        """Whether the rules of Compute Engine together let it reach all PORTS."""
        fitting = [rule for rule in rules if _applies(rule, self.source, self.tag)]
        return all(any(_lets(rule, port) for rule in fitting) for port in PORTS)

    def command(self, options: GkeOptions) -> str:
        """The command that opens it."""
        ports = ",".join(f"tcp:{port}" for port in PORTS)
        return (
            f"gcloud compute firewall-rules create {rule_name(options)} --project {options.project} "
            f"--network {self.network} --direction INGRESS --action ALLOW --source-ranges {self.source} "
            f"--target-tags {self.tag} --rules {ports}"
        )

    def rule(self, options: GkeOptions) -> Rule:
        """The rule that opens it: https://cloud.google.com/compute/docs/reference/rest/v1/firewalls."""
        is_path = "/" in self.network
        return {
            "name": rule_name(options),
            "description": OURS,
            "network": self.network if is_path else f"projects/{options.project}/global/networks/{self.network}",
            "direction": "INGRESS",
            "sourceRanges": [self.source],
            "targetTags": [self.tag],
            "allowed": [{"IPProtocol": "tcp", "ports": [str(port) for port in PORTS]}],
        }


def rule_name(options: GkeOptions) -> str:
    return f"kfinstall-{options.cluster}-webhooks"


def passage(cluster: "Cluster | None", options: GkeOptions, rules: Sequence[Rule]) -> Passage | None:
    """What has to be open for the cluster that stands, or that is wanted; None where it is not private."""
    source = cluster.private_cluster_config.master_ipv4_cidr_block if cluster else ""
    source = source or (options.private.control_plane_range if options.private and not cluster else "")
    network = (cluster.network if cluster else options.network) or "default"
    return Passage(source, _node_tag(cluster, options, rules), network) if source else None


def listed(cloud: Cloud) -> list[Rule]:
    """All rules of the project. Raises CloudError."""
    return list(cloud.items("compute", _rules(cloud), "items"))


def opening(cluster: "Cluster | None", options: GkeOptions, cloud: Cloud) -> Iterator[Progress]:
    """Make the rule, where the passage is not open yet. Raises CloudError, and Interrupted."""
    rules = listed(cloud)
    wanted = passage(cluster, options, rules)
    if wanted is None or wanted.is_open(rules):
        return
    yield Progress(_("Opening the firewall for webhooks"), rule_name(options))
    try:
        _follow(cloud.write("compute", _rules(cloud), wanted.rule(options)), cloud)
    except CloudError:
        if not wanted.is_open(listed(cloud)):  # it was asked for twice, when the first answer got lost
            raise


def closing(options: GkeOptions, cloud: Cloud) -> Iterator[Progress]:
    """Take the rule away that kfinstall made. Raises as opening."""
    name = rule_name(options)
    if any((rule["name"], rule.get("description")) == (name, OURS) for rule in listed(cloud)):
        yield Progress(_("Deleting the firewall rule for webhooks"), name)
        _follow(cloud.remove("compute", f"{_rules(cloud)}/{name}"), cloud)


def _follow(operation: Mapping[str, Any], cloud: Cloud) -> None:
    """To its end: seconds, as a rule."""
    while operation.get("status") != "DONE":
        if cloud.host.wait(BETWEEN_LOOKS):
            raise Interrupted(_("Stopped; Google goes on. The same command follows it to its end."))
        operation = cloud.read("compute", f"projects/{cloud.project}/global/operations/{operation['name']}")
    errors = (operation.get("error") or {}).get("errors") or ()
    if errors:
        raise refusals.failed(str(errors[0].get("message")), cloud.project)


def _rules(cloud: Cloud) -> str:
    return f"projects/{cloud.project}/global/firewalls"


def _node_tag(cluster: "Cluster | None", options: GkeOptions, rules: Sequence[Rule]) -> str:
    """kfinstall's own; for a cluster that somebody else made, the one that GKE's own rule has."""
    own = network_tag(options)
    if cluster is None or all(own in pool.config.tags for pool in cluster.node_pools):
        return own
    of_gke = (
        rule for rule in rules if rule["name"].startswith(f"gke-{cluster.name}-") and rule["name"].endswith("-master")
    )
    return str(next((tag for rule in of_gke for tag in rule.get("targetTags", ())), "NODE_TAG"))


def _applies(rule: Rule, source: str, tag: str) -> bool:
    return (
        rule.get("direction", "INGRESS") == "INGRESS"
        and not rule.get("disabled")
        and source in rule.get("sourceRanges", ())
        and tag in rule.get("targetTags", (tag,))
    )


def _lets(rule: Rule, port: int) -> bool:
    return any(
        each["IPProtocol"] in ("tcp", "6", "all")
        and any(_holds(span, port) for span in each.get("ports", ("0-65535",)))
        for each in rule.get("allowed", ())
    )


def _holds(span: str, port: int) -> bool:
    first, _, last = span.partition("-")
    return int(first) <= port <= int(last or first)
