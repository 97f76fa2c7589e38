"""`${NAME}` and `${NAME:-default}` in the values of a document.

`$$` stands for one `$`. Keys are left alone, and so is `$(name)`, which belongs to kustomize.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from kfinstall.errors import Problem
from kfinstall.model.document import Node, Path, path_text
from kfinstall.words import _

_REFERENCE = re.compile(r"\$\$|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})?")
_MEANT = re.compile(r"\$(?=[${])")


def filled(node: Node, environ: Mapping[str, str], verbatim: Collection[str]) -> tuple[Node, list[Problem]]:
    """The tree with every reference replaced, and a problem for each that has no value.

    verbatim: files whose values stay as they are. A replaced value is always text, and its node keeps the
    reference as its template, so that what the environment gave need not be shown.
    """
    filling = _Filling(environ, verbatim)
    return filling.node(node, ()), filling.problems


def escaped(text: str) -> str:
    """The text that `filled` turns into this one again."""
    return _MEANT.sub("$$", text)


@dataclass(slots=True)
class _Filling:
    environ: Mapping[str, str]
    verbatim: Collection[str]
    problems: list[Problem] = field(default_factory=list)

    def node(self, node: Node, path: Path) -> Node:
        if isinstance(node.value, Mapping):
            inner = {key: self.node(child, (*path, key)) for key, child in node.value.items()}
            return replace(node, value=inner)
        if isinstance(node.value, list | tuple):
            return replace(node, value=[self.node(each, (*path, at)) for at, each in enumerate(node.value)])
        if isinstance(node.value, str) and "$" in node.value and node.place.file not in self.verbatim:
            return self._text(node, node.value, path)
        return node

    def _text(self, node: Node, text: str, path: Path) -> Node:
        from_environment = False

        def value(match: re.Match[str]) -> str:
            nonlocal from_environment
            if match[0] == "$$":
                return "$"
            from_environment = True
            return self._value(match, node, path)

        replaced = _REFERENCE.sub(value, text)
        return replace(node, value=replaced, written="", template=text if from_environment else "")

    def _value(self, match: re.Match[str], node: Node, path: Path) -> str:
        name = match["name"]
        if name is None:
            message = _("after ${ a variable's name and } are expected. For a plain ${ write $${.")
        elif self.environ.get(name):
            return self.environ[name]
        elif match["default"] is not None:
            return match["default"]
        elif name in self.environ:
            message = _("the environment variable {name} is empty. Set it, or give a default: {example}.")
        else:
            message = _("the environment variable {name} is not set. Set it, or give a default: {example}.")
        example = f"${{{name}:-...}}"
        text = message if name is None else message.format(name=name, example=example)
        self.problems.append(Problem(node.place, path_text(path), text))
        return match[0]
