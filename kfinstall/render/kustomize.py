"""Finds a kustomize and runs it.

kustomize is found, not bundled: $KFINSTALL_KUSTOMIZE, `kustomize` or `kubectl` on PATH, else a pinned release
that is downloaded once, with its checksum.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kfinstall.errors import FetchError, RenderError, ToolMissing
from kfinstall.render.fetch import Fetcher
from kfinstall.render.store import write
from kfinstall.words import _

VARIABLE = "KFINSTALL_KUSTOMIZE"

PINNED = "5.8.1"
_RELEASE = (
    "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv{version}/"
    "kustomize_v{version}_{platform}.tar.gz"
)
_CHECKSUMS = {
    "linux_amd64": "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d",
    "linux_arm64": "0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142",
    "darwin_amd64": "ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8",
    "darwin_arm64": "8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288",
}
"""sha256 of the release's archives, from its checksums.txt."""

_GO = {"GOMAXPROCS": "1", "GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""One thread each, as several run at a time, and fewer collections: it halves the CPU time of kustomize."""

SECONDS = 180
"""The longest that one application may take; the largest of Kubeflow takes two."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_NOISE = ("# Warning:", "Warning:", "well-defined vars that were never replaced")

_LOGGED = re.compile(r'[EF]\d{4} .*\] "command failed" err="(.*)"')

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Kustomize:
    """A kustomize that can be run. command: with its first arguments. identity: changes with the program."""

    command: tuple[str, ...]
    version: str
    identity: str

    def build(self, folder: Path, application: str, *, work: Path, seconds: float = SECONDS) -> str:
        """The YAML of a kustomization. work: left out of paths in messages. Raises RenderError."""
        what = _("The application {name} cannot be rendered.").format(name=application)
        command = [*self.command, "--load-restrictor", "LoadRestrictionsNone", str(folder)]
        with tempfile.TemporaryDirectory(prefix="kfinstall-home-") as home:
            try:
                done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=seconds,
                    check=False,
                    env=_environment(home),
                    cwd=home,
                )
            except subprocess.TimeoutExpired:
                why = _("kustomize was still at it after {seconds} seconds.").format(seconds=round(seconds))
                raise RenderError(what, why=why) from None
            except OSError as error:
                why = _("{program} does not start: {reason}.")
                why = why.format(program=self.command[0], reason=error.strerror or error)
                raise RenderError(what, why=why) from None
        if done.returncode:
            raise _failure(what, done.stderr.decode(errors="replace"), work)
        return done.stdout.decode("utf-8", errors="strict")


def _environment(home: str) -> dict[str, str]:
    """What kustomize gets to see: nothing of the user's, and no way to the network or to git.

    Everything remote was fetched before; a program that would still try fails at once.
    """
    nowhere = "http://127.0.0.1:9"
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere)
    return {**kept, **proxies, **_GO, "HOME": home, "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "none"}


def _failure(what: str, stderr: str, work: Path) -> RenderError:
    """An error from what kustomize printed: the last lines that say something."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = [_plain(line) for line in lines if not line.startswith(_NOISE) and "deprecated" not in line]
    why = "\n".join(told[-5:]).replace(f"{work}/", "") or _("kustomize says nothing more.")
    return RenderError(what, why=why, fix=_fix(why))


def _plain(line: str) -> str:
    """A line without what kubectl's logger and kustomize put around the error."""
    if match := _LOGGED.fullmatch(line):
        line = match[1].replace('\\"', '"').replace("\\n", " ")
    return re.sub(r"^error: ", "", line, flags=re.IGNORECASE)


def _fix(why: str) -> str:
    if "unknown field" in why:
        return _("The manifests may need a newer kustomize: let {variable} name one.").format(variable=VARIABLE)
    if "no matches for Id" in why or "failed to find unique target" in why:
        return _("A patch names an object that is not there: check the kind, name and namespace of its target.")
    return ""


def parse_version(text: str) -> Version | None:
    """The first version in a text, as numbers."""
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def find(minimum: str, fetcher: Fetcher) -> Kustomize:
    """A kustomize of at least the minimum version. Raises ToolMissing."""
    wanted = parse_version(minimum) or (0, 0, 0)
    too_old: list[str] = []
    for program in _candidates(fetcher.cache):
        found = _look(program, fetcher.cache)
        version = parse_version(found.version) if found else None
        if found and version and version >= wanted:
            return found
        too_old.append(f"{program} ({found.version})" if found else f"{program} (?)")
        if os.environ.get(VARIABLE):
            raise _missing(minimum, too_old, "")
    return _pinned(minimum, wanted, too_old, fetcher)


def _candidates(cache: Path) -> Iterator[Path]:
    named = os.environ.get(VARIABLE)
    if named:
        program = shutil.which(named)
        if program is None:
            what = _("{variable} names {program}, which is no program.").format(variable=VARIABLE, program=named)
            raise ToolMissing(what, fix=_("Let it name a kustomize or a kubectl, or unset it."))
        yield Path(program)
        return
    for name in ("kustomize", "kubectl"):
        if program := shutil.which(name):
            yield Path(program)
    if (pinned := _tool(cache)).is_file():
        yield pinned


def _tool(cache: Path) -> Path:
    return cache / "tools" / f"kustomize-{PINNED}"


def _look(program: Path, cache: Path) -> Kustomize | None:
    """What a program is, by asking it once: the answer is kept as long as the file is the same."""
    status = program.stat()
    identity = f"{program.resolve()}:{status.st_size}:{status.st_mtime_ns}"
    note = cache / "tools" / "versions.json"
    try:
        known = json.loads(note.read_text())
        command, version = known[identity]
    except (OSError, ValueError, KeyError, TypeError):
        asked = _ask(program)
        if asked is None:
            return None
        command, version = asked
        write(note, json.dumps({identity: [command, version]}))
    return Kustomize((str(program), *command), version, identity)


def _ask(program: Path) -> tuple[Sequence[str], str] | None:
    """(first arguments, version) of a kustomize or a kubectl; None for anything else."""
    for arguments, command in ((["version"], ["build"]), (["version", "--client", "-o", "json"], ["kustomize"])):
        if command == ["build"] and "kubectl" in program.name:
            continue
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
                [str(program), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=30,
                check=False,
                env=_environment(os.devnull),
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        text = done.stdout.decode(errors="replace")
        if command == ["kustomize"]:
            found = re.search(r'"kustomizeVersion":\s*"([^"]+)"', text)
            text = found[1] if found else ""
        if done.returncode == 0 and parse_version(text):
            return command, text.strip().splitlines()[0]
    return None


def _pinned(minimum: str, wanted: Version, too_old: list[str], fetcher: Fetcher) -> Kustomize:
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    name = f"{platform.system().lower()}_{machine}"
    if name not in _CHECKSUMS or (parse_version(PINNED) or (0, 0, 0)) < wanted:
        raise _missing(minimum, too_old, "")
    url = _RELEASE.format(version=PINNED, platform=name)
    try:
        tree = fetcher.tree(url, _CHECKSUMS[name])
    except FetchError as error:
        raise _missing(minimum, too_old, str(error)) from None
    target = _tool(fetcher.cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
        file.write((tree.folder / "kustomize").read_bytes())
    Path(file.name).chmod(0o755)
    Path(file.name).replace(target)
    found = _look(target, fetcher.cache)
    if found is None:
        raise _missing(minimum, too_old, _("The downloaded kustomize does not run."))
    return found


def _missing(minimum: str, too_old: list[str], download: str) -> ToolMissing:
    what = _("No kustomize {minimum} or newer is here.").format(minimum=minimum)
    found = _("Found, but too old or no kustomize: {programs}.").format(programs=", ".join(too_old))
    why = "\n".join(part for part in (found if too_old else "", download) if part)
    fix = _(
        "Install kubectl 1.31 or newer (it contains kustomize), or kustomize itself: "
        "https://kubectl.docs.kubernetes.io/installation/kustomize/. If it is not on PATH, let {variable} name it."
    )
    return ToolMissing(what, why=why, fix=fix.format(variable=VARIABLE))
