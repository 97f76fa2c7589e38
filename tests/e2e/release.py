"""A release of the tests' own, in the shapes of a Kubeflow: plain manifests, and one kustomization."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Body = dict[str, Any]
PASSWORD = "not-a-real-one"
FIXED = 18
"""Objects that every release has; the rest are ConfigMaps."""


@dataclass(frozen=True)
class Release:
    """A release on disk. install and kfdef: its two documents; repo: its manifests; objects: how many there are."""

    name: str
    folder: Path
    objects: int

    @property
    def install(self) -> Path:
        return self.folder / "install.yaml"

    @property
    def kfdef(self) -> Path:
        return self.folder / "kfdef.yaml"

    @property
    def repo(self) -> Path:
        return self.folder / "repo"


def write_release(folder: Path, name: str, *, objects: int = 20, secret: str = PASSWORD) -> Release:
    """Write a release whose namespaces, definition and cluster roles are named after it. secret: of its Secret."""
    release = Release(name, folder, objects)
    _write(release.install, _install(name))
    _write(release.kfdef, _kfdef(name))
    _write(release.repo / "definitions" / "all.yaml", _definition(name))
    settings = [_settings(name, number) for number in range(objects - FIXED)]
    _write(release.repo / "base" / "all.yaml", *_base(name, secret), *settings)
    notebooks = release.repo / "notebooks" / "base"
    _write(notebooks / "all.yaml", *(_notebook(name, f"notebook-{number}") for number in range(3)))
    _write(notebooks / "deployment.yaml", _deployment("jupyter", replicas=2))
    _write(notebooks / "kustomization.yaml", _kustomization())
    (notebooks / "params.env").write_text("image=registry.example.com/jupyter:1\n")
    return release


def _write(path: Path, *bodies: Body) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(bodies, sort_keys=False))


def _install(name: str) -> Body:
    return {
        "apiVersion": "kfinstall.io/v1alpha1",
        "kind": "Install",
        "metadata": {"name": name},
        "platform": {"type": "existing"},
        "kubeflow": {"file": "kfdef.yaml"},
        "wait": {"timeout": "60s"},
    }


def _kfdef(name: str) -> Body:
    applications = [
        {"name": each, "kustomizeConfig": {"repoRef": {"name": "manifests", "path": each}}}
        for each in ("definitions", "base", "notebooks")
    ]
    return {
        "apiVersion": "kfdef.apps.kubeflow.org/v1",
        "kind": "KfDef",
        "metadata": {"name": name, "namespace": name},
        "spec": {"applications": applications, "repos": [{"name": "manifests", "uri": "repo"}]},
    }


def _definition(name: str) -> Body:
    spec = {"type": "object", "properties": {"image": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"notebooks.{name}.example.com"},
        "spec": {
            "group": f"{name}.example.com",
            "scope": "Namespaced",
            "names": {"kind": "Notebook", "plural": "notebooks", "singular": "notebook"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def _base(name: str, secret: str) -> list[Body]:
    """Twelve objects: two namespaces, access, a store, and what runs."""
    rule = {"apiGroups": [f"{name}.example.com"], "resources": ["notebooks"], "verbs": ["get", "list", "watch"]}
    account = [{"kind": "ServiceAccount", "name": "controller", "namespace": name}]
    group = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{name}-users"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "controller", "namespace": name}},
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": account,
        },
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "own", "namespace": name}, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "own", "namespace": name},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "own"},
            "subjects": account,
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "store", "namespace": name},
            "stringData": {"password": secret},
        },
        _service(name, "store"),
        _service(name, "controller"),
        _deployment("controller", namespace=name),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "quota", "namespace": f"{name}-users"},
            "data": {"pods": "10"},
        },
    ]


def _service(namespace: str, name: str) -> Body:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _settings(namespace: str, number: int) -> Body:
    metadata = {"name": f"settings-{number}", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"number": str(number)}}


def _notebook(name: str, notebook: str) -> Body:
    image = "registry.example.com/jupyter:1"
    return {
        "apiVersion": f"{name}.example.com/v1",
        "kind": "Notebook",
        "metadata": {"name": notebook},
        "spec": {"image": image},
    }


def _deployment(name: str, *, namespace: str = "", replicas: int = 1) -> Body:
    labels = {"app": name}
    container = {"name": name, "image": f"registry.example.com/{name}:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def _kustomization() -> Body:
    """Five objects: three notebooks, a Deployment, a ConfigMap."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["all.yaml", "deployment.yaml"],
        "configMapGenerator": [{"name": "parameters", "envs": ["params.env"]}],
        "generatorOptions": {"disableNameSuffixHash": True},
    }
