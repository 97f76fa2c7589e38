"""The objects that the benchmark applies: those of a real Kubeflow where they are at hand, else of its shape."""

import tempfile
from pathlib import Path
from typing import Any

from kfinstall.kfdef import document as kfdefs
from kfinstall.kfdef import presets
from kfinstall.render.renderer import RenderOptions, render

ARCHIVE = Path(__file__).parents[3] / "shared" / "real" / "manifests" / "manifests-v1.10.2.tar.gz"
URL = "https://github.com/kubeflow/manifests/archive/v1.10.2.tar.gz"
WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def objects(cache: Path | None = None) -> tuple[list[dict[str, Any]], str]:
    """The objects, and what they are of. Webhook configurations are left out: no pod could serve them.

    cache: where what is rendered is kept; nowhere, unless it is given.
    """
    if not ARCHIVE.exists():
        return list(_made()), "a made-up release of Kubeflow's shape"
    preset = kfdefs.load(presets.read("kubeflow-1.10"), default_name="kubeflow")
    with tempfile.TemporaryDirectory() as nowhere:
        options = RenderOptions(cache=cache or Path(nowhere), sources={URL: str(ARCHIVE)})
        manifests = render(preset, options).manifests
    return [manifest.body for manifest in manifests if manifest.kind not in WEBHOOKS], "Kubeflow 1.10.2"


def _made() -> list[dict[str, Any]]:
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns-{n}"}} for n in range(6)]
    return [*namespaces, *(_definition(n) for n in range(70)), *(_configuration(n) for n in range(510))]


def _configuration(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"settings-{number}", "namespace": f"ns-{number % 6}"},
        "data": {f"key-{n}": "value " * 20 for n in range(10)},
    }


def _definition(number: int) -> dict[str, Any]:
    fields = {f"field{n}": {"type": "string", "description": "What it is for. " * 10} for n in range(300)}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}
        },
    }
    names = {"kind": f"Thing{number}", "plural": f"thing{number}s", "singular": f"thing{number}"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"thing{number}s.bench.example.com"},
        "spec": {"group": "bench.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }
