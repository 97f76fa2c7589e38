"""Which cluster a command is about that works on what is installed: that of a file, or one of the kubeconfig."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kfinstall.cli import asked, clusters
from kfinstall.cli.options import ConnectionFlags, DocumentFlags, connection_options
from kfinstall.contracts.platform import ClusterAccess
from kfinstall.engine.host import host_of
from kfinstall.model.install import Install
from kfinstall.registry import platforms
from kfinstall.words import _

if TYPE_CHECKING:
    from kfinstall.kube.cluster import Cluster

Command = Callable[..., Any]


@dataclass(frozen=True)
class Meant:
    """What -f, --set, --platform, --kubeconfig, --context, --as and --request-timeout say."""

    files: tuple[str, ...]
    sets: tuple[str, ...]
    platform: str | None
    kubeconfig: str | None
    context: str | None
    user: str | None
    request_timeout: str

    @functools.cached_property
    def install(self) -> Install | None:
        """What the files say; None without files. Raises DocumentError."""
        flags = DocumentFlags(self.files, self.sets, self.platform, self.kubeconfig, self.context)
        return asked.loaded(flags).install if self.files else None

    @property
    def name(self) -> str | None:
        """What the install of the files is called; None without files."""
        return self.install.metadata.name if self.install else None

    @property
    def words(self) -> list[str]:
        """-f and --set, as the user said them."""
        given = [("-f", each) for each in self.files] + [("--set", each) for each in self.sets]
        if self.platform:
            given.append(("--set", f"platform.type={self.platform}"))
        return [word for pair in given for word in pair]

    @property
    def connection(self) -> ConnectionFlags:
        """How to talk to the cluster."""
        return ConnectionFlags(user=self.user, request_timeout=self.request_timeout)

    def access(self) -> ClusterAccess:
        """The way to a file's cluster comes from its platform; a kubeconfig or a context is named instead of it.

        Raises UsageError where the cluster is not made or does not run, ClusterError, CloudError.
        """
        if self.install:
            clusters.required(self.install)
            options = self.install.platform
            return platforms().get(options.type).access(options, host_of(options.type))
        return ClusterAccess(Path(self.kubeconfig) if self.kubeconfig else None, self.context)

    def cluster(self) -> "Cluster":
        """Raises as access()."""
        access = self.access()
        return asked.connected(access.kubeconfig, access.context, self.connection)


def cluster_options(command: Command) -> Command:
    """Give a command the options that name a cluster; it gets them as one Meant, named meant."""

    @functools.wraps(command)
    def with_meant(**options: Any) -> Any:
        taken = {each.name: options.pop(each.name) for each in fields(Meant)}
        return command(meant=Meant(**taken), **options)

    file = click.option("-f", "--file", "files", multiple=True, metavar="FILE|URL|-",
                        help=_("The Install file whose cluster is meant, instead of the kubeconfig's."))  # fmt: skip
    sets = click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help=_("Change a value of the file."))
    platform = click.option("--platform", metavar="TYPE", help=_("The platform, instead of the file's."))
    return file(sets(platform(connection_options(with_meant))))
