"""What a real check of a Kubeflow tries: small objects of its kinds, and what tells that one of them went well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from kfinstall.contracts.manifest import Body
from kfinstall.contracts.resource import GroupKind
from kfinstall.facts.scheduling.accelerators import VENDORS
from kfinstall.facts.scheduling.capacity import amounts
from kfinstall.model.serving import ModelOfTest, Serving
from kfinstall.transform.serving import ACCOUNT, key_names, readers
from kfinstall.words import _

SPAWNER = "spawner_ui_config.yaml"
"""In a ConfigMap of the notebooks' web app, with the image of notebooks."""

INFERENCE_SERVICE = "serving.kserve.io/v1beta1"
SELDON = "machinelearning.seldon.io/v1"

GPU_IMAGE = "docker.io/nvidia/cuda:12.8.1-base-ubuntu24.04"
"""For a GPU where no notebooks are, whose image would do."""

LOOKS = {
    "NVIDIA": ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
    "AMD": [
        "sh",
        "-c",
        "test -w /dev/kfd && grep -h gfx_target_version /sys/class/kfd/kfd/topology/nodes/*/properties",
    ],
}
"""Vendor -> the command that finds the GPUs of a container, and prints them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a pod is asked over HTTP, in JSON.

    pods: the selector of its labels. answer: fields of the answer, with what has to stand there; None for anything.
    """

    pods: str
    port: int
    path: str
    body: Body
    answer: Body


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try.

    body: of the object that is made; {} for a run of Pipelines. pipeline: its compiled form, else {}. beside: objects
    that it needs. asked: only tried by its name. passed: the condition or state that says that it went well, "" for
    that it has ended, or is ready. question: what it is asked when it has passed. In these, $image stands for an image
    with Python.
    """

    name: str
    title: str
    body: Body = field(default_factory=dict)
    pipeline: Body = field(default_factory=dict)
    beside: Sequence[Body] = ()
    asked: bool = False
    passed: str = ""
    question: Question | None = None

    @property
    def kind(self) -> GroupKind | None:
        """Of its object; None where it makes none."""
        return kind_of(self.body) if self.body else None

    def filled(self, **values: Any) -> "Trial":
        """With values for $image and the like."""
        return replace(self, body=_filled(self.body, values), pipeline=_filled(self.pipeline, values))


def kind_of(body: Body) -> GroupKind:
    """The kind of an object."""
    group, slash, _version = body["apiVersion"].partition("/")
    return GroupKind(group if slash else "", body["kind"])


@lru_cache(maxsize=1)
def trials() -> tuple[Trial, ...]:
    """Those of configs/trials.yaml, read once."""
    text = files("configs").joinpath("trials.yaml").read_text(encoding="utf-8")
    return tuple(
        Trial(
            each["name"],
            _(each["title"]),
            each.get("object") or {},
            each.get("pipeline") or {},
            asked=each.get("asked", False),
            passed=each.get("passed", ""),
            question=Question(**each["question"]) if "question" in each else None,
        )
        for each in yaml.safe_load(text)
    )


def with_gpu(trial: Trial, nodes: Sequence[Body]) -> Trial:
    """The trial of a GPU, with one that these nodes offer; NVIDIA's where they offer none."""
    offered = {name for node in nodes for name, value in amounts(_allocatable(node)).items() if value}
    for vendor in VENDORS:
        names = sorted(name for name in offered if name.startswith(vendor.resources))
        if names and vendor.name in LOOKS:
            return trial.filled(gpu=names[0], look=LOOKS[vendor.name])
    return trial.filled(gpu="nvidia.com/gpu", look=LOOKS["NVIDIA"])


def offers_gpu(nodes: Sequence[Body]) -> bool:
    """Whether a node gives GPUs to pods."""
    prefixes = tuple(prefix for vendor in VENDORS for prefix in vendor.resources)
    return any(
        value and name.startswith(prefixes) for each in nodes for name, value in amounts(_allocatable(each)).items()
    )


def with_model(trial: Trial, serving: Serving, namespace: str, configuration: Mapping[str, Any]) -> Trial:
    """The trial of serving, with the model that a document names, read as the document says.

    configuration: of the cluster's KServe, as in ConfigMap inferenceservice-config.
    """
    if serving.test is None:
        return trial
    account = ACCOUNT if serving.models else "default"
    beside = tuple(readers(serving.models, namespace, key_names(configuration))) if serving.models else ()
    metadata = trial.body["metadata"]
    if serving.component == "seldon":
        graph = {
            "name": "model",
            "implementation": f"{serving.test.format.upper()}_SERVER",
            "modelUri": serving.test.address,
            "serviceAccountName": account,
        }
        spec: Body = {"predictors": [{"name": "default", "replicas": 1, "graph": graph}]}
        body = {"apiVersion": SELDON, "kind": "SeldonDeployment", "metadata": metadata, "spec": spec}
        question = _of_seldon(serving.test)
        return replace(trial, body=body, beside=beside, passed="Available", question=question)
    model = {"modelFormat": {"name": serving.test.format}, "storageUri": serving.test.address}
    spec = {"predictor": {"serviceAccountName": account, "model": model}}
    body = {"apiVersion": INFERENCE_SERVICE, "kind": "InferenceService", "metadata": metadata, "spec": spec}
    return replace(trial, body=body, beside=beside, question=_of_kserve(serving.test, trial))


def _of_kserve(model: ModelOfTest, trial: Trial) -> Question | None:
    """https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol"""
    if not model.instances or trial.question is None:
        return None
    return replace(trial.question, body={"instances": list(model.instances)}, answer={"predictions": None})


def _of_seldon(model: ModelOfTest) -> Question | None:
    """https://docs.seldon.io/projects/seldon-core/en/latest/reference/apis/external-prediction.html"""
    if not model.instances:
        return None
    asked = {"data": {"ndarray": list(model.instances)}}
    return Question("seldon-deployment-id=serving", 8000, "/api/v1.0/predictions", asked, {"data": None})


def verdict(body: Body, passed: str) -> bool | None:
    """Whether it went well: a notebook is ready, a job or a workflow has ended; None while nobody knows."""
    status = body.get("status") or {}
    ended = {each.get("type", "") for each in status.get("conditions") or () if each.get("status") == "True"}
    ended |= {status.get("phase", ""), status.get("state", "")}
    if ended & {"Failed", "Error"}:
        return False
    if passed:
        return True if passed in ended else None
    if status.get("readyReplicas"):
        return True
    return True if ended & {"Succeeded", "Complete"} else None


def said(body: Body) -> str:
    """Why it failed, in its own words."""
    status = body.get("status") or {}
    conditions = status.get("conditions") or ()
    told = [each for each in conditions if (each.get("type"), each.get("status")) == ("Failed", "True")]
    return str((told[0] if told else status).get("message") or "")


def _allocatable(node: Body) -> Any:
    return (node.get("status") or {}).get("allocatable")


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, values): _filled(child, values) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, values) for child in value]
    if isinstance(value, str) and value.startswith("$"):
        return values.get(value[1:], value)
    return value
