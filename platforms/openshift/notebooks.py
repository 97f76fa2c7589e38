"""Notebooks on OpenShift."""

from kfinstall.contracts.manifest import Manifest

CONTROLLER = ("Deployment", "notebook-controller-deployment")
NO_GROUP = {"name": "ADD_FSGROUP", "value": "false"}
"""Otherwise the controller gives every notebook fsGroup 100, which restricted-v2 does not admit.

https://github.com/kubeflow/notebooks, notebook-controller: controllers/notebook_controller.go
"""


def without_group(manifest: Manifest) -> Manifest:
    """The notebook controller, so that OpenShift chooses the group of the notebooks' volumes; others as they are."""
    if (manifest.kind, manifest.name) != CONTROLLER:
        return manifest
    spec = manifest.body["spec"]
    pod = spec["template"]["spec"]
    first, *others = pod["containers"]
    variables = [each for each in first.get("env") or () if each["name"] != NO_GROUP["name"]]
    containers = [{**first, "env": [*variables, NO_GROUP]}, *others]
    template = {**spec["template"], "spec": {**pod, "containers": containers}}
    return Manifest({**manifest.body, "spec": {**spec, "template": template}}, manifest.application)
