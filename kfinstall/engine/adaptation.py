"""From the objects of a release to those that this cluster gets: by the document's wishes and the platform's."""

from collections.abc import Mapping, Sequence

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import BringsGpus, Prefers, Transforms
from kfinstall.contracts.surroundings import Surroundings
from kfinstall.errors import PlanRefused
from kfinstall.model.install import Install
from kfinstall.model.proxy import of_host
from kfinstall.registry import platforms
from kfinstall.transform import pipeline
from kfinstall.words import _


def adapted(manifests: Sequence[Manifest], install: Install, surroundings: Surroundings) -> list[Manifest]:
    """Nothing is written, and no cluster is looked at where no transformation asks. Raises KfinstallError."""
    platform = platforms().get(install.platform.type)
    if install.gpu.plugin and isinstance(platform, BringsGpus):
        raise PlanRefused(
            _("gpu.plugin is set, and on {platform} it is not for kfinstall to install one.").format(
                platform=platform.title
            ),
            why=platform.device_plugin(install.platform),
            fix=_("Leave gpu out."),
            about="gpu",
        )
    if not isinstance(platform, Transforms):
        return pipeline.transformed(manifests, install, surroundings)

    def on_platform(wanted: Sequence[Manifest]) -> list[Manifest]:
        return platform.transformed(wanted, install.platform, surroundings)

    return pipeline.transformed(manifests, install, surroundings, on_platform)


def settled(install: Install, environ: Mapping[str, str]) -> Install:
    """The document with what its platform prefers in the sections that it does not have, and this machine's proxy
    where it asks for that. Raises UsageError."""
    if install.proxy.from_host:
        install = install.model_copy(update={"proxy": of_host(install.proxy, environ)})
    platform = platforms().get(install.platform.type)
    if not isinstance(platform, Prefers):
        return install
    preferred = platform.preferred(install.platform)
    missing = {name: section for name, section in preferred.items() if name not in install.model_fields_set}
    return install.model_copy(update=missing) if missing else install


def notices(install: Install) -> list[str]:
    """What the user should know before the objects are written: of the document's wishes, then of the platform."""
    platform = platforms().get(install.platform.type)
    of_platform = platform.notices(install.platform, install) if isinstance(platform, Prefers) else ()
    return [*pipeline.notices(install), *of_platform]
