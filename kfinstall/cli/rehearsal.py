"""`kfinstall install --rehearse`: the same install, in a practice cluster that is made like the target."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from kfinstall.cli import asked
from kfinstall.cli.options import ConnectionFlags
from kfinstall.cli.preparation import Told
from kfinstall.cli.recording import of_cluster
from kfinstall.contracts.plan import Verb
from kfinstall.engine import install as installs
from kfinstall.engine.house_rules import house_rules
from kfinstall.engine.preparation import Preparation
from kfinstall.engine.rehearsal import furnish, surroundings
from kfinstall.engine.release import Release, wishes
from kfinstall.sandbox.running import ADMIN_CONTEXT, throwaway
from kfinstall.words import _

SPEED = 100.0
"""How much faster than in reality the rehearsal is played."""

BEGIN = timedelta(seconds=10)
EACH = timedelta(milliseconds=100)
"""What the machine that plays needs, however fast the clock: at all, and for one object."""


@contextmanager
def rehearsed(told: Told) -> Iterator[Told]:
    """The install, prepared for a practice cluster that ends with the block; the target is read and not written."""
    release, target = told.made.release, told.cluster
    manifests = [action.manifest for action in told.plan.applies]
    standing = {each.manifest.namespace for each in told.plan.applies if each.verb is not Verb.CREATE}
    around = [
        *surroundings(target, manifests, told.made.prepared.state.resources),
        *house_rules(target, manifests, standing),
    ]
    namespaces = sorted({manifest.namespace for manifest in manifests if manifest.namespace})
    scenario = of_cluster(target, namespaces=namespaces, ours={manifest.key for manifest in manifests})
    told.teller.note(_("Rehearsing in a practice cluster. {title}").format(title=scenario.title))
    with throwaway(scenario, SPEED) as kubeconfig:
        furnish(asked.connected(kubeconfig, ADMIN_CONTEXT, ConnectionFlags()), around)
        played = asked.connected(kubeconfig, None, ConnectionFlags())
        # whether the release fits the version was asked of the target
        wanted = wishes(release, any_version=True)
        prepared = installs.prepare(played, manifests, wanted, kubeconfig.parent / "journal")
        yield Told(told.teller, Preparation(_hurried(release, len(manifests)), played, prepared, ()))


def _hurried(release: Release, objects: int) -> Release:
    """The release with a wait that is shorter by as much as the clock is faster."""
    wait = release.install.wait
    timeout = max(wait.timeout / SPEED, BEGIN + objects * EACH)
    shortened = wait.model_copy(update={"enabled": True, "timeout": timeout})
    return replace(release, install=release.install.model_copy(update={"wait": shortened}))
