"""An Install as text: commented for people, or plain with every effective value."""

from collections.abc import Iterator, Mapping
from typing import Literal, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kfinstall.cells import wrapped
from kfinstall.model.document import Document, Path
from kfinstall.model.environment import escaped
from kfinstall.model.install import API_VERSION, DEFAULT_PRESET, KIND, Install, PlatformOptions, install_model
from kfinstall.model.load import LoadedInstall, shown_data
from kfinstall.model.schema import ADDRESS
from kfinstall.model.validate import validate
from kfinstall.model.yaml_events import scalar
from kfinstall.words import _

_WIDTH = 100
"""Characters of a comment's line."""


def init(
    platform: str,
    preset: str = DEFAULT_PRESET,
    *,
    platforms: Mapping[str, type[PlatformOptions]],
    name: str = "kubeflow",
    options: Mapping[str, object] | None = None,
    components: Mapping[str, bool] | None = None,
) -> str:
    """The text of a commented Install file for these choices.

    options: of the platform. Raises DocumentError where a choice is not possible.
    """
    data = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name},
        "platform": {"type": platform, **(options or {})},
        "kubeflow": {"preset": preset, **({"components": dict(components)} if components else {})},
    }
    return commented(validate(install_model(platforms), Document(data, _("the new install file"))))


def commented(install: Install, schema: str = ADDRESS, document: Document | None = None) -> str:
    """An Install file that loads as this Install: what is set as it is, and everything else in comments.

    schema: where editors find the JSON Schema. document: what it was loaded from; what the environment gave there is
    written as its reference.
    """
    given = document or Document(None, "")
    lines = [f"# yaml-language-server: $schema={schema}", *_model_lines(install, (), given, live=True)]
    return "\n".join(lines) + "\n"


def dump(loaded: LoadedInstall) -> str:
    """Every effective value as an Install file, defaults included.

    What the environment gave is written as its reference, and what stands in a file under a key that sounds
    secret as `***`.
    """
    return yaml_text(shown_data(loaded))


def _model_lines(model: BaseModel, path: Path, document: Document, *, live: bool) -> Iterator[str]:
    """The fields of a model, each with its description above it. live: False inside what is commented out."""
    indent = "  " * len(path)
    for name, info in type(model).model_fields.items():
        value, key = getattr(model, name), info.alias or name
        is_live = live and _is_set(model, name, info)
        if isinstance(value, BaseModel) or (not path and name not in ("api_version", "kind")):
            yield ""
        yield from _comment(info, indent)
        if isinstance(value, BaseModel):
            inner = list(_model_lines(value, (*path, key), document, live=is_live))
            # a mapping of nothing but comments would be null, which takes the part back
            empty = is_live and not any(line and not line.lstrip().startswith("#") for line in inner)
            yield _value_line(f"{key}: {{}}" if empty else f"{key}:", indent, live=is_live)
            yield from inner
        else:
            dumped = model.model_dump(mode="json", by_alias=True, include={name})
            for line in yaml_text(_referring(dumped, path, document)).splitlines():
                yield _value_line(line, indent, live=is_live)


def _is_set(model: BaseModel, name: str, info: FieldInfo) -> bool:
    """Whether a field is written as it is. One that can have a single value only, such as kind, always is."""
    if info.is_required() or get_origin(info.annotation) is Literal:
        return True
    value = getattr(model, name)
    return value is not None and (
        name in model.model_fields_set or value != info.get_default(call_default_factory=True)
    )


def _value_line(line: str, indent: str, *, live: bool) -> str:
    text = line.removesuffix(" null")
    return f"{indent}{text}" if live else f"#{indent}{text}"


def _comment(info: FieldInfo, indent: str) -> list[str]:
    start = f"{indent}# "
    return [start + line for line in wrapped(info.description or "", _WIDTH - len(start))]


def _referring(value: object, path: Path, document: Document) -> object:
    """The value with the references that the document has, and with other `$` escaped."""
    if isinstance(value, dict):
        return {key: _referring(inner, (*path, key), document) for key, inner in value.items()}
    if isinstance(value, list):
        return [_referring(inner, (*path, at), document) for at, inner in enumerate(value)]
    node = document.node(path) if document.root else None
    if node is not None and node.template:
        return node.template
    return escaped(value) if isinstance(value, str) else value


class _Dumper(yaml.SafeDumper):
    """Quotes what our own reader, or kubectl's, would take for something else than text."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - an alias in the output helps nobody
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if not isinstance(scalar(text), str):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def yaml_text(data: object) -> str:
    """Data as YAML that our own reader, and kubectl's, takes for the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
