"""From files, `--set` and the environment to one Install.

The steps, in order: read and parse each file; refuse what is neither an Install nor a KfDef; merge; apply the
overrides; fill in `${ENV}`; validate; make paths absolute. Each step goes on with what it has, so that one run
reports everything that is wrong, and never one thing twice.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kfinstall.errors import DocumentError, Place, Problem
from kfinstall.model.document import Document, Node, Path, path_text, problem
from kfinstall.model.environment import escaped, filled
from kfinstall.model.faults import one_of, secret, shown
from kfinstall.model.folder import is_web, with_absolute_paths
from kfinstall.model.install import API_VERSION, KIND, Install, PlatformOptions, install_model
from kfinstall.model.merge import KFDEF, merged, without_nulls
from kfinstall.model.override import TYPE_OF_PLATFORM, Override, overridden, override
from kfinstall.model.parse import parse
from kfinstall.model.shape import wants_text
from kfinstall.model.text import read_text, refusal, shown_name
from kfinstall.model.validate import check
from kfinstall.words import _

KFDEF_GROUP = "kfdef.apps.kubeflow.org"
KFDEF_KIND = "KfDef"

_PASSWORD = re.compile(r"//[^/\s@]+@")
"""The user and password of an address, or the token that stands there alone."""


class Origin(NamedTuple):
    """Where a value of the Install comes from. place: None for a default."""

    path: tuple[str | int, ...]
    value: object
    place: Place | None


@dataclass(frozen=True, slots=True)
class LoadedInstall:
    """A checked Install and where it comes from.

    document: all files as one, with the place of each value. kfdef_document: the KfDef, where the user gave one
    as a document of its own or under kubeflow.kfdef.
    """

    install: Install
    document: Document
    warnings: tuple[str, ...] = ()
    kfdef_document: Document | None = None

    def origins(self) -> list[Origin]:
        """Every value with the file and line, the --set, or the default that it comes from.

        A value that the environment gave is its `${NAME}`; a value under a key that sounds secret is `***`.
        """
        return list(_origins(shown_data(self), (), self.document))


def load(
    files: Sequence[str],
    overrides: Sequence[str] = (),
    *,
    platforms: Mapping[str, type[PlatformOptions]],
    environ: Mapping[str, str],
    read: Callable[[str], str] | None = None,
) -> LoadedInstall:
    """The Install that these files and `--set` arguments describe.

    files: paths, or "-" for standard input; in order, a later one on top of the earlier. overrides: `a.b=c`.
    platforms: type -> options model. read: gives a file's text by its name, for callers that can fetch URLs; it
    may raise DocumentError. Raises DocumentError with everything that is wrong.
    """
    loading = _Loading(platforms, read or _read_local)
    root = loading.overridden(loading.merged(files), overrides)
    root, missing = filled(without_nulls(root), environ, loading.kfdefs)
    loading.problems += missing
    document = Document.of(without_nulls(root))
    install = loading.validated(document, lost={(one.place, one.path) for one in missing})
    if install is None or loading.problems:
        raise DocumentError(_headline(loading.problems), loading.problems)
    kfdef = _kfdef_document(document, loading.kfdefs)
    return LoadedInstall(install, document, tuple(_plain_secrets(document)), kfdef)


class _Loading:
    """The problems of one load, and what its steps need to know of each other."""

    def __init__(
        self,
        platforms: Mapping[str, type[PlatformOptions]],
        read: Callable[[str], str],
    ) -> None:
        self.model = install_model(platforms)
        self.read = read
        self.problems: list[Problem] = []
        self.kfdefs: list[str] = []
        self.partial = False

    def merged(self, files: Sequence[str]) -> Node:
        """All files as one; those that cannot be used are reported and left out."""
        whole = _mapping(Place(shown_name(files[0]) if files else "--set"))
        for name in files:
            try:
                root = self._root(name)
            except DocumentError as error:
                self.problems += error.problems or [Problem(Place(shown_name(name)), "", error.what)]
                self.partial = True
            else:
                # an empty base has no place of its own, and what is missing is reported where the document begins
                whole = merged(replace(whole, place=root.place) if not whole.value else whole, root)
        if self.kfdefs and whole.child("platform") is None:
            place = Place(self.kfdefs[0])
            whole = merged(whole, _mapping(place, platform=_mapping(place, type=Node(place, "existing"))))
        return whole

    def _root(self, name: str) -> Node:
        """The root of a file as part of an Install. Raises DocumentError."""
        file = shown_name(name)
        documents = parse(self.read(name), file)
        if len(documents) > 1:
            place = documents[1].place(())
            raise refusal(place, _("a second document begins here. One file holds one document."))
        document = documents[0]
        root = document.root
        if root is None or not isinstance(document.data, dict):
            raise refusal(document.place(()), _("a mapping (key: value) is expected here."))
        if not _is_kfdef(document):
            found = _identity_problems(document)
            if found:
                raise DocumentError(_headline(found), found)
            return root
        self.kfdefs.append(file)
        if len(self.kfdefs) > 1:
            message = _("a second KfDef; {first} is one already. An install has one.")
            raise refusal(document.place(()), message.format(first=self.kfdefs[0]))
        return _mapping(root.place, kubeflow=_mapping(root.place, kfdef=root))

    def overridden(self, root: Node, overrides: Sequence[str]) -> Node:
        for change in self._changes(overrides):
            try:
                root = overridden(root, change, lambda data, path: wants_text(self.model, data, path))
            except DocumentError as error:
                self.problems += error.problems
                self.partial = True
        return root

    def _changes(self, overrides: Sequence[str]) -> list[Override]:
        """Those that say something, that of the platform's type first: it takes the options of another one away."""
        changes = []
        for position, argument in enumerate(overrides, start=1):
            try:
                changes.append(override(argument, position))
            except DocumentError as error:
                self.problems += error.problems
                self.partial = True
        return sorted(changes, key=lambda change: change.path != TYPE_OF_PLATFORM)

    def validated(self, document: Document, lost: set[tuple[Place, str]]) -> Install | None:
        """The document as an Install with absolute paths. lost: values that are reported as missing already."""
        identity = {"apiVersion": API_VERSION, "kind": KIND, **_as_dict(document.data)}
        complete = replace(document, data=identity)
        problems, install = check(self.model, complete, partial=self.partial)
        self.problems += [one for one in problems if (one.place, one.path) not in lost]
        if install is None:
            return None
        install, problems = with_absolute_paths(install, document)
        self.problems += problems
        return install


def shown_data(loaded: LoadedInstall) -> dict[str, object]:
    """The effective values as a file would have them.

    Defaults are filled in, a value from the environment is its reference, and a text that stands under a key that
    sounds secret is `***`, as is the password of an address.
    """
    data = loaded.install.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: _shown(value, (key,), loaded.document) for key, value in data.items()}


def _shown(value: object, path: tuple[str | int, ...], document: Document) -> object:
    if isinstance(value, dict):
        return {key: _shown(inner, (*path, key), document) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner, (*path, at), document) for at, inner in enumerate(value)]
    node = document.node(path)
    if node is not None and node.template:
        return node.template
    if isinstance(value, str):
        return "***" if secret(path) else _PASSWORD.sub("//***@", escaped(value))
    return value


def _origins(value: object, path: tuple[str | int, ...], document: Document) -> Sequence[Origin]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict) and value:
        inner = list(value.items())
    elif isinstance(value, list) and value:
        inner = list(enumerate(value))
    else:
        return [Origin(path, value, document.place(path) if document.node(path) else None)]
    return [origin for part, each in inner for origin in _origins(each, (*path, part), document)]


def _read_local(name: str) -> str:
    if is_web(name):
        raise refusal(Place(name), _("only files can be read here, not URLs."))
    return read_text(name)


def _is_kfdef(document: Document) -> bool:
    version = _as_dict(document.data).get("apiVersion")
    kind = _as_dict(document.data).get("kind")
    return kind == KFDEF_KIND and isinstance(version, str) and version.startswith(KFDEF_GROUP + "/")


def _identity_problems(document: Document) -> list[Problem]:
    """What is wrong with apiVersion and kind of a document that should be an Install."""
    data = _as_dict(document.data)
    version, kind = data.get("apiVersion"), data.get("kind")
    versions, kinds = [API_VERSION, f"{KFDEF_GROUP}/v1"], [KIND, KFDEF_KIND]
    found = []
    for key, value, choices in (("apiVersion", version, versions), ("kind", kind, kinds)):
        if value is None:
            message = _("this is missing. For an install file it is {value}.").format(value=choices[0])
        elif not isinstance(value, str):
            message = _("a text is expected here, {value} for an install file.").format(value=choices[0])
        elif value in choices or (key == "apiVersion" and value.startswith(KFDEF_GROUP + "/")):
            continue
        else:
            message = _('"{value}" is not known.').format(value=shown(value)) + one_of(value, choices)
        found.append(problem(document, (key,), message))
    if not found and (version, kind) != (API_VERSION, KIND):
        message = _("{kind} does not go with {version}; {pairs} are known.")
        pairs = f"{KIND} ({versions[0]}), {KFDEF_KIND} ({versions[1]})"
        found.append(problem(document, ("kind",), message.format(kind=kind, version=version, pairs=pairs)))
    return found


def _kfdef_document(document: Document, kfdefs: Sequence[str]) -> Document | None:
    if document.node(KFDEF) is None:
        return None
    part = document.at(KFDEF)
    # a KfDef that is a file of its own knows nothing of the Install around it, and neither should its messages
    return replace(part, at_path=()) if part.file in kfdefs else part


def _plain_secrets(document: Document) -> list[str]:
    """A warning for each secret that stands in a file as it is."""
    message = _("a secret stands here in plain text. Take it from the environment: {example}.")
    text = message.format(example="${NAME}")
    parameters = _as_dict(_as_dict(_as_dict(document.data).get("kubeflow")).get("parameters"))
    warnings = []
    for application, values in parameters.items():
        for name, value in _as_dict(values).items():
            path: Path = ("kubeflow", "parameters", application, name)
            node = document.node(path)
            if value and secret((name,)) and node is not None and not node.template:
                warnings.append(str(Problem(node.place, path_text(path), text)))
    return warnings


def _headline(problems: Sequence[Problem]) -> str:
    files = dict.fromkeys(one.place.file for one in problems)
    return _("{files} cannot be used.").format(files=", ".join(files))


def _mapping(place: Place, **entries: Node) -> Node:
    return Node(place, entries, dict.fromkeys(entries, place))


def _as_dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
