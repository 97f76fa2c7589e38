"""A machine for the tests of local platforms: programs that stand in, a size, a kubeconfig."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from kfinstall.contracts.platform import Machine, Progress, Size
from kfinstall.engine.host import LocalHost
from tests.unit.platforms.stand_ins import StandIns

GIB = 1024**3
WORKSTATION = Machine("linux", Size(16, 64 * GIB), frozenset({"sse2", "avx"}), virtualises=True)
DOCKER = {"info": {"ServerVersion": "28.3.0", "OperatingSystem": "Debian", "NCPU": 16, "MemTotal": 64 * GIB}}
LIMITS = {"fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 2000000}


class TestMachine(LocalHost):
    """This machine, with another size and other limits than it has."""

    __test__ = False

    def __init__(self, folder: Path, machine: Machine = WORKSTATION, limits: Mapping[str, int] = LIMITS) -> None:
        self.programs = StandIns(folder / "bin")
        self.programs.folder.mkdir(parents=True)
        self.kubeconfig_path = folder / "kubeconfig"
        environ = {"PATH": str(self.programs.folder), "HOME": str(folder), "KUBECONFIG": str(self.kubeconfig_path)}
        super().__init__(folder / "own", environ)
        self.machine = machine
        self._limits = limits

    def sysctl(self, name: str) -> int | None:
        return self._limits.get(name)

    def stop_at(self, step: str, stream: Iterable[Progress]) -> None:
        """The user stops when a step is told."""
        for each in stream:
            if each.step == step:
                self.stopped.set()

    def write_kubeconfig(self, *contexts: str, server: str = "https://127.0.0.1:6443") -> None:
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "other",
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in contexts],
            "clusters": [{"name": name, "cluster": {"server": server}} for name in contexts],
            "users": [{"name": name, "user": {"token": f"secret-{name}"}} for name in contexts],
        }
        self.kubeconfig_path.write_text(yaml.safe_dump(config), encoding="utf-8")
