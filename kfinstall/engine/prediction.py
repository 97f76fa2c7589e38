"""A served model is asked: straight at its pod, by the way of `kubectl port-forward`, so that it takes no ingress."""

import contextlib
import json
import socket
from http.client import HTTPConnection, HTTPException

from kfinstall.engine.trials import Question
from kfinstall.errors import ClusterError
from kfinstall.facts.objects.conditions import holds
from kfinstall.kube.cluster import Cluster
from kfinstall.words import _

SECONDS = 30.0
"""That the model gets for an answer."""

MOST = 500
"""Characters of an answer that are shown."""


def predicted(cluster: Cluster, namespace: str, question: Question) -> str:
    """What it answers. Raises ClusterError when it does not, or not what has to be."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    found = [each for each in cluster.items(pods, selector=question.pods) if holds(each, "Ready")]
    if not found:
        raise ClusterError(_("No pod of the model is ready."))
    tunnel = cluster.connection.tunnel(f"{pods}/{found[0]['metadata']['name']}/portforward", question.port)
    with contextlib.closing(tunnel.socket(question.port)) as way:
        try:
            status, text = _exchange(way, question)
        except (OSError, HTTPException) as error:
            raise ClusterError(
                _("The model does not answer at port {port} of its pod.").format(port=question.port),
                why=tunnel.error(question.port) or str(error),
            ) from error
    return _judged(status, text, question)


def _exchange(way: socket.socket, question: Question) -> tuple[int, str]:
    way.settimeout(SECONDS)
    connection = HTTPConnection("localhost")
    connection.sock = way
    body = json.dumps(question.body)
    connection.request("POST", question.path, body, {"Content-Type": "application/json", "Connection": "close"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def _judged(status: int, text: str, question: Question) -> str:
    if status >= 400:
        raise ClusterError(
            _("The model refuses {path} ({status}).").format(path=question.path, status=status), why=text
        )
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    for name, wanted in question.answer.items():
        found = answer.get(name) if isinstance(answer, dict) else None
        if found is None or (wanted is not None and found != wanted):
            raise ClusterError(
                _("The model answers, and not what it has to."),
                why=_("It says {answer}.").format(answer=text[:MOST])
                + (f" {name}: {json.dumps(wanted)}" if wanted is not None else ""),
            )
    return text.strip()[:MOST]
