"""The ApplySet that marks what an install owns.

https://github.com/kubernetes/enhancements/tree/master/keps/sig-cli/3659-kubectl-apply-prune: a parent object
names the set and the kinds in it; members carry the set's id in a label.
"""

import base64
import hashlib
from collections.abc import Iterable

from kfinstall.contracts.resource import GroupKind

PART_OF = "applyset.kubernetes.io/part-of"
ID = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
CONTAINS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"

NAMESPACE = "kfinstall-system"
"""Where the parents are: a ConfigMap for each install."""


def parent_name(install: str) -> str:
    return f"kfinstall-{install}"


def applyset_id(install: str) -> str:
    """The id as the specification derives it: of the parent's name, namespace, kind and group."""
    source = f"{parent_name(install)}.{NAMESPACE}.ConfigMap."
    digest = base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()).decode().rstrip("=")
    return f"applyset-{digest}-v1"


def group_kinds(kinds: Iterable[GroupKind]) -> str:
    """The value of the contains-group-kinds annotation."""
    return ",".join(sorted({str(kind) for kind in kinds}))


def parse_group_kinds(value: str) -> list[GroupKind]:
    """The kinds that a contains-group-kinds annotation names."""
    kinds = []
    for entry in filter(None, value.split(",")):
        kind, _, group = entry.partition(".")
        kinds.append(GroupKind(group, kind))
    return kinds
