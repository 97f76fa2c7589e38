"""Several documents as one: a base and what differs from it."""

from dataclasses import replace

from kfinstall.model.document import Node, Path

PLATFORM = ("platform",)
KFDEF = ("kubeflow", "kfdef")


def merged(base: Node, over: Node, path: Path = ()) -> Node:
    """`over` on top of `base`: mappings deeply; a list, a scalar or null replaces what was there.

    The options of one platform mean nothing to another, so a platform with another type replaces the old one.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    if tuple(path) == PLATFORM and _type(over) not in (None, _type(base)):
        return over
    entries, keys = dict(base.value), dict(base.keys)
    for key, node in over.value.items():
        entries[key] = merged(entries[key], node, (*path, key)) if key in entries else node
        keys[key] = over.keys.get(key, node.place)
    return replace(base, value=entries, keys=keys)


def without_nulls(node: Node, path: Path = ()) -> Node:
    """The tree without the keys whose value is null: nothing was said about them, or an earlier file's is taken back.

    A KfDef keeps its own.
    """
    if not isinstance(node.value, dict) or tuple(path) == KFDEF:
        return node
    kept = {key: without_nulls(child, (*path, key)) for key, child in node.value.items() if child.value is not None}
    return replace(node, value=kept)


def _type(platform: Node) -> object:
    node = platform.child("type")
    return node.value if node else None
