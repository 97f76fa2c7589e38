"""Executables that stand in for minikube, kind and docker: real programs, which print what the real ones print.

Each keeps what it did in a file beside it, and fails where a file `<program>.fails` says so. What they print was taken
from minikube (pkg/minikube/out/register, cmd/minikube/cmd/config/profile_list.go) and kind
(pkg/cluster/internal/create).
"""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MINIKUBE = r"""
def event(kind, **data):
    print(json.dumps({"specversion": "1.0", "type": "io.k8s.sigs.minikube." + kind, "data": data}), flush=True)

def option(name, default=""):
    given = [each.partition("=")[2] for each in arguments if each.startswith(f"--{name}=")]
    return given[0] if given else default

def step(number, name, message):
    event("step", currentstep=str(number), totalsteps="19", name=name, message=message)

def mib(size):
    return int(size[:-1]) * (1024 if size[-1] == "g" else 1)

profile = arguments[arguments.index("-p") + 1] if "-p" in arguments else ""
if arguments[:1] == ["version"]:
    print('{"commit":"c1","minikubeVersion":"v1.37.0"}')
elif arguments[:2] == ["profile", "list"]:
    valid = [{"Name": name, "Status": each["Status"], "Config": each["Config"]}
             for name, each in state.items() if each["Status"] != "half"]
    invalid = [{"Name": name} for name, each in state.items() if each["Status"] == "half"]
    print(json.dumps({"invalid": invalid, "valid": valid}))
elif arguments[:1] == ["start"]:
    print("a driver's own words, which are no JSON")
    step(0, "Initial Minikube Setup", "minikube v1.37.0 on Debian 12")
    if failure == "memory":
        event("error", exitcode="23", name="RSRC_INSUFFICIENT_CONTAINER_MEMORY", url="https://example.com/memory",
              message="docker only has 1991MiB available, less than the required 16384MiB",
              advice="Give Docker more memory.", issues="https://example.com/1,https://example.com/2")
        sys.exit(23)
    config = {"CPUs": int(option("cpus")), "Memory": mib(option("memory")), "DiskSize": mib(option("disk-size", "20g")),
              "Driver": option("driver", "docker"), "Nodes": [{}] * int(option("nodes")),
              "KubernetesConfig": {"KubernetesVersion": "v1.34.0"}}
    config = state.get(profile, {}).get("Config") or config
    save({**state, profile: {"Status": "half", "Config": None if failure == "hang" else config}})
    event("download.progress", currentstep="2", totalsteps="19", artifact="preload", progress="0.5")
    event("warning", message="The image 'x' was not found; unable to add it to cache.")
    step(8, "Creating Container", "Creating docker container (CPUs=8, Memory=16384MB) ...")
    if failure == "hang":
        while True:
            time.sleep(0.1)
    if failure == "silence":
        sys.exit(0)
    write_context(profile)
    save({**state, profile: {"Status": "OK", "Config": config}})
    step(19, "Done", "Done!")
elif arguments[:1] == ["stop"]:
    step(0, "Stopping", f'Stopping node "{profile}" ...')
    save({**state, profile: {**state[profile], "Status": "Stopped"}})
    step(2, "Done", "1 node stopped.")
elif arguments[:1] == ["delete"]:
    step(0, "Deleting", f'Deleting "{profile}" in docker ...')
    save({name: each for name, each in state.items() if name != profile})
    step(2, "Done", f'Removed all traces of the "{profile}" cluster.')
else:
    sys.exit(14)
"""

KIND = r"""
def say(text):
    print(text, file=sys.stderr, flush=True)

name = arguments[arguments.index("--name") + 1] if "--name" in arguments else ""
if arguments[:1] == ["version"]:
    print("0.30.0")
elif arguments[:2] == ["get", "clusters"]:
    print("\n".join(state)) if state else say("No kind clusters found.")
elif arguments[:2] == ["create", "cluster"]:
    if name in state:
        say(f'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "{name}"')
        sys.exit(1)
    say(f'Creating cluster "{name}" ...')
    say(" • Ensuring node image (kindest/node:v1.34.0) 🖼  ...")
    save({**state, name: open(arguments[arguments.index("--config") + 1]).read()})
    if failure == "ports":
        save(state)
        say(" ✗ Preparing nodes 📦 ")
        say('ERROR: failed to create cluster: command "docker run" failed with error: exit status 125')
        say("Command Output: Bind for 127.0.0.1:8080 failed: port is already allocated")
        sys.exit(1)
    while failure == "hang":
        time.sleep(0.1)
    say(" ✓ Ensuring node image (kindest/node:v1.34.0) 🖼")
    for each in ("Preparing nodes 📦", "Writing configuration 📜", "Starting control-plane 🕹️"):
        say(f" • {each}  ...")
        say(f" ✓ {each}")
    write_context(f"kind-{name}")
    say(f'Set kubectl context to "kind-{name}"')
elif arguments[:2] == ["export", "kubeconfig"]:
    write_context(f"kind-{name}")
elif arguments[:2] == ["delete", "cluster"]:
    say(f'Deleting cluster "{name}" ...')
    save({each: config for each, config in state.items() if each != name})
else:
    sys.exit(1)
"""

DOCKER = r"""
if arguments[:1] == ["info"]:
    print(json.dumps(state.get("info") or {"ServerErrors": ["Cannot connect to the Docker daemon"]}))
    sys.exit(0 if state.get("info") else 1)
elif arguments[:1] == ["ps"]:
    print("\n".join(f"{name} {status}" for name, status in state.get("containers", {}).items()))
elif arguments[:1] in (["start"], ["stop"]):
    result = "running" if arguments[0] == "start" else "exited"
    save({**state, "containers": {**state["containers"], arguments[1]: result}})
elif arguments[:1] == ["exec"]:
    print("ok")
"""

PROGRAM = r'''#!{python}
import json, os, sys, time
import yaml
path = {state!r}
arguments = sys.argv[1:]
try:
    state = json.load(open(path))
except FileNotFoundError:
    state = {{}}
try:
    failure = open({fails!r}).read()
except FileNotFoundError:
    failure = ""

def save(new):
    json.dump(new, open(path + ".new", "w"))
    os.replace(path + ".new", path)

def write_context(name):
    """The kubeconfig gets a context, which leads to the cluster of the tests where there is one."""
    source = os.environ.get("STAND_IN_CLUSTER")
    config = yaml.safe_load(open(source)) if source else {{"apiVersion": "v1", "kind": "Config"}}
    context = config["contexts"][0]["context"] if source else {{"cluster": name, "user": name}}
    config.update({{"contexts": [{{"name": name, "context": context}}], "current-context": name}})
    yaml.safe_dump(config, open(os.environ["KUBECONFIG"], "w"))

open({calls!r}, "a").write(json.dumps([{name!r}, *arguments]) + "\n")
told = [open(each).read() if os.path.isfile(each) else each for each in arguments]
open({told!r}, "a").write(json.dumps([{name!r}, *told]) + "\n")
{body}
'''

BODIES = {"minikube": MINIKUBE, "kind": KIND, "docker": DOCKER}


@dataclass(frozen=True)
class StandIns:
    """A folder for the PATH."""

    folder: Path

    def install(self, program: str, state: Any = None) -> None:
        """Put a program there. state: what it did before."""
        path = self.folder / program
        text = PROGRAM.format(
            python=sys.executable,
            state=str(self.folder / f"{program}.json"),
            fails=str(self.folder / f"{program}.fails"),
            calls=str(self.folder / "calls"),
            told=str(self.folder / "told"),
            name=program,
            body=BODIES[program],
        )
        path.write_text(text, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        if state is not None:
            self.remember(program, state)

    def touch(self, program: str) -> None:
        """Put a program there that does nothing."""
        path = self.folder / program
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def remember(self, program: str, state: Any) -> None:
        (self.folder / f"{program}.json").write_text(json.dumps(state), encoding="utf-8")

    def state(self, program: str) -> Any:
        path = self.folder / f"{program}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def fail(self, program: str, failure: str) -> None:
        """From now on; "" for never again."""
        (self.folder / f"{program}.fails").write_text(failure, encoding="utf-8")

    def calls(self, program: str, command: str) -> list[list[str]]:
        """The arguments of each call of a program's command."""
        return self._made("calls", program, command)

    def told(self, program: str, command: str) -> list[list[str]]:
        """The same, with the contents of files in place of their names."""
        return self._made("told", program, command)

    def _made(self, kind: str, program: str, command: str) -> list[list[str]]:
        calls = self.folder / kind
        lines = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        made = [json.loads(line) for line in lines]
        return [call[1:] for call in made if call[:2] == [program, command]]

    @property
    def path(self) -> str:
        return f"{self.folder}{os.pathsep}/usr/bin{os.pathsep}/bin"
