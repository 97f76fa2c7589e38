"""What the cells of several kinds are made from."""

from collections.abc import Iterable, Mapping
from typing import Any

from kfinstall.contracts.manifest import Body

Cells = Mapping[str, Any]
"""By the names of the columns."""

NONE, UNSET, UNKNOWN = "<none>", "<unset>", "<unknown>"

_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


def spec_of(body: Body) -> Mapping[str, Any]:
    return body.get("spec") or {}


def status_of(body: Body) -> Mapping[str, Any]:
    return body.get("status") or {}


def labels(wanted: Mapping[str, str] | None) -> str:
    """Labels, or a Service's selector (k8s.io/apimachinery/pkg/labels FormatLabels)."""
    return ",".join(f"{key}={value}" for key, value in sorted((wanted or {}).items())) or NONE


def selector(wanted: Mapping[str, Any] | None) -> str:
    """A LabelSelector (k8s.io/apimachinery/pkg/apis/meta/v1 FormatLabelSelector)."""
    exact = [(key, f"{key}={value}") for key, value in ((wanted or {}).get("matchLabels") or {}).items()]
    rules = [(rule["key"], _rule(rule)) for rule in (wanted or {}).get("matchExpressions") or ()]
    return ",".join(text for _key, text in sorted(exact + rules)) or NONE


def _rule(rule: Mapping[str, Any]) -> str:
    return _OPERATORS[rule["operator"]].format(key=rule["key"], values=",".join(sorted(rule.get("values") or ())))


def template(spec: Mapping[str, Any]) -> Cells:
    """The cells about the pods that a workload makes."""
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    return {
        "Containers": ",".join(each["name"] for each in containers),
        "Images": ",".join(each.get("image", "") for each in containers),
        "Selector": selector(spec.get("selector")),
    }


def first_three(texts: Iterable[str], nothing: str) -> str:
    """As lists of hosts and endpoints are shortened."""
    found = list(texts)
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return ",".join(found[:3]) + more if found else nothing
