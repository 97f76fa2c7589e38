"""The console script, and `python -m kfinstall`."""

import codecs
import io
import os
import sys

NEAREST = {"✓": "v", "✗": "x", "→": ">", "•": "*", "·": "-", "…": "..."}
"""What stands for a mark that carries a meaning, where a terminal's encoding lacks it."""


def main() -> None:
    """Run the command line. The most asked question is answered before anything is imported."""
    _open_what_is_closed()
    if sys.argv[1:] == ["--version"]:
        from kfinstall import __version__  # noqa: PLC0415 - nothing else is needed for this answer

        sys.stdout.write(f"kfinstall {__version__}\n")
        return
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - neither $HOME nor an entry in /etc/passwd
        os.environ["HOME"] = os.sep  # what Docker gives such a user
    _choose_language()
    codecs.register_error("nearest", _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="nearest")
    from kfinstall.cli.main import run  # noqa: PLC0415 - see above

    sys.exit(run())


def _nearest(error: UnicodeError) -> tuple[str | bytes, int]:
    """A terminal that lacks a character gets the nearest that it has, or a ?."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(NEAREST.get(each, "?") for each in error.object[error.start : error.end]), error.end


def _open_what_is_closed() -> None:
    """Whoever starts a program without one of its standard streams (`<&-`) leaves Python with None in its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end


def _choose_language() -> None:
    """By --lang, wherever it stands, or by the environment: before what makes its texts at import is imported."""
    from kfinstall.words import LANGUAGES, preferred, speak  # noqa: PLC0415 - see above

    option, sys.argv[1:] = _option_first(sys.argv[1:])
    asked = option[-1].removeprefix("--lang=") if option else ""
    speak(asked if asked in LANGUAGES else preferred(os.environ))  # the command line refuses an unknown one


def _option_first(arguments: list[str]) -> tuple[list[str], list[str]]:
    """--lang and its value, and the command line with them in front, where the command group expects them."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" or argument.startswith("--lang="):
            after = index + (2 if argument == "--lang" else 1)
            option = arguments[index:after]
            return option, [*option, *arguments[:index], *arguments[after:]]
    return [], arguments


if __name__ == "__main__":
    main()
