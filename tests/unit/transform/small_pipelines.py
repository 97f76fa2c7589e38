"""Pipelines of two ages, with what concerns their store and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest

NAMESPACE = "kubeflow"
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
SYNC = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
import json


def get_settings_from_env():
    return {"controller_port": os.environ["CONTROLLER_PORT"]}


def server_factory(controller_port):
    class Controller(BaseHTTPRequestHandler):
        def sync(self, parent, attachments):
            if parent["metadata"].get("labels", {}).get("pipelines.kubeflow.org/enabled") != "true":
                return {"status": {}, "attachments": []}
            namespace = parent["metadata"]["name"]
            secret = attachments["Secret.v1"].get(f"{namespace}/mlpipeline-minio-artifact")
            if secret is None and os.environ.get("MAKES_USERS"):
                raise SystemExit("the store of the release was asked for a user")
            metadata = {"namespace": namespace}
            repository = {"archiveLogs": True, "s3": {"endpoint": "own:9000", "keyFormat": "logs/{{pod.name}}"}}
            wanted = [
                {"kind": "ConfigMap", "metadata": {"name": "metadata-grpc-configmap", **metadata}, "data": {}},
                {"kind": "ConfigMap", "metadata": {"name": "kfp-launcher", **metadata},
                 "data": {"defaultPipelineRoot": "minio://own", "clusterDomain": ".svc"}},
                {"kind": "ConfigMap", "metadata": {"name": "artifact-repositories", **metadata},
                 "data": {"default-namespaced": json.dumps(repository)}},
                {"kind": "Deployment", "metadata": {"name": "ml-pipeline-ui-artifact", **metadata},
                 "spec": {"template": {"spec": {"containers": [{"name": "server", "env": []}]}}}},
                secret or {"kind": "Secret", "metadata": {"name": "mlpipeline-minio-artifact", **metadata}, "data": {}},
            ]
            return {"status": {"ready": "True"}, "attachments": wanted}

        def do_POST(self):
            observed = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = json.dumps(self.sync(observed["object"], observed["attachments"])).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

    return HTTPServer(("127.0.0.1", int(controller_port)), Controller)
"""
"""Like the release's hook: it answers metacontroller, and asks its own store for a user where there is no Secret."""

REPOSITORY = """
archiveLogs: true
s3:
  endpoint: "own.kubeflow:9000"
  bucket: mlpipeline
  keyFormat: "artifacts/{{workflow.name}}/{{pod.name}}"
  insecure: true
  accessKeySecret: {name: mlpipeline-minio-artifact, key: accesskey}
  secretKeySecret: {name: mlpipeline-minio-artifact, key: secretkey}
"""


def pipelines(version: str = "2.16.0", store: str = "seaweedfs") -> list[Manifest]:
    """What such a release has. store: the name of its Deployment."""
    service = "minio-service" if store == "minio" else store
    key = {"valueFrom": {"secretKeyRef": {"name": "mlpipeline-minio-artifact", "key": "accesskey"}}}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": f"{store}-pvc"}}
    bodies = [
        _made("ConfigMap", "pipeline-install-config", data={"appVersion": version, "bucketName": "mlpipeline"}),
        _made("ConfigMap", "workflow-controller-configmap", data={"artifactRepository": REPOSITORY}),
        _made("ConfigMap", "kubeflow-pipelines-profile-controller-code-9h7", data={"sync.py": SYNC}),
        _made("Secret", "mlpipeline-minio-artifact", stringData={"accesskey": "minio", "secretkey": "minio123"}),
        _made("Service", service, spec={"ports": [{"port": 9000}], "selector": {"app": store}}),
        _made("PersistentVolumeClaim", f"{store}-pvc", spec=CLAIM),
        _made("ServiceAccount", "ml-pipeline"),
        _made("ServiceAccount", "ml-pipeline-ui"),
        _workload(store, [{"name": "KEY", **key}], args=["server", "/data"], volume=volume),
        _workload("ml-pipeline", [{"name": "OBJECTSTORECONFIG_SECURE", "value": "false"}, {"name": "KEY", **key}]),
        _workload("ml-pipeline-ui", [{"name": "MINIO_ACCESS_KEY", **key}]),
        _controller(),
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "Profile",
            "metadata": {"name": "ada"},
            "spec": {"owner": {"kind": "User", "name": "ada@example.com"}},
        },
    ]
    return [Manifest(body, "pipelines") for body in bodies]


def by_name(manifests: Sequence[Manifest]) -> dict[str, Body]:
    """Bodies, by `Kind/name`."""
    return {f"{each.kind}/{each.name}": each.body for each in manifests}


def environment(body: Body) -> dict[str, Any]:
    """Of a workload's container: the values, or where they come from."""
    [container] = body["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env") or ()}


def decoded(secret: Body) -> dict[str, str]:
    """What a Secret holds."""
    return {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}


def _made(kind: str, name: str, **rest: Any) -> Body:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **rest}


def _workload(name: str, env: list[Body], args: Sequence[str] = (), volume: Mapping[str, Any] | None = None) -> Body:
    container: Body = {"name": name, "image": "example.com/image:1", "args": list(args), "env": env}
    pod: Body = {"containers": [container]}
    if volume:
        container["volumeMounts"] = [{"name": volume["name"], "mountPath": "/data"}]
        pod["volumes"] = [volume]
    return _deployment(name, pod)


def _deployment(name: str, pod: Body) -> Body:
    labels = {"app": name}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {**_made("Deployment", name, spec=spec), "apiVersion": "apps/v1"}


def _controller() -> Body:
    name = "kubeflow-pipelines-profile-controller"
    container = {
        "name": "profile-controller",
        "image": "example.com/image:1",
        "command": ["python", "/hooks/sync.py"],
        "volumeMounts": [{"name": "hooks", "mountPath": "/hooks"}],
    }
    pod = {
        "containers": [container],
        "volumes": [{"name": "hooks", "configMap": {"name": f"{name}-code-9h7"}}],
    }
    return _deployment(name, pod)
