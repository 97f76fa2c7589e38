"""Runs in the cluster, beside the sync.py of Pipelines' profile controller: what it makes in each profile, changed.

The release's hook knows its own store only. This one asks it for what belongs into the namespace of a profile, and
then has the launcher of pipelines, Argo's logs and the artifact server use the store of the Install document. It runs
in the image of the release's hook: nothing but Python's own library is to be had.
"""

import base64
import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Body = dict[str, Any]
Sync = Callable[[Any, Body, Body], Body]

SECRET = "mlpipeline-minio-artifact"  # noqa: S105 - its name
NAMESPACE = "{namespace}"


def adapted(sync: Sync, settings: Body, environ: dict[str, str]) -> Sync:
    """The hook of the release, with the settings of the document: see kfinstall/transform/artifact_hook.py."""

    def changed(handler: Any, parent: Body, attachments: Body) -> Body:
        namespace = parent["metadata"]["name"]
        mine = [_secret(namespace, name, keys, environ) for name, keys in settings["secrets"].items()]
        if SECRET in settings["secrets"]:
            # without the Secret, the hook would make a user in the release's own store, which is not there
            own = next(each for each in mine if each["metadata"]["name"] == SECRET)
            attachments = {**attachments, "Secret.v1": {f"{namespace}/{SECRET}": own}}
        answer = sync(handler, parent, attachments)
        if not answer["attachments"]:
            return answer
        return {**answer, "attachments": _with(answer["attachments"], mine, namespace, settings)}

    return changed


def _with(wanted: list[Body], secrets: list[Body], namespace: str, settings: Body) -> list[Body]:
    launcher: Body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kfp-launcher", "namespace": namespace},
        "data": {name: text.replace(NAMESPACE, namespace) for name, text in settings["launcher"].items()},
    }
    replaced = {("Secret", each["metadata"]["name"]) for each in secrets} | {("ConfigMap", "kfp-launcher")}
    kept = []
    for each in wanted:
        key = each["kind"], each["metadata"]["name"]
        if key == ("ConfigMap", "kfp-launcher"):
            launcher = {**each, "data": {**each["data"], **launcher["data"]}}
        elif key not in replaced:
            kept.append(_changed(each, settings))
    return [*kept, launcher, *secrets]


def _changed(body: Body, settings: Body) -> Body:
    key = body["kind"], body["metadata"]["name"]
    if key == ("ConfigMap", "artifact-repositories") and settings["repository"]:
        data = {name: _repository(text, settings["repository"]) for name, text in body["data"].items()}
        return {**body, "data": data}
    if key == ("Deployment", "ml-pipeline-ui-artifact") and settings["server"]:
        template = body["spec"]["template"]
        pod = _artifact_server(template["spec"], settings)
        return {**body, "spec": {**body["spec"], "template": {**template, "spec": pod}}}
    return body


def _artifact_server(pod: Body, settings: Body) -> Body:
    containers = [{**each, "env": [*each.get("env", []), *settings["server"]]} for each in pod["containers"]]
    if not settings["volume"]:
        return {**pod, "containers": containers}
    mounted = [{**each, "volumeMounts": [*each.get("volumeMounts", []), settings["mount"]]} for each in containers]
    return {**pod, "containers": mounted, "volumes": [*pod.get("volumes", []), settings["volume"]]}


def _repository(text: str, changes: Body) -> str:
    """Of Argo, with another store; where in it things are kept stays."""
    found = json.loads(text)
    kept = {name: value for name, value in found["s3"].items() if name == "keyFormat"}
    return json.dumps({**found, "s3": {**kept, **changes}})


def _secret(namespace: str, name: str, keys: dict[str, str], environ: dict[str, str]) -> Body:
    """keys: of its data, to the variables that hold the values."""
    data = {key: base64.b64encode(environ.get(variable, "").encode()).decode() for key, variable in keys.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def main() -> None:
    """Serve, as the release's hook does."""
    release = importlib.import_module("sync")
    settings = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    server = release.server_factory(**release.get_settings_from_env())
    handler = server.RequestHandlerClass
    handler.sync = adapted(handler.sync, settings, dict(os.environ))
    server.serve_forever()


if __name__ == "__main__":
    main()
