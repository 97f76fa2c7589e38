"""Webhook configurations and aggregated APIs."""

from collections.abc import Iterator

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import Cause, required, wrong
from kfinstall.sandbox.validation.rules import given, one_of


def configuration(body: Body, _old: Body | None) -> Iterator[Cause]:
    for n, webhook in enumerate(body.get("webhooks") or ()):
        yield from _webhook(webhook, f"webhooks[{n}]")


def _webhook(webhook: Body, path: str) -> Iterator[Cause]:
    name, client = str(webhook.get("name") or ""), webhook.get("clientConfig") or {}
    yield from given(
        f"{path}.admissionReviewVersions",
        webhook.get("admissionReviewVersions"),
        "must specify one of v1, v1beta1",
    )
    if not name:
        yield required(f"{path}.name")
    elif name.count(".") < 2:
        yield wrong(f"{path}.name", name, "should be a domain with at least three segments separated by dots")
    yield from one_of(f"{path}.failurePolicy", webhook.get("failurePolicy"), ("Fail", "Ignore"))
    yield from one_of(f"{path}.matchPolicy", webhook.get("matchPolicy"), ("Equivalent", "Exact"))
    if webhook.get("sideEffects") is None:
        yield required(f"{path}.sideEffects", "must specify one of None, NoneOnDryRun")
    yield from one_of(f"{path}.sideEffects", webhook.get("sideEffects"), ("None", "NoneOnDryRun"))
    seconds = webhook.get("timeoutSeconds", 10)
    if not 0 < seconds <= 30:
        yield wrong(f"{path}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds")
    if bool(client.get("url")) == bool(client.get("service")):
        yield required(f"{path}.clientConfig", "exactly one of url or service is required")


def api_service(body: Body, _old: Body | None) -> Iterator[Cause]:
    spec, name = body.get("spec") or {}, body["metadata"].get("name")
    wanted = f"{spec.get('version', '')}.{spec.get('group', '')}"
    if name != wanted:
        yield wrong("metadata.name", name, f'must be `spec.version+"."+spec.group`: "{wanted}"')
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        if not 0 < spec.get(field, 0) <= most:
            yield wrong(f"spec.{field}", spec.get(field, 0), f"must be positive and less than {most}")
