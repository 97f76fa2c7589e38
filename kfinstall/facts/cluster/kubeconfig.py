"""What a kubeconfig says of one context, read as plain data.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

import base64
import binascii
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


def names(kubeconfig: Entry, kind: str) -> list[str]:
    """Of its contexts, clusters or users."""
    listed = kubeconfig.get(kind)
    return [each["name"] for each in listed if _is_named(each)] if isinstance(listed, list) else []


def entry(kubeconfig: Entry, kind: str, name: str) -> Entry | None:
    """The context, cluster or user of a name; None where there is none. kind: contexts, clusters or users."""
    for each in kubeconfig.get(kind) or ():
        if _is_named(each) and each["name"] == name:
            found = each.get(kind.removesuffix("s"))
            return found if isinstance(found, dict) else {}
    return None


def certificate(user: Entry, folder: Path) -> bytes:
    """The PEM text of a user's client certificate, b"" where none can be read. folder: of the kubeconfig."""
    data = user.get("client-certificate-data")
    if isinstance(data, str):
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(data)
    path = user.get("client-certificate")
    if isinstance(path, str) and path:
        with contextlib.suppress(OSError):
            return (folder / path).read_bytes()
    return b""


def login(user: Entry) -> tuple[str, str]:
    """The program that fetches a user's credentials, and what the kubeconfig says on how to get it; "" for none."""
    program = user.get("exec")
    if not isinstance(program, dict):
        return "", ""
    return str(program.get("command") or ""), " ".join(str(program.get("installHint") or "").split())


def again(context: str, server: str) -> str:
    """The command that writes a context anew; "" where its name and the server's tell nobody who made it."""
    if context.startswith("kind-"):
        return f"kind export kubeconfig --name {context.removeprefix('kind-')}"
    if context.startswith("gke_") and context.count("_") >= 3:
        _gke, project, location, name = context.split("_", 3)
        return f"gcloud container clusters get-credentials {name} --location {location} --project {project}"
    if context.startswith("arn:aws") and ":cluster/" in context:
        return f"aws eks update-kubeconfig --region {context.split(':')[3]} --name {context.rpartition('/')[2]}"
    if ".azmk8s.io" in server:
        return f"az aks get-credentials --resource-group GROUP --name {context} --overwrite-existing"
    if context.count("/") == 2 and ":6443" in server:  # as `oc login` names them: project/server:port/user
        return f"oc login {server}"
    return f"minikube update-context -p {context}" if context == "minikube" else ""


def _is_named(each: object) -> bool:
    return isinstance(each, dict) and isinstance(each.get("name"), str)
