"""`kfinstall build`: render the objects, without a cluster."""

from typing import Any

import click
import yaml

from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.narration import narrator
from kfinstall.cli.options import DocumentFlags, document_options, progress_options
from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.adaptation import adapted
from kfinstall.engine.release import NO_NAMESPACE, rendered
from kfinstall.words import _, counted


@click.command()
@document_options
@click.option("-d", "--dump", is_flag=True, help=_("Print the objects as one YAML stream."))
@progress_options
def build(*, dump: bool, log_format: str, color: str, plain: bool, **document: Any) -> ExitCode:
    """Render the objects, without a cluster; a list of them, or all of them with --dump."""
    teller = narrator(log_format, color, plain=plain)
    release = asked.release(DocumentFlags(**document))
    with teller.rendering() as observe:
        rendering = rendered(release, observe)
    for warning in (*release.warnings, *rendering.warnings):
        teller.note(_("Warning: {message}").format(message=warning))
    skipped = set(release.install.apply.skip_kinds)
    objects = adapted(rendering.manifests, release.install, Nowhere(release.kfdef.namespace or NO_NAMESPACE))
    manifests = [manifest for manifest in objects if manifest.kind not in skipped]
    if dump:
        _dump(manifests)
    else:
        for manifest in manifests:
            click.echo(f"{manifest.application:24} {manifest.key}")
    teller.note(counted("{count} object", "{count} objects", len(manifests)))
    return ExitCode.OK


def _dump(manifests: list[Manifest]) -> None:
    """One document for each object; the C emitter writes ten times as fast, where PyYAML has it."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    for manifest in manifests:
        click.echo("---\n" + yaml.dump(manifest.body, Dumper=dumper, sort_keys=False, allow_unicode=True), nl=False)
