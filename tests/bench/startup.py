"""What the answers cost that a user gets most often: `kfinstall --version` and `kfinstall --help`."""

import resource
import subprocess
import sys

ROUNDS = 10


def startup() -> None:
    """Print the CPU time of both, beside that of an interpreter that does nothing."""
    empty = _cpu("-c", "pass")
    for argument in ("--version", "--help"):
        seconds = _cpu("-m", "kfinstall", argument)
        sys.stdout.write(
            f"kfinstall {argument:10} {seconds * 1000:4.0f} ms of CPU, {seconds / empty:.1f}x an empty Python\n"
        )


def _cpu(*arguments: str) -> float:
    """Seconds of CPU, user and system, of one run; the mean of some."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _round in range(ROUNDS):
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / ROUNDS
