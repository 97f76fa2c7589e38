"""The command group, and the one place where an error becomes words on stderr and an exit code.

A command's module is imported when the command is used: --help has to answer at once.
"""

import importlib
import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from itertools import pairwise

import click

from kfinstall import __version__
from kfinstall.cli.exit_codes import ExitCode, of_error
from kfinstall.cli.help import in_language
from kfinstall.errors import KfinstallError
from kfinstall.words import LANGUAGES, _

COMMANDS = {
    "install": ("install", _("Install what a file describes.")),
    "plan": ("plan", _("Show what an install would do.")),
    "diff": ("diff", _("Show, field by field, what an install would change.")),
    "build": ("build", _("Render the objects, without a cluster.")),
    "status": ("status", _("Show what is installed and whether it is ready.")),
    "uninstall": ("uninstall", _("Take an install away.")),
    "open": ("open", _("Show a page of Kubeflow in the browser.")),
    "test": ("test", _("Try a notebook, a training and a workflow, and take them away.")),
    "doctor": ("doctor", _("Say what is wrong with a cluster, why, and what to do.")),
    "capacity": ("capacity", _("Show what the nodes offer, who has it, and who waits.")),
    "bundle": ("bundle", _("Collect what the doctor reads into one file, without secrets.")),
    "explain": ("explain", _("Say what a message means, and what to do.")),
    "init": ("init", _("Write a commented Install file.")),
    "config": ("config", _("Check an Install file, show it, or print its schema.")),
    "configs": ("configs", _("List the Kubeflow releases that kfinstall knows.")),
    "mirror": ("mirror", _("List, copy and check the images, for a registry of your own.")),
    "platforms": ("platforms", _("List the platforms that kfinstall can install on.")),
    "sandbox": ("sandbox", _("Start, stop and look at the practice cluster.")),
    "about": ("about", _("Show versions and folders.")),
    "completion": ("completion", _("Print a completion script for a shell.")),
}
"""Command name -> module of kfinstall.cli, one line of help. The command has the module's name."""

EPILOG = _(
    "Exit codes: 0 ok; 1 the operation failed; 2 wrong command line or document; 3 a check failed; "
    "4 timed out; 5 warnings only, with --fail-on=warn; 130 interrupted."
)


class Commands(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kfinstall.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return in_language(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = _(" Did you mean {name}?").format(name=near[0]) if near else ""
            ctx.fail(_("There is no command {name}.").format(name=args[0]) + hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """From the table, so that help imports no command."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="kfinstall", message="%(prog)s %(version)s")
# Checked and explained here; kfinstall.__main__ has read it before the first text was made.
@click.option("--lang", type=click.Choice(LANGUAGES), expose_value=False, is_eager=True,
              help=_("The language of all words, instead of that of the environment."))  # fmt: skip
@click.option("--plain", is_flag=True,
              help=_("Ask in numbered lines instead of on screens: for screen readers and serial lines."))  # fmt: skip
@click.pass_context
def kfinstall(context: click.Context, *, plain: bool) -> None:
    """Put Kubeflow on a Kubernetes cluster, and say exactly why when it does not come up.

    Without a command, at a terminal: a guided installation.
    """
    if context.invoked_subcommand is None:
        from kfinstall.cli.guided import guided  # noqa: PLC0415 - a command does without the interface

        context.exit(guided(plain=plain))


def run(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        result = in_language(kfinstall).main(arguments, prog_name="kfinstall", standalone_mode=False)
    except click.exceptions.Abort as abort:  # an answer to a question, or what click makes of Ctrl-C
        stopped = isinstance(abort.__cause__, KeyboardInterrupt)
        return _say(_("Interrupted.") if stopped else _("Nothing was done."), ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except KfinstallError as error:
        return _say(_told(error, arguments), of_error(error))
    except KeyboardInterrupt:
        return _say(_("Interrupted."), ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough of it; what is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # a mistake in kfinstall must not end in a screen full of source code
        return _say(_told(_explained(error), arguments), ExitCode.FAILED)
    return int(result) if isinstance(result, int) else ExitCode.OK


def _explained(error: Exception) -> KfinstallError:
    from kfinstall.cli import crash  # noqa: PLC0415 - needed once in a blue moon

    if isinstance(error, OSError) and (error.filename or error.errno in crash.OF_THE_SYSTEM):
        return crash.foreseen(error)
    return crash.unforeseen(error)


def _told(error: KfinstallError, arguments: list[str] | None) -> str:
    """In words, or as a line of JSON where the command line asks for such: then every line is to be one."""
    given = sys.argv[1:] if arguments is None else arguments
    if "--log-format=json" not in given and ("--log-format", "json") not in pairwise(given):
        return words_of(error)
    from kfinstall.cli.narration import error_line  # noqa: PLC0415 - only a command with events has it loaded

    return error_line(error)


def words_of(error: KfinstallError) -> str:
    """An error as a person reads it: what happened, why, what to do."""
    lines = [f"kfinstall: {error.what}"]
    lines += [f"  {line}" for line in error.why.splitlines()]
    if error.fix:
        lines += [f"  → {line}" for line in error.fix.splitlines()]
    if error.docs:
        lines.append(f"  {error.docs}")
    return "\n".join(lines)


def _say(text: str, code: ExitCode) -> ExitCode:
    with suppress(BrokenPipeError):
        click.echo(text, err=True)
    return code
