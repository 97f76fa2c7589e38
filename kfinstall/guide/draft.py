"""The draft: the answers so far, as the document that they become. It outlives the program; its secrets do not."""

import copy
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, Final

import yaml

from kfinstall.errors import KfinstallError
from kfinstall.guide.questions import TAG, Path, Question
from kfinstall.model.document import path_text
from kfinstall.model.install import API_VERSION, KIND
from kfinstall.model.write import yaml_text
from kfinstall.words import _

FILE: Final = "draft.yaml"
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}")
_PREFIX = "KF_"
_OWN = re.compile(rf"\$\{{({_PREFIX}[A-Z0-9_]+)\}}")


@dataclass(slots=True)
class Draft:
    """Answers by their place in the document.

    document: what the file will say; a secret stands in it as `${KF_…}`. secrets: name of that variable -> value, of
    this process only. step: where its user was. parked: what was answered for choices that were changed since, so that
    going back loses nothing.
    """

    document: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    step: str = ""
    parked: dict[str, Any] = field(default_factory=dict)

    def get(self, path: Path) -> object:
        """The answer at a path; None where there is none."""
        there: Any = self.document
        for part in path:
            if isinstance(there, Mapping) and isinstance(part, str):
                there = there.get(part)
            elif isinstance(there, list) and isinstance(part, int) and part < len(there):
                there = there[part]
            else:
                return None
        return there

    def put(self, path: Path, value: object) -> None:
        """Answer; None takes the answer back. What leads to it is made."""
        around = self._around(path)
        key = path[-1]
        if value is None:
            if isinstance(around, dict):
                around.pop(key, None)
            elif isinstance(key, int) and key < len(around):
                del around[key]
        elif isinstance(around, list):
            around[len(around) if key == len(around) else int(key) : int(key) + 1] = [value]
        else:
            around[key] = value

    def put_secret(self, path: Path, text: str) -> None:
        """Answer with a secret: it is kept in this process, the document gets its reference.

        A text that is a reference already, such as ${MY_PASSWORD}, is taken as it is.
        """
        if not text or _REFERENCE.fullmatch(text):
            self.put(path, text or None)
            return
        name = self._variable(path)
        self.secrets[name] = text
        self.put(path, f"${{{name}}}")

    def secret(self, path: Path) -> str:
        """The secret at a path, or the reference to one that this process does not know; "" where there is none."""
        value = self.get(path)
        text = value if isinstance(value, str) else ""
        return self.secrets.get(text[2:-1], text)

    def lost(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The secrets that an earlier process knew and this one does not: path, as path_text gives it -> variable."""
        known = {**environ, **self.secrets}
        said = ((path, _OWN.fullmatch(text)) for path, text in _texts(self.document))
        return {path_text(path): name[1] for path, name in said if name and name[1] not in known}

    def choose(self, question: Question, value: str) -> None:
        """Answer the question which member of a union it is.

        The answers of the member that is left are parked, those of the new one come back, and what both have stays.
        value: "" for none of them.
        """
        section, before = question.path[:-1], self.get(question.path) or question.default
        held = self.get(section)
        inner = dict(held) if isinstance(held, Mapping) else {}
        keys = question.members.get(value, ())
        if before is not None and before != value:
            self.parked[_place(section, before)] = copy.deepcopy(inner)
        if not value:
            self.put(section, None)
            return
        stays = {key: each for key, each in inner.items() if key in keys}
        back = self.parked.get(_place(section, value), {})
        self.put(section, {TAG: value, **{key: each for key, each in {**back, **stays}.items() if key != TAG}})

    def switch(self, path: Path, *, on: bool) -> None:
        """Have an optional part of the document, or not; what was answered in it comes back."""
        held = self.get(path)
        if on and held is None:
            self.put(path, self.parked.pop(_place(path, "on"), {}))
        elif not on and held is not None:
            self.parked[_place(path, "on")] = held
            self.put(path, None)

    def park(self, path: Path, before: str, after: str) -> None:
        """Put the answer at a path aside with the choice that it belonged to, and take back that of another."""
        held = self.get(path)
        if held is not None:
            self.parked[_place(path, before)] = held
        self.put(path, self.parked.pop(_place(path, after), None))

    def add(self, path: Path) -> None:
        """One more entry of a list of parts."""
        held = self.get(path)
        self.put(path, [*(held if isinstance(held, list) else []), {}])

    def drop(self, path: Path) -> None:
        """Take an entry of a list away; the list with its last one."""
        self.put(path, None)
        if not self.get(path[:-1]):
            self.put(path[:-1], None)

    @property
    def whole(self) -> dict[str, Any]:
        """The document, without sections in which nothing is said."""
        said = {key: value for key, value in self.document.items() if value not in ({}, [])}
        return {"apiVersion": API_VERSION, "kind": KIND, **said}

    @property
    def text(self) -> str:
        """The document as YAML."""
        return yaml_text(self.whole)

    def _around(self, path: Path) -> Any:
        there: Any = self.document
        for part, following in pairwise(path):
            empty: object = [] if isinstance(following, int) else {}
            if isinstance(there, list):
                if int(part) == len(there):
                    there.append(empty)
                there = there[int(part)]
            else:
                if there.get(part) is None:
                    there[part] = empty
                there = there[part]
        return there

    def _variable(self, path: Path) -> str:
        """A name for the secret at a path that no other place uses."""
        now = self.get(path)
        if isinstance(now, str) and now[2:-1] in self.secrets:
            return now[2:-1]
        words = re.sub(r"([a-z])([A-Z])", r"\1_\2", path_text(path)).upper()
        base = _PREFIX + re.sub(r"[^A-Z0-9]+", "_", words).strip("_")
        used = Counter(re.findall(r"\$\{([A-Za-z0-9_]+)", yaml_text([self.document, self.parked])))
        used.subtract(re.findall(r"\$\{([A-Za-z0-9_]+)", now if isinstance(now, str) else ""))
        names = [base, *(f"{base}_{number}" for number in range(2, len(used) + 3))]
        return next(name for name in names if not used[name])


def _texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The texts of a part of the document, with where they stand."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, (*path, at))


def _place(path: Path, choice: object) -> str:
    return f"{path_text(path)}={choice}"


def draft_path(state_home: FilePath) -> FilePath:
    """Where the draft is kept."""
    return state_home / FILE


def save(draft: Draft, path: FilePath) -> None:
    """Write the draft, whole or not at all, readable by its user only. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = {"step": draft.step, "document": draft.document, "parked": draft.parked}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(yaml_text(data))
            file.flush()
            os.fsync(file.fileno())
        FilePath(name).replace(path)
    except BaseException:
        FilePath(name).unlink(missing_ok=True)
        raise


def kept(draft: Draft, path: FilePath) -> str:
    """Save the draft; why it cannot be kept, "" where it is. No walk ends for a full disk."""
    try:
        save(draft, path)
    except OSError as error:
        return _("The draft cannot be kept: {reason}").format(reason=error.strerror or error)
    return ""


def resumed(path: FilePath) -> Draft | None:
    """The draft of an earlier run; None where there is none.

    Raises KfinstallError for one that cannot be used: it is put aside, so that the next one does not replace it.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        aside = path.with_suffix(".damaged.yaml")
        with suppress(OSError):
            path.replace(aside)
        raise KfinstallError(
            _("The answers of an earlier time cannot be read."),
            why=str(getattr(error, "problem", None) or getattr(error, "strerror", None) or error),
            fix=_("They are kept in {file}.").format(file=aside if aside.exists() else path),
        ) from error


def _read(path: FilePath) -> Draft:
    """Raises OSError, ValueError, yaml.YAMLError."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("document"), dict):
        raise ValueError(_("There are no answers in it."))  # noqa: TRY004 - as of what is no YAML
    parked = found.get("parked")
    return Draft(found["document"], {}, str(found.get("step") or ""), parked if isinstance(parked, dict) else {})


def forget(path: FilePath) -> None:
    """Take the draft away: it became an install, or its user begins anew."""
    with suppress(OSError):  # one that could not be kept either
        path.unlink(missing_ok=True)
