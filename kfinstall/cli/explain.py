"""`kfinstall explain`: what a message means, and what to do."""

import json
from collections.abc import Iterable, Iterator

import click

from kfinstall.cli.exit_codes import ExitCode
from kfinstall.cli.options import output_option
from kfinstall.cli.standard_input import standard_input
from kfinstall.cli.terminal import laid_out
from kfinstall.cli.versioned import API_VERSION, versioned
from kfinstall.contracts.explanation import Explanation, Json
from kfinstall.facts.classify import classify, explanation, parsed
from kfinstall.facts.classify.catalogue import catalogue
from kfinstall.facts.classify.normalise import LONGEST
from kfinstall.words import _, joined

LONGEST_INPUT = 1_000_000
"""Characters of standard input that are kept, the last ones; with --lines each line may have as many."""

MOST_LINES = 2_000
"""Of a long log, the last ones, that are explained each by itself where the whole says nothing."""

_LONGEST_SHOWN = 200


@click.command()
@click.argument("message", nargs=-1, required=True)
@click.option("--lines", is_flag=True, help=_("Every line is a message of its own; JSON is one object per line."))
@output_option("text", "json")
def explain(*, message: tuple[str, ...], lines: bool, output: str) -> ExitCode:
    """Say what a MESSAGE means that Kubernetes, a registry, a cloud or a tool printed, and what to do.

    A MESSAGE of `-` is read from standard input, UTF-8 or UTF-16; the id of a cause, as the doctor prints it, is
    explained, too. The exit code is 1 when no cause is known, with --lines when none is known of any line.
    """
    texts = _lines(message) if lines else iter([(1, _whole(message))])
    known = False
    for number, text in texts:
        found = _explained(text)
        known = known or found is not None
        if lines:
            _print_line(number, text, found, output)
        else:
            click.echo(versioned("Explanation", **_fields(text, found)) if output == "json" else _page(text, found))
    return ExitCode.OK if known else ExitCode.FAILED


def _explained(text: str) -> Explanation | None:
    name = text.strip()
    found = explanation(name, {}) if name in catalogue().causes else classify(text)
    return found or (_of_a_line(text) if len(text) > LONGEST else None)


def _of_a_line(text: str) -> Explanation | None:
    """Of a log that is too long to be looked at as one message: the failure that it told of last."""
    last = [line for line in text.splitlines() if line.strip()][-MOST_LINES:]
    explained = (classify(line) for line in dict.fromkeys(reversed(last)))
    return next((found for found in explained if found and found.failure), None)


def _whole(message: tuple[str, ...]) -> str:
    if message == ("-",):
        with standard_input() as stream:
            text = ""
            while more := stream.read(LONGEST_INPUT):
                text = (text + more)[-LONGEST_INPUT:]
            return text
    return " ".join(message)


def _lines(message: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    if message != ("-",):
        yield from _numbered(_whole(message).splitlines())
        return
    with standard_input() as stream:
        yield from _numbered(iter(lambda: stream.readline(LONGEST_INPUT), ""))


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, line.rstrip("\r\n")) for number, line in enumerate(lines, start=1) if line.strip())


def _print_line(number: int, text: str, found: Explanation | None, output: str) -> None:
    if output == "json":
        document = {"apiVersion": API_VERSION, "kind": "Explanation", "line": number, **_fields(text, found)}
        click.echo(json.dumps(document))
    elif found is None:
        click.echo(f"{number}: {_('no cause known')}")
    else:
        click.echo(f"{number}: {found.cause}: {found.summary}")


def _fields(text: str, found: Explanation | None) -> dict[str, Json]:
    """The document's fields; of a message without a known cause, `cause` is null."""
    if found is not None:
        return found.as_json()
    return {
        "cause": None,
        "parameters": parsed(text),
        "summary": _("No cause of this message is known."),
        "remedy": None,
    }


def _page(text: str, found: Explanation | None) -> str:
    return laid_out(_unknown(text) if found is None else _known(found))


def _known(found: Explanation) -> str:
    remedy = _("What to do: {text}").format(text=found.remedy.text)
    lines = [f"{found.title} ({found.cause})", "", found.summary, "", remedy]
    lines += [f"  $ {command}" for command in found.remedy.commands]
    shown = {name: value for name, value in found.parameters.items() if isinstance(value, str | int | float)}
    if shown:
        lines += ["", _("From the message:"), *(f"  {name}: {_short(value)}" for name, value in sorted(shown.items()))]
    if found.alternatives:
        lines += ["", _("It may also be: {causes}").format(causes=joined(found.alternatives))]
    if found.docs:
        lines += ["", found.docs]
    return "\n".join(lines)


def _unknown(text: str) -> str:
    lines = [_("No cause of this message is known.")]
    names = {name: value for name, value in parsed(text).items() if isinstance(value, str | int | float)}
    if names:
        lines += [_("It names:"), *(f"  {name}: {_short(value)}" for name, value in sorted(names.items()))]
    lines.append(
        _("If it is a failure, please report it, with the output of `kfinstall about`; CONTRIBUTING.md says where.")
    )
    return "\n".join(lines)


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
