"""Reading an object of a built-in kind as Go reads it into its type, and writes it out again.

Unknown fields fall away, values of a wrong type are refused, quantities become canonical, and what `omitempty` leaves
out is left out.
"""

import re
import string
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.quantities import canonical
from kfinstall.sandbox.schema import Schema
from kfinstall.sandbox.status import bad_request

POINTERS = frozenset(
    {
        "replicas",
        "partition",
        "minAvailable",
        "maxUnavailable",
        "maxSurge",
        "terminationGracePeriodSeconds",
        "runAsUser",
        "runAsGroup",
        "fsGroup",
        "backoffLimit",
        "completions",
        "parallelism",
        "activeDeadlineSeconds",
        "ttlSecondsAfterFinished",
        "revisionHistoryLimit",
        "defaultMode",
        "mode",
        "priority",
        "minReplicas",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "multipleOf",
        "deletionGracePeriodSeconds",
        "averageUtilization",
        "stabilizationWindowSeconds",
        "tolerationSeconds",
        "weight",
        "storageClassName",
        "containerPort",
        "port",
        "targetPort",
        "expirationSeconds",
        "progressDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
        "startingDeadlineSeconds",
        "ordinal",
        "serviceName",
        "uncountedTerminatedPods",
        "leaseTransitions",
        "ready",
        "terminating",
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
        "terminatingReplicas",
        "availableReplicas",
        "collisionCount",
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberMisscheduled",
        "numberReady",
        "restartCount",
        "exitCode",
        "imageID",
    }
)
"""Numbers and texts that Go keeps when they are 0 or "": pointers, and fields without omitempty."""

PLAIN_BOOLS = frozenset(
    {
        "readOnly",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "stdin",
        "stdinOnce",
        "tty",
        "publishNotReadyAddresses",
        "unschedulable",
        "paused",
        "insecureSkipTLSVerify",
        "globalDefault",
        "block",
        "deprecated",
        "kernelMemory",
        "isCA",
        "preserveUnknownFields",
    }
)
"""Booleans that Go leaves out when they are false; the others are pointers or always written."""

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64_LETTERS = f"{string.ascii_letters}{string.digits}+/"
JSON_TYPES = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
ZERO_VALUES = {"string": "", "boolean": False, "integer": 0, "number": 0, "array": []}
GO_TYPES = {"string": "string", "boolean": "bool", "number": "float64"}


@dataclass(slots=True)
class Decoder:
    """Decodes one object. kind and version: as errors name them. unknown: paths of fields that were dropped.

    zero: whether it is the zero value of the type that is wanted, nulls included.
    """

    kind: str
    version: str
    unknown: list[str] = field(default_factory=list)
    zero: bool = False

    def decode(self, body: Body, schema: Schema) -> Body:
        """A new body. Raises StatusError 400 for a value of a wrong type."""
        found: Body = self.struct(body, schema, "")
        return {"apiVersion": body["apiVersion"], "kind": body["kind"], **found}

    def struct(self, value: Body, schema: Schema, path: str) -> Body:
        """The fields of a part of it that the schema knows."""
        kept = {}
        required = schema.source.get("required") or ()
        for name, child in value.items():
            known = schema.properties.get(name)
            here = f"{path}.{name}" if path else name
            if known is None:
                self.unknown.append(here)
                continue
            if child is None:
                continue
            decoded = self._value(child, known, here, schema)
            if not _is_left_out(name, decoded, known) or name in required:
                kept[name] = decoded
        for name, known in schema.properties.items():
            if name not in kept and known.default == {} and known.properties:
                kept[name] = self.struct({}, known, path)
        if self.zero:  # a zero value is written with the nulls of its lists
            kept |= {name: None for name in required if name not in kept and schema.properties[name].type == "array"}
        return kept

    def _value(self, value: Any, schema: Schema, path: str, parent: Schema) -> Any:
        if schema.is_quantity:
            return self._quantity(value)
        if schema.is_int_or_string or (not schema.type and not schema.properties):
            return value
        if value is None:  # an item of a list
            return ZERO_VALUES[schema.type] if schema.type in ZERO_VALUES else self._value({}, schema, path, parent)
        self._check(value, schema, path, parent)
        if isinstance(value, list):
            return [self._value(item, schema.items, f"{path}[{n}]", schema) for n, item in enumerate(value)]
        if schema.source.get("format") == "byte":
            self._check_base64(value)
        if not isinstance(value, dict):
            return value
        if schema.properties:
            return self.struct(value, schema, path)
        values = schema.values
        if values is None or schema.free:
            return value
        return {
            name: "" if child is None else self._value(child, values, f"{path}.{name}", schema)
            for name, child in value.items()
            if child is not None or values.type == "string"  # the zero value of Go's map
        }

    def _quantity(self, value: Any) -> str:
        try:
            return canonical(value)
        except (ValueError, ArithmeticError, TypeError):
            raise self._refusal(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            ) from None

    def _check(self, value: Any, schema: Schema, path: str, parent: Schema) -> None:
        wanted = {"string": str, "boolean": bool, "array": list, "object": dict}.get(schema.type)
        if schema.type in {"integer", "number"}:
            fine = isinstance(value, (int, float)) and not isinstance(value, bool)
            fine = fine and (schema.type == "number" or float(value).is_integer())
        else:
            fine = wanted is None or isinstance(value, wanted)
        if not fine:
            struct = parent.name.rpartition(".")[2] or self.kind
            raise self._refusal(
                f"json: cannot unmarshal {JSON_TYPES[type(value)]} into Go struct field {struct}.{_plain(path)} "
                f"of type {_go_type(schema)}"
            )

    def _check_base64(self, text: str) -> None:
        plain = text.replace("\r", "").replace("\n", "")
        if _BASE64.fullmatch(plain):
            return
        place = len(plain) - len(plain.lstrip(_BASE64_LETTERS))
        if place == len(plain):
            place -= place % 4
        raise self._refusal(f"illegal base64 data at input byte {place}")

    def _refusal(self, why: str) -> Exception:
        return bad_request(f'{self.kind} in version "{self.version}" cannot be handled as a {self.kind}: {why}')


def _plain(path: str) -> str:
    """As encoding/json names a field: without the places of items."""
    return "".join(part.partition("]")[2] if n else part for n, part in enumerate(path.split("[")))


def _go_type(schema: Schema) -> str:
    if schema.type == "integer":
        return str(schema.source.get("format") or "int64")
    if schema.type == "array":
        return "[]" + (_go_type(schema.items) if schema.items.type else "interface {}")
    if schema.type == "object" and schema.properties:
        package = schema.name.split(".")
        return f"{package[-2]}.{package[-1]}" if len(package) > 1 else "struct"
    if schema.type == "object":
        return f"map[string]{_go_type(schema.values) if schema.values else 'interface {}'}"
    return GO_TYPES.get(schema.type, "interface {}")


def _is_left_out(name: str, value: Any, schema: Schema) -> bool:
    """Whether Go's omitempty leaves the value out."""
    if value == [] or (value == {} and not schema.properties and schema.source.get("additionalProperties")):
        return True
    if value is False:
        return name in PLAIN_BOOLS
    if value == "" and isinstance(schema.default, str):
        return True  # which the default then replaces
    if isinstance(value, (dict, list, bool)) or value or not schema.type:
        return False
    return schema.default is None and name not in POINTERS and not schema.is_int_or_string
