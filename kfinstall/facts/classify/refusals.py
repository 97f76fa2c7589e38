"""Signals of an API server that refuses: the rules that are missing, a quota's arithmetic, an API that is gone."""

import re

from kfinstall.contracts.explanation import Json
from kfinstall.facts.classify.signals import Signals
from kfinstall.facts.objects.removed_apis import removal

_RULE = re.compile(r"\{(?=[^{}]{0,2000}?\b(?:Resources|NonResourceURLs|Verbs):\[)([^{}]{1,2000})\}")
_RULE_FIELD = re.compile(r"\b(APIGroups|Resources|Verbs|ResourceNames|NonResourceURLs):\[([^\]]{0,1000})\]")
_FIELD_NAMES = {
    "APIGroups": "apiGroups",
    "Resources": "resources",
    "Verbs": "verbs",
    "ResourceNames": "resourceNames",
    "NonResourceURLs": "nonResourceURLs",
}
_QUOTED = re.compile(r"[\"']([^\"']{0,253})[\"']")
_QUOTA = re.compile(r"\b(requested|used|limited): ((?:[\w./-]{1,253}=[\w.]{1,40},?){1,40})")
_NO_KIND = re.compile(
    r"no matches for kind [\"']?([A-Za-z]\w{0,100})[\"']? in version [\"']?\s*([\w./-]{1,253})", re.IGNORECASE
)
_NO_KIND_PYTHON = re.compile(r"api_version'?: '?([\w./-]{1,253})'?, '?kind'?: '?([A-Za-z]\w{0,100})")
_BUILT_IN = re.compile(r"(?:v\d\w*|(?:apps|batch|autoscaling|policy|extensions)/.*|[\w.-]*\.k8s\.io/.*)")
_NOT_BUILT_IN = re.compile(r"(?:app|gateway\.networking|\w+\.x|snapshot\.storage|metrics|resource\w*)\.k8s\.io/.*")


def read_refused_request(signals: Signals) -> None:
    """Adds the rules that the user lacks, what a quota counted, and whether a kind is Kubernetes' own and removed."""
    _read_rules(signals)
    _read_quota(signals)
    _read_kind(signals)


def _read_rules(signals: Signals) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping"""
    rules: list[Json] = []
    missing = signals.text.partition("ownerrules=")[0]
    for match in _RULE.finditer(missing):
        rule: dict[str, Json] = {}
        for field in _RULE_FIELD.finditer(match[1]):
            values: list[Json] = [name[1] for name in _QUOTED.finditer(field[2])]
            rule[_FIELD_NAMES[field[1]]] = values
        rules.append(rule)
    signals.name("rules", rules)


def _read_quota(signals: Signals) -> None:
    for match in _QUOTA.finditer(signals.text):
        pairs = (pair.partition("=") for pair in match[2].rstrip(",").split(","))
        signals.name(match[1], {name: amount for name, _equals, amount in pairs})


def _read_kind(signals: Signals) -> None:
    found = _NO_KIND.search(signals.text)
    python = _NO_KIND_PYTHON.search(signals.text)
    if found:
        kind, version = found[1], found[2]
    elif python:
        kind, version = python[2], python[1]
    else:
        return
    signals.name("kind", kind)
    signals.name("apiVersion", version)
    signals.add("apiVersion", version)
    gone = removal(version, kind)
    if gone:
        signals.add("removed", gone.removed)
        signals.name("removed", gone.removed)
        signals.name("successor", gone.successor)
    built_in = _BUILT_IN.fullmatch(version) and not _NOT_BUILT_IN.fullmatch(version)
    signals.add("api", "built-in" if built_in else "custom")


def split_names(parameters: dict[str, Json]) -> None:
    """Splits what is written as one: `pods/exec` is the subresource exec of pods, `nb-0_team(1-2)` a pod of team.

    A count is a number, wherever it was read.
    """
    count = parameters.get("count")
    if isinstance(count, str) and count.isdigit():
        parameters["count"] = int(count)
    pod = parameters.get("pod")
    if isinstance(pod, str) and "_" in pod:
        parameters["pod"], _underscore, parameters["namespace"] = pod.partition("_")
    resource = parameters.get("resource")
    if isinstance(resource, str) and "verb" in parameters and "/" in resource:
        parameters["resource"], _slash, parameters["subresource"] = resource.partition("/")
