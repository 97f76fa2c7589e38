"""From rendered YAML to objects that can be applied, and the repairs that old manifests need."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.errors import RenderError
from kfinstall.render.kubernetes_yaml import NotKubernetesYaml, read
from kfinstall.render.shapes import misfit
from kfinstall.words import _

_VARIABLE = re.compile(r"\$\(([A-Za-z0-9_.-]+)\)")


def objects(text: str, place: str) -> list[Body]:
    """The objects of a YAML stream; `List`s are taken apart.

    place: for messages. Raises RenderError for YAML that is none, and for what is not an object.
    """
    what = _("{place} cannot be used.").format(place=place)
    try:
        documents = read(text)
    except NotKubernetesYaml as error:
        why = _("Line {line}: {reason}.").format(line=error.line, reason=error)
        raise RenderError(what, why=why) from None
    found: list[Body] = []
    for number, document in enumerate(documents, 1):
        if document is not None:
            found.extend(_flat(document, what, _("document {number}").format(number=number)))
    return found


def _flat(document: Any, what: str, where: str) -> Iterator[Body]:
    if isinstance(document, dict) and isinstance(document.get("items"), list) and _is_list(document):
        for index, item in enumerate(document["items"]):
            yield from _flat(item, what, f"{where}, items[{index}]")
        return
    if why := _fault(document):
        raise RenderError(what, why=f"{where}: {why}")
    yield document


def _is_list(document: Mapping[str, Any]) -> bool:
    """A list of the API has no name; a custom resource that happens to have items does."""
    metadata = document.get("metadata")
    named = isinstance(metadata, dict) and metadata.get("name")
    return str(document.get("kind", "")).endswith("List") and not named


def _fault(document: Any) -> str:
    """Why this is no object; "" for an object."""
    if not isinstance(document, dict):
        return _("it is no Kubernetes object, but {kind}.").format(kind=type(document).__name__)
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str) or not document[key]:
            return _("it has no {key}.").format(key=key)
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return _("the {kind} has no metadata.name.").format(kind=document["kind"])
    if not isinstance(metadata.get("namespace", ""), str | None):
        return _("the metadata.namespace of the {kind} is no text.").format(kind=document["kind"])
    wrong = misfit(document)
    return f"{document['kind']}/{metadata['name']}: {wrong}" if wrong else ""


def substitute(bodies: Sequence[Body], variables: Sequence[Mapping[str, Any]]) -> list[Body]:
    """Replace `$(name)` of declared vars where kustomize left them, in names and namespaces.

    kustomize replaces vars only at the paths of a varReference, and no released manifest has one for the
    namespace of a binding's subjects: centraldashboard 1.0 binds `$(namespace)` literally. Elsewhere `$(NAME)` is
    the environment of a container, which Kubernetes replaces, and stays.
    """
    declared = {str(each.get("name")): each for each in variables}
    return [_with_namespaces(body, bodies, declared) for body in bodies]


def _with_namespaces(body: Body, bodies: Sequence[Body], declared: Mapping[str, Mapping[str, Any]]) -> Body:
    def replaced(text: Any) -> Any:
        if not isinstance(text, str) or "$(" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            known = _lookup(declared[match[1]], bodies) if match[1] in declared else None
            return match[0] if known is None else known

        return _VARIABLE.sub(value, text)

    metadata = body["metadata"]
    for key in ("name", "namespace"):
        if key in metadata:
            metadata[key] = replaced(metadata[key])
    subjects = body.get("subjects")
    for subject in subjects if isinstance(subjects, list) else []:
        if isinstance(subject, dict):
            for key in ("name", "namespace"):
                if key in subject:
                    subject[key] = replaced(subject[key])
    return body


def _lookup(variable: Mapping[str, Any], bodies: Sequence[Body]) -> str | None:
    """The value of a var: a field of one of the rendered objects. Generated names end in `-<hash>`."""
    reference = variable.get("objref") or {}
    field_reference = variable.get("fieldref") or {}
    path = str(field_reference.get("fieldpath") or field_reference.get("fieldPath") or "metadata.name")
    kind, name = reference.get("kind"), str(reference.get("name"))
    values = set()
    for body in bodies:
        if body["kind"] != kind or not re.fullmatch(rf"{re.escape(name)}(-[a-z0-9]{{10}})?", body["metadata"]["name"]):
            continue
        value: Any = body
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            values.add(value)
    return values.pop() if len(values) == 1 else None


def leftovers(bodies: Sequence[Body], variables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Declared vars that are still in names and namespaces, as `$(name) in Kind/name`."""
    declared = {str(each.get("name")) for each in variables}
    found = []
    for body in bodies:
        texts = [body["metadata"].get("name"), body["metadata"].get("namespace")]
        subjects = body.get("subjects")
        for subject in subjects if isinstance(subjects, list) else []:
            texts += [subject.get("name"), subject.get("namespace")] if isinstance(subject, dict) else []
        names = {name for text in texts if text for name in _VARIABLE.findall(str(text))}
        found += [f"$({name}) in {body['kind']}/{body['metadata']['name']}" for name in names & declared]
    return found


def without_namespace(body: Body, cluster_scoped: set[tuple[str, str]]) -> Body:
    """Drop the namespace that kustomize put on a custom resource of which it cannot know that it has none.

    cluster_scoped: (group, kind).
    """
    group = body["apiVersion"].rpartition("/")[0]
    if (group, body["kind"]) not in cluster_scoped or "namespace" not in body["metadata"]:
        return body
    metadata = {key: value for key, value in body["metadata"].items() if key != "namespace"}
    return {**body, "metadata": metadata}


def cluster_scoped(bodies: Sequence[Body]) -> set[tuple[str, str]]:
    """(group, kind) of the cluster-scoped resources that CustomResourceDefinitions among the objects define."""
    found = set()
    for body in bodies:
        spec = body.get("spec")
        if body["kind"] == "CustomResourceDefinition" and isinstance(spec, dict) and spec.get("scope") == "Cluster":
            kind = (spec.get("names") or {}).get("kind")
            found.add((str(spec.get("group")), str(kind)))
    return found
