"""The process of a sandbox: `python -m kfinstall.sandbox`; `kfinstall sandbox start` runs it in the background."""

import argparse
import base64
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from kfinstall.sandbox import scenario as scenarios
from kfinstall.sandbox.access.rights import CLUSTER_ADMIN
from kfinstall.sandbox.cluster import SandboxCluster
from kfinstall.sandbox.files import write_private
from kfinstall.sandbox.running import ADMIN_CONTEXT, CONTEXT, Running, described
from kfinstall.sandbox.server.certificates import make_certificate
from kfinstall.sandbox.server.http import LOOPBACK, Server

LOOK_SECONDS = 5.0


def serve(scenario: str, speed: float, folder: Path) -> int:
    """Serve until a signal ends it."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_arguments: ending.set())
    loaded = scenarios.load(scenario)
    make_certificate(folder, LOOPBACK)
    authority = (folder / "tls.crt").read_text(encoding="utf-8")
    cluster = SandboxCluster(loaded, authority=authority, speed=speed)
    users = {CONTEXT: loaded.user, ADMIN_CONTEXT: CLUSTER_ADMIN}
    tokens = {context: secrets.token_urlsafe(32) for context in users}
    for context, user in users.items():
        cluster.api.tokens.add(tokens[context], user.user())
    server = Server(cluster.api, folder)
    cluster.start()
    server.start()
    write_private(folder / "kubeconfig", kubeconfig(server.url, authority, tokens))
    write_private(folder / "running.json", described(Running(os.getpid(), server.url, scenario, speed, time.time())))
    while _is_known(folder) and not ending.wait(LOOK_SECONDS):
        pass
    names = ("running.json", "kubeconfig", "tls.key", "tls.crt") if _is_known(folder) else ()
    for name in names:
        (folder / name).unlink(missing_ok=True)
    cluster.stop()
    server.stop()
    return 0


def _is_known(folder: Path) -> bool:
    """Whether anybody can find this one: its folder may be gone, or another's."""
    try:
        return bool(json.loads((folder / "running.json").read_text(encoding="utf-8"))["pid"] == os.getpid())
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True  # a moment's trouble, such as too many open files, says nothing


def kubeconfig(url: str, authority: str, tokens: Mapping[str, str]) -> str:
    """Complete in itself; JSON is YAML. tokens: by the names of contexts, the current one first."""
    data = base64.b64encode(authority.encode()).decode()
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": CONTEXT, "cluster": {"server": url, "certificate-authority-data": data}}],
            "users": [{"name": name, "user": {"token": token}} for name, token in tokens.items()],
            "contexts": [{"name": name, "context": {"cluster": CONTEXT, "user": name}} for name in tokens],
            "current-context": next(iter(tokens)),
        },
        indent=1,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="kfinstall.sandbox")
    parser.add_argument("--scenario", default=scenarios.DEFAULT)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    return serve(given.scenario, given.speed, given.folder)


if __name__ == "__main__":
    sys.exit(main())
