"""The firewall between a private cluster's control plane and the webhooks that run on its nodes.

GKE opens ports 443 and 10250 only: https://cloud.google.com/kubernetes-engine/docs/how-to/private-clusters#add_firewall_rules.
"""

from collections.abc import Iterable, Mapping
from typing import Any

PORTS = (4443, 8443, 9443, 15017)
"""Of Kubeflow's webhooks: admission of PodDefaults; Katib, Knative and Pipelines; KServe and training; Istio."""

Rule = Mapping[str, Any]


def opened(rules: Iterable[Rule], source: str, tag: str) -> bool:
    """Whether the rules of Compute Engine together let `source` reach all PORTS of the nodes with `tag`."""
    fitting = [rule for rule in rules if _applies(rule, source, tag)]
    return all(any(_lets(rule, port) for rule in fitting) for port in PORTS)


def command(project: str, cluster: str, network: str, source: str, tag: str) -> str:
    rules = ",".join(f"tcp:{port}" for port in PORTS)
    return (
        f"gcloud compute firewall-rules create kfinstall-{cluster}-webhooks --project {project} --network {network} "
        f"--direction INGRESS --action ALLOW --source-ranges {source} --target-tags {tag} --rules {rules}"
    )


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
