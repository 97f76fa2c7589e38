"""A run of Pipelines through their API, as the SDK starts one.

https://www.kubeflow.org/docs/components/pipelines/reference/api/kubeflow-pipeline-api-spec/. Who asks is told by a
header, as the gateway tells it; the way leads to the server's pod, past the mesh, which lets nobody else tell it.
"""

import contextlib
import json
from collections.abc import Iterator

import urllib3

from kfinstall.contracts.manifest import Body
from kfinstall.errors import ClusterError
from kfinstall.words import _

SERVICE, PORT = "ml-pipeline", 8888
API = "/apis/v2beta1"
USER = "kubeflow-userid"
"""The header; the value of KUBEFLOW_USERID_HEADER in all releases."""

SECONDS = 30.0
"""That the server gets for an answer."""


class PipelineRun:
    """One run at one server. server: http://host:port. user: in whose name."""

    def __init__(self, server: str, user: str) -> None:
        self._server = server
        self._headers = {USER: user, "content-type": "application/json"}
        self._pool = urllib3.PoolManager(retries=urllib3.Retry(connect=2, read=0, redirect=0), timeout=SECONDS)
        self._run = ""

    @contextlib.contextmanager
    def started(self, pipeline: Body, namespace: str) -> Iterator[None]:
        """Of a compiled pipeline, in a namespace; run and experiment are deleted in the end. Raises ClusterError."""
        experiment = self._ask("POST", "/experiments", {"display_name": namespace, "namespace": namespace})
        try:
            wanted = {
                "display_name": namespace,
                "experiment_id": experiment.get("experiment_id"),
                "pipeline_spec": pipeline,
                "runtime_config": {},
                "service_account": "default-editor",
            }
            self._run = str(self._ask("POST", "/runs", wanted).get("run_id"))
            try:
                yield
            finally:
                self._forget(f"/runs/{self._run}")
        finally:
            self._forget(f"/experiments/{experiment.get('experiment_id')}")

    def look(self) -> tuple[bool | None, str]:
        """Whether it went well, None while nobody knows; and why not. Raises ClusterError."""
        run = self._ask("GET", f"/runs/{self._run}")
        match run.get("state"):
            case "SUCCEEDED" | "SKIPPED":
                return True, ""
            case "FAILED" | "CANCELED":
                return False, _why(run)
        return None, ""

    def _forget(self, path: str) -> None:
        """What cannot be deleted stays in the server's database; its pods go with the namespace."""
        with contextlib.suppress(ClusterError):
            self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: Body | None = None) -> Body:
        content = json.dumps(body).encode() if body is not None else None
        try:
            answer = self._pool.request(method, f"{self._server}{API}{path}", body=content, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise ClusterError(_("The API of Pipelines does not answer."), why=str(error)) from error
        if answer.status >= 400:
            raise ClusterError(
                _("The API of Pipelines refuses {method} {path} ({status}).").format(
                    method=method, path=API + path, status=answer.status
                ),
                why=_message(answer.data),
            )
        return _object(answer.data or b"{}")


def _object(data: bytes) -> Body:
    """The answer. Raises ClusterError where something else than this API answers."""
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ClusterError(_("The API of Pipelines does not answer."), why=data[:200].decode("utf-8", "replace"))
    return found


def _why(run: Body) -> str:
    """Of the run, else of its tasks."""
    tasks = (run.get("run_details") or {}).get("task_details") or ()
    told = [run, *(each for each in tasks if each.get("state") == "FAILED")]
    return next((str(each["error"]["message"]) for each in told if (each.get("error") or {}).get("message")), "")


def _message(data: bytes) -> str:
    """grpc-gateway's; a server older than this API answers in plain text."""
    try:
        found = json.loads(data)
    except ValueError:
        return data[:200].decode("utf-8", "replace").strip()
    return str(found.get("message") or found.get("error") or "") if isinstance(found, dict) else ""
