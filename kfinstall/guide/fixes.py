"""What a fix of the doctor would do, line by line, for whoever asks before it is done; and doing it."""

from collections.abc import Iterator, Sequence

import yaml

from kfinstall.contracts.fix import Fix
from kfinstall.engine.mending import Deed, deeds, mend
from kfinstall.engine.telling import in_words
from kfinstall.guide import keeping, logins
from kfinstall.guide.keeping import Kept
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster
from kfinstall.model.images import PullSecret
from kfinstall.words import _, joined


def shown(fix: Fix, kept: Kept | None = None) -> Iterator[str]:
    """Every request of a fix, with the body that it sends, and what keeps it: the file's change, or keys to set."""
    for login in fix.logins:
        secrets = joined(f"{namespace}/{login.name}" for namespace in login.namespaces)
        yield _("apply Secret {secrets}: credentials for {registry}, from {variables} or asked for").format(
            secrets=secrets, registry=login.registry, variables=logins.names(login)
        )
    for deed in deeds(fix):
        yield f"{in_words(deed.act)} {deed.key}"
        if deed.body:
            text = yaml.safe_dump(dict(deed.body), sort_keys=False, allow_unicode=True)
            yield from (f"  {line}" for line in text.rstrip().splitlines())
    if fix.risk:
        yield _("Mind: {risk}").format(risk=fix.risk)
    yield from keeping.shown(kept, fix.settings)


def made(cluster: Cluster, fix: Fix, secrets: Sequence[PullSecret] = (), kept: Kept | None = None) -> Iterator[str]:
    """Carry out a fix, up to the first refusal, which is raised as ClusterError; then what keeps it. What was done.

    secrets: for its logins. Raises UsageError where the file was changed meanwhile.
    """
    branch = Cluster(cluster.connection.branch())
    for deed in mend(branch, fix, discovery.discover(branch.connection), secrets):
        if deed.error:
            raise deed.error
        yield told(deed)
    yield from keeping.written(kept)


def told(deed: Deed) -> str:
    """A request of a fix in one line."""
    return f"✓ {in_words(deed.act)} {deed.key}"
