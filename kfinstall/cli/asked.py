"""From the options of a command to the document, the release and the cluster that they ask for."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kfinstall.cli.options import ConnectionFlags, DocumentFlags
from kfinstall.contracts.platform import ClusterAccess
from kfinstall.engine.state_folder import cache_folder
from kfinstall.errors import UsageError
from kfinstall.model.duration import duration
from kfinstall.model.folder import is_web
from kfinstall.model.text import read_text
from kfinstall.registry import platforms
from kfinstall.render import fetch
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.engine.release import Release
    from kfinstall.kube.cluster import Cluster
    from kfinstall.model.load import LoadedInstall


def loaded(flags: DocumentFlags) -> "LoadedInstall":
    """The document; that of a platform alone has what every document has that says nothing else.

    Raises DocumentError, UsageError, FetchError.
    """
    if not flags.files and not flags.platform:
        raise no_file()
    from kfinstall.model.load import load  # noqa: PLC0415 - what looks at a cluster alone reads no document

    if flags.timeout is not None:
        seconds("--timeout", flags.timeout)
    return load(flags.files, _overrides(flags), platforms=platforms().options, environ=os.environ, read=_read)


def no_file() -> UsageError:
    """What to do without one."""
    return UsageError(
        _("There is no file to install from."),
        fix=_(
            "Write one with: kfinstall init > install.yaml; then give it with -f install.yaml. "
            "Or answer questions at a terminal: kfinstall"
        ),
    )


def release(flags: DocumentFlags) -> "Release":
    """The document's KfDef, with its choices."""
    from kfinstall.engine.release import resolve  # noqa: PLC0415 - as above

    return resolve(loaded(flags))


def cluster(asked: "Release", flags: ConnectionFlags) -> "Cluster":
    """The cluster that a document means. Raises ClusterError."""
    # The client library takes 0.4 s to import: only commands that talk to a cluster pay for it.
    from kfinstall.engine.preparation import target  # noqa: PLC0415

    timeout = seconds("--request-timeout", flags.request_timeout)
    return target(asked, timeout=timeout, user=flags.user or "")


def connected(kubeconfig: Path | None, context: str | None, flags: ConnectionFlags) -> "Cluster":
    """A cluster of a kubeconfig. Raises ClusterError."""
    from kfinstall.engine import connecting  # noqa: PLC0415 - as above

    timeout = seconds("--request-timeout", flags.request_timeout)
    return connecting.connected(ClusterAccess(kubeconfig, context), timeout=timeout, user=flags.user or "")


def seconds(option: str, text: str) -> float:
    """The value of an option that takes a duration. Raises UsageError."""
    try:
        return duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from error


def _overrides(flags: DocumentFlags) -> list[str]:
    """The shortcuts as --set arguments, so that there is one way into the document; --set itself goes last."""
    platform = flags.platform or ("existing" if flags.context or flags.kubeconfig else None)
    pairs = {
        "platform.type": platform,
        "platform.context": flags.context,
        "platform.kubeconfig": str(Path(flags.kubeconfig).absolute()) if flags.kubeconfig else None,
        "kubeflow.namespace": flags.namespace,
        "wait.timeout": flags.timeout,
        "wait.enabled": None if flags.wait is None else str(flags.wait).lower(),
        "apply.forceConflicts": "true" if flags.force_conflicts else None,
        "apply.skipKinds": json.dumps(kinds) if (kinds := _kinds(flags.skip_kinds)) else None,
    }
    return [*(f"{key}={value}" for key, value in pairs.items() if value is not None), *flags.sets]


def _kinds(values: tuple[str, ...]) -> list[str]:
    return [kind.strip() for value in values for kind in value.split(",") if kind.strip()]


def _read(name: str) -> str:
    return fetch.document(name, cache=cache_folder()) if is_web(name) else read_text(name)
