"""What Pipelines' profile controller makes in the namespace of each profile: the launcher's configuration and keys.

Its hook is a Python program in a ConfigMap, which knows the release's own store only (kubeflow/pipelines,
manifests/kustomize/base/installs/multi-user/pipelines-profile-controller/sync.py). configs/objectstore/external.py is
put beside it, and started in its place.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.transform.environment import Variable, with_variables
from kfinstall.words import _

CONTROLLER = "kubeflow-pipelines-profile-controller"
PROGRAM, SETTINGS = "external.py", "external.json"
FOLDER = "/hooks"
ROOT = "private-artifacts/{namespace}/v2/artifacts"
"""Where the artifacts of a profile are in a bucket, as in the releases from 1.11 on, so that policies can part them."""


@dataclass(frozen=True, slots=True)
class ArtifactHook:
    """What the hook puts into the namespace of a profile.

    launcher: data of ConfigMap kfp-launcher. secrets: Secret -> key -> variable of the hook that holds the value.
    variables: these variables. repository: of Argo's logs, "s3" as the workflow controller has it; {} to leave it.
    server: more variables for the artifact server. volume, mount: of it and its containers; {} for none.
    """

    launcher: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    repository: Mapping[str, object] = field(default_factory=dict)
    server: Sequence[Body] = ()
    volume: Body = field(default_factory=dict)
    mount: Body = field(default_factory=dict)

    @property
    def settings(self) -> str:
        """As the program reads them."""
        names = ("launcher", "secrets", "repository", "server", "volume", "mount")
        return json.dumps({name: getattr(self, name) for name in names}, indent=2, default=dict)


def with_hook(manifests: Sequence[Manifest], hook: ArtifactHook) -> list[Manifest]:
    """The manifests, with the profile controller's hook adapted. Raises PlanRefused when the release has none."""
    controller = next((each for each in manifests if each.kind == "Deployment" and each.name == CONTROLLER), None)
    code = _code(controller) if controller else ""
    if controller is None or not code:
        raise PlanRefused(
            _("objectStore names a store elsewhere, and the Pipelines of this release cannot be told of it."),
            why=_("It has no Deployment {name} that runs a program of a ConfigMap.").format(name=CONTROLLER),
            fix=_("Take a current release (kubeflow.preset: kubeflow-26.03), or leave objectStore out."),
        )
    program = files("configs").joinpath("objectstore", PROGRAM).read_text(encoding="utf-8")
    added = {PROGRAM: program, SETTINGS: hook.settings}

    def changed(each: Manifest) -> Manifest:
        if each is controller:
            return _started(each, hook)
        if each.kind == "ConfigMap" and each.name == code and each.namespace == controller.namespace:
            return Manifest({**each.body, "data": {**each.body["data"], **added}}, each.application)
        return each

    return [changed(each) for each in manifests]


def _code(controller: Manifest) -> str:
    """The ConfigMap that is mounted where the program is; its name ends in a digest."""
    pod = controller.body["spec"]["template"]["spec"]
    mounts = [mount for each in pod["containers"] for mount in each.get("volumeMounts") or ()]
    mounted = {mount["name"] for mount in mounts if mount["mountPath"] == FOLDER}
    names = [each["configMap"]["name"] for each in pod.get("volumes") or () if each["name"] in mounted]
    return str(names[0]) if names else ""


def _started(controller: Manifest, hook: ArtifactHook) -> Manifest:
    told = with_variables(controller, hook.variables)
    spec = told.body["spec"]
    pod = spec["template"]["spec"]
    containers = [{**each, "command": ["python", f"{FOLDER}/{PROGRAM}"]} for each in pod["containers"]]
    template = {**spec["template"], "spec": {**pod, "containers": containers}}
    return Manifest({**told.body, "spec": {**spec, "template": template}}, told.application)
