"""kfinstall as a user runs it, on a file of objects."""

import os
import subprocess
import sys
from pathlib import Path

INSTALL = """\
apiVersion: kfinstall.io/v1alpha1
kind: Install
platform: {type: existing}
wait: {enabled: false}
storage: {type: static}  # a bare API server has no classes
kubeflow:
  kfdef:
    apiVersion: kfdef.apps.kubeflow.org/v1
    kind: KfDef
    metadata: {name: kubeflow, namespace: kubeflow}
    spec:
      applications:
        - {name: everything, kustomizeConfig: {repoRef: {name: manifests, path: .}}}
      repos:
        - {name: manifests, uri: %s}
"""


def installed(kubeconfig: Path, kubectl: Path, file: Path, home: Path) -> None:
    """The whole command, start of Python, reading and rendering included; it waits for nothing. home: its caches."""
    document = home.parent / "install.yaml"
    document.write_text(INSTALL % file.parent, encoding="utf-8")
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "KFINSTALL_KUSTOMIZE": str(kubectl),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
    }
    command = [sys.executable, "-m", "kfinstall", "install", "-f", str(document), "--yes"]
    subprocess.run(command, env=environment, capture_output=True, check=True)
