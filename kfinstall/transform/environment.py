"""The environment of a workload's containers."""

from collections.abc import Mapping

from kfinstall.contracts.manifest import Body, Manifest

Variable = str | Mapping[str, object]
"""What a variable is: its value, or where that comes from (valueFrom)."""


def with_variables(manifest: Manifest, variables: Mapping[str, Variable]) -> Manifest:
    """A workload with these variables in every container, in place of those of the same names."""
    spec = manifest.body["spec"]
    pod = spec["template"]["spec"]
    containers = [with_environment(each, variables) for each in pod["containers"]]
    template = {**spec["template"], "spec": {**pod, "containers": containers}}
    return Manifest({**manifest.body, "spec": {**spec, "template": template}}, manifest.application)


def of_secret(name: str, key: str) -> Variable:
    """A value that a Secret holds under a key."""
    return {"secretKeyRef": {"name": name, "key": key}}


def variable(name: str, value: Variable) -> Body:
    """As a container has it."""
    return {"name": name, "value": value} if isinstance(value, str) else {"name": name, "valueFrom": dict(value)}


def with_environment(container: Body, variables: Mapping[str, Variable]) -> Body:
    """A container with these variables in place of those of the same names."""
    kept = [each for each in container.get("env") or () if each["name"] not in variables]
    return {**container, "env": [*kept, *(variable(name, value) for name, value in variables.items())]}
