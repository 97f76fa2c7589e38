"""A cause's texts, filled in with what the message named."""

import re
from collections.abc import Iterator, Mapping

from kfinstall.contracts.explanation import Explanation, Json, Remedy
from kfinstall.facts.classify.catalogue import Cause
from kfinstall.facts.cluster.rights import applied, granted
from kfinstall.words import _

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LONGEST_VALUE = 200


def explained(cause: Cause, parameters: Mapping[str, Json], confidence: float, others: tuple[str, ...]) -> Explanation:
    """The cause in the user's language, about this case."""
    unsaid = unsaid_words()
    return Explanation(
        cause=cause.id,
        title=_(cause.title),
        area=cause.area,
        parameters=dict(parameters),
        summary=_filled(_(cause.summary), parameters, unsaid),
        remedy=Remedy(
            _filled(_(cause.remedy.text), parameters, unsaid),
            (*(_filled(command, parameters, {}) for command in cause.remedy.commands), *_grants(parameters)),
        ),
        docs=cause.docs,
        confidence=confidence,
        alternatives=others,
        failure=cause.failure,
    )


def _grants(parameters: Mapping[str, Json]) -> Iterator[str]:
    """Where rights are missing that the message lists: the command that grants exactly these."""
    missing, user = parameters.get("rules"), parameters.get("user")
    if isinstance(missing, list) and user:
        yield applied(granted("kfinstall", str(user), [rule for rule in missing if isinstance(rule, dict)]))


def _filled(template: str, parameters: Mapping[str, Json], unsaid: Mapping[str, str]) -> str:
    """The template with each {name} replaced; a name that the message did not say becomes words, or capitals."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if parameters.get(name) not in (None, "", [], {}):
            return _plain(parameters[name])
        return unsaid.get(name, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper())

    filled = _PLACEHOLDER.sub(value, template)
    first = _PLACEHOLDER.match(template)
    words_first = first and first[1] in unsaid and not parameters.get(first[1])
    return filled[:1].upper() + filled[1:] if words_first else filled


def _plain(value: Json) -> str:
    if isinstance(value, list):
        text = ", ".join(map(_plain, value))
    elif isinstance(value, dict):
        text = ", ".join(f"{name}={_plain(item)}" for name, item in value.items())
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def unsaid_words() -> dict[str, str]:
    """How a sentence speaks of what the message did not name."""
    return {
        "apiGroup": _("its API group"),
        "apiVersion": _("that API version"),
        "claim": _("the claim"),
        "container": _("the container"),
        "context": _("the context"),
        "count": _("some"),
        "driver": _("the driver"),
        "field": _("a field"),
        "gates": _("its scheduling gates"),
        "group": _("an API group"),
        "host": _("the host"),
        "image": _("the image"),
        "key": _("the key"),
        "kind": _("the kind"),
        "limit": _("its limit"),
        "manager": _("another field manager"),
        "name": _("the object"),
        "namespace": _("the namespace"),
        "node": _("the node"),
        "nodes": _("the"),
        "path": _("the path"),
        "platform": _("the node's platform"),
        "plugin": _("the plugin"),
        "pod": _("the pod"),
        "policy": _("the policy"),
        "port": _("the port"),
        "project": _("the project"),
        "provisioner": _("its provisioner"),
        "quota": _("the quota"),
        "reason": _("for a reason that it does not give"),
        "region": _("the region"),
        "registry": _("the registry"),
        "removed": _("an earlier release"),
        "repository": _("the repository"),
        "resource": _("the resource"),
        "secret": _("the Secret"),
        "service": _("its Service"),
        "serviceAccount": _("the service account"),
        "size": _("the size"),
        "storageClass": _("the storage class"),
        "successor": _("its successor"),
        "tag": _("the tag"),
        "taint": _("a taint"),
        "user": _("the user"),
        "verb": _("use"),
        "version": _("the version"),
        "volume": _("the volume"),
        "webhook": _("the webhook"),
    }
