"""What a container's exit code says.

Above 128 it is 128 plus the signal that ended the program: https://tldp.org/LDP/abs/html/exitcodes.html
"""

import signal

from kfinstall.words import _


def meaning(code: int) -> str:
    """One sentence."""
    known = _known().get(code)
    if known:
        return known
    if 128 < code < 160:
        return _("It was ended by the signal {signal}.").format(signal=_signal(code - 128))
    return _("The program itself ended with this code.")


def _known() -> dict[int, str]:
    return {
        0: _("The program ended by itself without an error; a container of this pod is to run for ever."),
        1: _("The program itself reported an error; its log says which."),
        2: _("The program refused its arguments or its configuration."),
        126: _("The command of the container is there but cannot be executed."),
        127: _("The command of the container is not in the image."),
        128: _("The container could not be started at all."),
        132: _("The program uses instructions that this processor does not have (SIGILL)."),
        134: _("The program gave up by itself (SIGABRT)."),
        135: _("The program read memory that is not there (SIGBUS); /dev/shm is often too small."),
        137: _("It was killed (SIGKILL): by a failing liveness probe, or by the node for want of memory."),
        139: _("The program crashed (SIGSEGV)."),
        143: _("It was told to end (SIGTERM): by a failing liveness probe, or when its pod was deleted."),
    }


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
