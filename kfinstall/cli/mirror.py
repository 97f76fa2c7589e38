"""`kfinstall mirror`: the images of an install, for a registry of one's own."""

import os
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from kfinstall.cells import padded
from kfinstall.cli import asked
from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.narration import narrator
from kfinstall.cli.options import DocumentFlags, document_options, output_option, progress_options
from kfinstall.cli.versioned import versioned
from kfinstall.errors import DocumentError, UsageError
from kfinstall.facts.classify.image_reference import Reference
from kfinstall.guide.keeping import Change
from kfinstall.model.images import Images
from kfinstall.model.load import load
from kfinstall.model.mirror_map import mirror_map
from kfinstall.registry import platforms
from kfinstall.words import _, counted

if TYPE_CHECKING:
    from kfinstall.engine.pulled import Pulled
    from kfinstall.registries.registry import Presence

SHOWN = 3
"""Objects that are named of those in which an image stands."""

OUTCOMES = {
    "present": _("present"),
    "missing": _("missing"),
    "refused": _("refused"),
    "busy": _("busy"),
    "unknown": _("unknown"),
}
"""What registries say of an image."""

LOGINS = {"skopeo": "skopeo login", "crane": "crane auth login", "docker": "docker login"}


def _exact(image: Reference) -> str:
    """As skopeo takes it, which knows no reference with both tag and digest."""
    version = f"@{image.digest}" if image.digest else f":{image.tag}"
    return f"{image.registry}/{image.repository}{version}"


def _tagged(image: Reference) -> str:
    """As docker pushes it, which pushes nothing without a tag; what is pulled by digest needs any."""
    return f"{image.registry}/{image.repository}:{image.tag or image.digest.replace(':', '-')}"


COPIES: dict[str, Callable[[Reference, Reference], str]] = {
    "skopeo": lambda old, new: f"skopeo copy --all --preserve-digests docker://{_exact(old)} docker://{_exact(new)}",
    "crane": lambda old, new: f"crane copy {_exact(old)} {_exact(new)}",
    "docker": lambda old, new: (
        f"docker buildx imagetools create --prefer-index=false --tag {_tagged(new)} {_exact(old)}"
    ),
}
"""Each copies all architectures and keeps the digest, which `docker pull` and `docker push` do not."""


@click.group()
def mirror() -> None:
    """List, copy and check the images of an install, for a registry of your own."""


@mirror.command("list")
@document_options
@output_option("text", "json")
@progress_options
def list_images(*, output: str, log_format: str, color: str, plain: bool, **document: Any) -> ExitCode:
    """List every image with its registry, what it is pulled as, and what needs it."""
    _images, found = _pulled(DocumentFlags(**document), log_format, color, plain=plain)
    if output == "json":
        click.echo(versioned("ImageList", items=[_item(each) for each in found]))
        return ExitCode.OK
    for registry, images in groupby(found, key=lambda each: each.source.registry):
        listed = list(images)
        click.echo(f"{registry}: " + counted("{count} image", "{count} images", len(listed)))
        for each in listed:
            click.echo("\n".join(_lines(each)))
    return ExitCode.OK


@mirror.command()
@document_options
@click.option(
    "--tool", type=click.Choice(["skopeo", "crane", "docker"]), default="skopeo", show_default=True,
    help=_("The program that copies."),
)  # fmt: skip
@progress_options
def script(*, tool: str, log_format: str, color: str, plain: bool, **document: Any) -> ExitCode:
    """Print a shell script that copies every image to where the install pulls it from."""
    images, found = _pulled(DocumentFlags(**document), log_format, color, plain=plain)
    copies = [each for each in found if each.target != each.source and not _is_public(each, images)]
    if not copies:
        raise UsageError(
            _("There is nothing to copy: no image is pulled from a registry of your own."),
            fix=_("Name one, for example: --set images.registry=registry.example.com/kubeflow"),
        )
    registries = sorted({each.target.registry for each in copies})
    click.echo("#!/bin/sh")
    for registry in registries:
        click.echo("# " + _("Log in first: {command}").format(command=f"{LOGINS[tool]} {registry}"))
    click.echo("set -eux")
    for each in copies:
        click.echo(COPIES[tool](each.source, each.target))
    return ExitCode.OK


@mirror.command()
@document_options
@output_option("text", "json")
@progress_options
def check(*, output: str, log_format: str, color: str, plain: bool, **document: Any) -> ExitCode:
    """Ask the registries whether they have what the install pulls; nothing is pulled.

    The logins are those of images.pullSecrets. Exits 3 when an image is not there.
    """
    from kfinstall.engine.pulled import present  # noqa: PLC0415 - help must not load an HTTP client

    images, found = _pulled(DocumentFlags(**document), log_format, color, plain=plain)
    answers = present(found, images.pull_secrets)
    if output == "json":
        click.echo(versioned("ImageCheck", items=[_item(each) | _said(presence) for each, presence in answers]))
    else:
        for each, presence in answers:
            detail = f" ({presence.detail})" if presence.detail else ""
            click.echo(f"{padded(OUTCOMES[presence.outcome], 8)} {each.target}{detail}")
        counts = Counter(presence.outcome for _each, presence in answers)
        click.echo(", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in counts.items()), err=True)
    there = all(presence.outcome == "present" for _each, presence in answers)
    return ExitCode.OK if there else ExitCode.CHECK_FAILED


@mirror.command()
@document_options
def apply(**document: Any) -> ExitCode:
    """Write what --set says of images into the file, where it says nothing of them yet."""
    flags = DocumentFlags(**document)
    if not flags.files:
        raise asked.no_file()
    wanted = asked.loaded(flags).install.images
    section = _section(wanted)
    if not section:
        raise UsageError(
            _("There is nothing to write: no mirror is named."),
            fix=_("Name one, for example: --set images.mirror=daocloud"),
        )
    path = flags.files[-1]
    by_hand = UsageError(_("{file} cannot be added to.").format(file=path), fix=_("Put this into it:\n") + section)
    try:
        before = Path(path).read_text(encoding="utf-8")
        text = before.rstrip("\n") + "\n" + section
        alone = load([path], platforms=platforms().options, environ=os.environ, read=lambda _name: text)
        if alone.install.images != wanted:
            raise by_hand
        Change(Path(path), before, text).write()
    except (OSError, DocumentError):
        raise by_hand from None
    click.echo(_("Wrote images into {path}.").format(path=path), err=True)
    return ExitCode.OK


def _pulled(flags: DocumentFlags, log_format: str, color: str, *, plain: bool) -> "tuple[Images, list[Pulled]]":
    from kfinstall.engine.pulled import pulled  # noqa: PLC0415 - help must not load an HTTP client

    teller = narrator(log_format, color, plain=plain)
    release = asked.release(flags)
    with teller.rendering() as observe:
        found = pulled(release, observe)
    return release.install.images, found


def _is_public(image: "Pulled", images: Images) -> bool:
    """Whether it is pulled from a mirror that nobody else can write to."""
    registry = mirror_map(images.mirror).registry if images.mirror else None
    return image.target.registry == registry


def _lines(image: "Pulled") -> list[str]:
    more = len(image.objects) - SHOWN
    users = ", ".join(map(str, image.objects[:SHOWN])) + (_(" and {count} more").format(count=more) if more > 0 else "")
    target = [f"    → {image.target}"] if image.target != image.source else []
    return [f"  {image.source}", *target, f"    {users}"]


def _item(image: "Pulled") -> dict[str, Any]:
    return {
        "image": str(image.source),
        "registry": image.source.registry,
        "pulledAs": str(image.target),
        "objects": [str(key) for key in image.objects],
    }


def _said(presence: "Presence") -> dict[str, Any]:
    return {"outcome": presence.outcome, "digest": presence.digest, "detail": presence.detail}


def _section(images: Images) -> str:
    """As the file has it; secrets stay where they are."""
    data = images.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"pull_secrets"})
    return yaml.safe_dump({"images": data}, sort_keys=False, allow_unicode=True) if data else ""
