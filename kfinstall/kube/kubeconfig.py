"""From a kubeconfig to a client of the API server: credentials, certificates, the address."""

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from kubernetes.client import ApiClient
from kubernetes.config import ConfigException, new_client_from_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from kfinstall.errors import ClusterError
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection leads: context name ("" in a cluster), server URL, user name of the kubeconfig."""

    context: str
    server: str
    user: str


def client_for(kubeconfig: Path | None, context: str | None) -> tuple[ApiClient, Target]:
    """The client that kubectl's rules give; kubeconfig None means $KUBECONFIG or ~/.kube/config.

    Nothing is sent. Raises ClusterError when there is no usable kubeconfig or context.
    """
    # The client library reads $KUBECONFIG when it is imported, so a later change would go unseen.
    files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        with _login_errors():
            client = new_client_from_config(config_file=files, context=context, persist_config=False)
        target = _target(files, context, client)
    except (
        ConfigException,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        yaml.YAMLError,
    ) as error:
        raise _no_kubeconfig(files, context, error) from error
    return client, target


def _no_kubeconfig(files: str, context: str | None, error: Exception) -> ClusterError:
    if context:
        what = _("Context {context} cannot be used from {file}.").format(context=context, file=files)
    else:
        what = _("There is no usable cluster in {file}.").format(file=files)
    # what the client library makes of a file that is YAML and something else says nothing to a user
    stumbled = isinstance(error, TypeError | AttributeError | KeyError)
    return ClusterError(
        what,
        why=_("It is not a kubeconfig.") if stumbled else str(error).strip() or type(error).__name__,
        fix=_("List what is there with: kubectl config get-contexts; choose with --kubeconfig and --context."),
    )


@contextlib.contextmanager
def _login_errors() -> Iterator[None]:
    """Raise what the client library only logs, before it goes on without credentials: a login command that fails."""
    errors = _Errors()
    root = logging.getLogger()
    root.addHandler(errors)
    try:
        yield
    finally:
        root.removeHandler(errors)
    if errors.messages:
        raise ConfigException(_("The login command failed: {why}").format(why=errors.messages[0]))


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _target(files: str, context: str | None, client: ApiClient) -> Target:
    # list_kube_config_contexts would refuse a file whose own current context is gone, also when another is asked for
    loader = KubeConfigLoader(config_dict=KubeConfigMerger(files).config, active_context=context)
    chosen = loader.current_context
    return Target(
        context=str(chosen["name"]),
        server=str(client.configuration.host),
        user=str(chosen["context"].get("user", "")),
    )
