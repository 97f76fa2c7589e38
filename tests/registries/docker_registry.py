"""Debian's docker-registry as a process on loopback, open or with a login."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest
import yaml
from urllib3 import PoolManager, Retry
from urllib3.exceptions import HTTPError

from tests.controlplane.processes import Process
from tests.controlplane.server import free_ports
from tests.kubelet.images import Repository

LOOPBACK = "127.0.0.1"
SEARCHED = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
USER, PASSWORD = "robot", "planted-registry-password"


@dataclass
class DockerRegistry:
    """host: as image references have it."""

    host: str
    process: Process

    @classmethod
    def start(cls, folder: Path, *, login: bool = False) -> DockerRegistry:
        """The images stand in the folder, so that an open one can be filled before one with a login serves them.

        Skips the test where there is no docker-registry.
        """
        program = shutil.which("docker-registry", path=SEARCHED)
        if program is None:
            pytest.skip("docker-registry is not installed (the package of Debian has this name)")
        [port] = free_ports(1)
        place = folder / ("closed" if login else "open")
        place.mkdir()
        (place / "config.yaml").write_text(yaml.safe_dump(_config(folder / "images", place, port, login=login)))
        registry = cls(f"{LOOPBACK}:{port}", Process.start(Path(program), ["serve", "config.yaml"], place))
        registry._wait()
        return registry

    def push(self, name: str, tag: str, content: Path) -> None:
        """An image with one file in it."""
        Repository(int(self.host.partition(":")[2]), name).push(tag, content, "amd64")

    def stop(self) -> None:
        self.process.stop()

    def _wait(self) -> None:
        """Until it answers."""
        retry = Retry(total=200, connect=200, backoff_factor=0.05, backoff_max=0.2)
        try:
            PoolManager().request("GET", f"http://{self.host}/v2/", retries=retry)
        except HTTPError:
            self.process.check()
            raise


def _config(images: Path, place: Path, port: int, *, login: bool) -> dict[str, object]:
    config: dict[str, object] = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(images)}},
        "http": {"addr": f"{LOOPBACK}:{port}", "secret": "of the tests"},
        "log": {"level": "warn", "accesslog": {"disabled": True}},
    }
    if login:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
        (place / "users").write_text(f"{USER}:{hashed}\n")
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(place / "users")}}
    return config
