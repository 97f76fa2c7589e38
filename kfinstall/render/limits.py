"""How much kfinstall takes in from outside before it calls it an attack or a mistake."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes, times are seconds.

    download: of one archive (kubeflow/manifests has 2 MiB). document: of one file that is not an archive.
    unpacked and entries: of one archive (11 MiB and 1000). redirects and retries: of one request.
    connect and read: of one attempt, read is the longest silence. whole: of one download. pause: the first wait
    between attempts.
    """

    download: int = 256 * MIB
    document: int = 32 * MIB
    unpacked: int = 512 * MIB
    entries: int = 50_000
    redirects: int = 10
    retries: int = 3
    connect: float = 10.0
    read: float = 30.0
    whole: float = 900.0
    pause: float = 0.5


DEFAULT = Limits()
