"""The console script, and `python -m kfinstall`."""

import sys


def main() -> None:
    """Run the command line. The most asked question is answered before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        from kfinstall import __version__  # noqa: PLC0415 - nothing else is needed for this answer

        sys.stdout.write(f"kfinstall {__version__}\n")
        return
    from kfinstall.cli.main import run  # noqa: PLC0415 - see above

    sys.exit(run())


if __name__ == "__main__":
    main()
