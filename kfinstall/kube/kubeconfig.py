"""From a kubeconfig to a client of the API server: credentials, certificates, the address."""

import contextlib
import logging
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, incluster_config, load_incluster_config, load_kube_config
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger
from urllib3.util import make_headers

from kfinstall.errors import ClusterError
from kfinstall.facts.classify import redacted
from kfinstall.words import _


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connection leads: the context's name, the server's URL, the user's name in the kubeconfig.

    context and user: "" in a pod that goes by its service account.
    """

    context: str
    server: str
    user: str

    @property
    def title(self) -> str:
        """For people."""
        return self.context or _("this pod's service account")

    @property
    def kubectl(self) -> str:
        """How kubectl is called to reach the same cluster."""
        return shlex.join(["kubectl", "--context", self.context]) if self.context else "kubectl"


def client_for(kubeconfig: Path | None, context: str | None) -> tuple[ApiClient, Target]:
    """The client that kubectl's rules give; kubeconfig None means $KUBECONFIG or ~/.kube/config.

    Where neither is there, a pod goes by its service account, as kubectl does:
    https://kubernetes.io/docs/reference/kubectl/#in-cluster-authentication-and-namespace-overrides
    Nothing is sent. Raises ClusterError when there is no usable kubeconfig or context.
    """
    # The client library reads $KUBECONFIG when it is imported, so a later change would go unseen.
    files = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or "~/.kube/config"
    if not (kubeconfig or context) and _is_in_a_pod(files):
        return _of_the_pod()
    try:
        configuration = Configuration()
        with _login_errors():
            load_kube_config(files, context, configuration, persist_config=False)
        _go_by_proxy(configuration)
        client = ApiClient(configuration)
        target = _target(files, context, client)
    except (
        ConfigException,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        RecursionError,
        yaml.YAMLError,
    ) as error:
        raise _no_kubeconfig(files, context, error) from error
    return client, target


def _is_in_a_pod(files: str) -> bool:
    """Whether there is a service account to go by, and no kubeconfig that says otherwise."""
    if any(Path(file).expanduser().is_file() for file in files.split(os.pathsep)):
        return False
    named = os.environ.get(incluster_config.SERVICE_HOST_ENV_NAME)
    return bool(named) and Path(incluster_config.SERVICE_TOKEN_FILENAME).is_file()


def _of_the_pod() -> tuple[ApiClient, Target]:
    configuration = Configuration()
    try:
        load_incluster_config(configuration)
    except (ConfigException, OSError, ValueError) as error:
        raise ClusterError(
            _("The service account of this pod cannot be used."),
            why=_told(error),
            fix=_("Look at {folder}, or name a kubeconfig with --kubeconfig.").format(
                folder=Path(incluster_config.SERVICE_TOKEN_FILENAME).parent
            ),
        ) from error
    return ApiClient(configuration), Target("", str(configuration.host), "")


def _go_by_proxy(configuration: Configuration) -> None:
    """Take a proxy, of the kubeconfig or of the environment, as kubectl takes it.

    To the client library the address is all: without a scheme it is refused, the login in it is left out, and names
    are looked up on this machine before a SOCKS proxy is asked.
    """
    if not configuration.proxy:
        return
    proxy = configuration.proxy if "://" in configuration.proxy else f"http://{configuration.proxy}"
    configuration.proxy = re.sub("^socks5://", "socks5h://", proxy)
    parts = urlsplit(proxy)
    if parts.username and not parts.scheme.startswith("socks"):
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        configuration.proxy_headers = dict(make_headers(proxy_basic_auth=pair))


def _no_kubeconfig(files: str, context: str | None, error: Exception) -> ClusterError:
    if context:
        what = _("Context {context} cannot be used from {file}.").format(context=context, file=files)
    else:
        what = _("There is no usable cluster in {file}.").format(file=files)
    # what the client library makes of a file that is YAML and something else says nothing to a user
    stumbled = isinstance(error, TypeError | AttributeError | KeyError | RecursionError)
    return ClusterError(
        what,
        why=_("It is not a kubeconfig.") if stumbled else _told(error),
        fix=_("List what is there with: kubectl config get-contexts; choose with --kubeconfig and --context."),
    )


def _told(error: Exception) -> str:
    """In the client library's words, but for the whole entry that it calls an entry by, keys and tokens included."""
    text = re.sub(r"/?\{.*\}|<[^>]* object at 0x[0-9a-f]+>", "…", str(error), flags=re.DOTALL)
    return redacted(text.strip()) or type(error).__name__


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
