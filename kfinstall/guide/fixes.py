"""What a fix of the doctor would do, line by line, for whoever asks before it is done."""

import json
from collections.abc import Iterator

import yaml

from kfinstall.contracts.fix import Fix
from kfinstall.engine.mending import Deed, deeds, mend
from kfinstall.kube import discovery
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _


def shown(fix: Fix) -> Iterator[str]:
    """Every request of a fix, with the body that it sends, and what the document has to say to keep it."""
    for login in fix.logins:
        yield _("needs credentials of {registry}: kfinstall doctor --fix asks for them").format(registry=login.registry)
    for deed in deeds(fix):
        yield f"{deed.act} {deed.key}"
        if deed.body:
            text = yaml.safe_dump(dict(deed.body), sort_keys=False, allow_unicode=True)
            yield from (f"  {line}" for line in text.rstrip().splitlines())
    if fix.risk:
        yield _("Mind: {risk}").format(risk=fix.risk)
    if fix.settings:
        yield _("The next install would undo it. To keep it, set in the Install file:")
        yield from (f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fix.settings.items())


def made(cluster: Cluster, fix: Fix) -> Iterator[str]:
    """Carry out a fix, up to the first refusal, which is raised as ClusterError; what was done, line by line."""
    branch = Cluster(cluster.connection.branch())
    for deed in mend(branch, fix, discovery.discover(branch.connection)):
        if deed.error:
            raise deed.error
        yield told(deed)


def told(deed: Deed) -> str:
    """A request of a fix in one line."""
    return f"✓ {deed.act} {deed.key}"
