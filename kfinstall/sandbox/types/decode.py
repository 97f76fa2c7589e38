"""Reading an object of a built-in kind as Go reads it into its type, and writes it out again.

Unknown fields fall away, values of a wrong type are refused, quantities become canonical, and what `omitempty` leaves
out is left out.
"""

import re
import string
from dataclasses import dataclass, field
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.facts.objects.quantities import canonical
from kfinstall.sandbox.server import go_json
from kfinstall.sandbox.types.schema import Schema

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
        "leaseDurationSeconds",
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
ZERO_VALUES = {"string": "", "boolean": False, "integer": 0, "number": 0, "array": []}
_PYTHON_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict}
GO_TYPES = {"string": "string", "boolean": "bool", "number": "float64"}


class Undecodable(Exception):
    """A value that is not of its type, in the words of Go's decoders."""


class _Mistyped(Exception):
    """The same, on its way out of the structs that it is in: fields and struct are as encoding/json names them."""

    def __init__(self, value: Any, schema: Schema) -> None:
        super().__init__()
        self._kind, self._wanted = go_json.KINDS[type(value)], _go_type(schema)
        self._fields: list[str] = []
        self._struct: str | None = None

    def inside(self, field_name: str, schema: Schema) -> None:
        """Note the struct and the field that it comes out of; lists and maps do not count."""
        self._fields.insert(0, field_name)
        if self._struct is None:
            self._struct = schema.name.rpartition(".")[2]

    def why(self, kind: str) -> str:
        """kind: of the object, whose own struct has no other name."""
        field_name = f"{self._struct or kind}.{'.'.join(self._fields)}"
        return f"json: cannot unmarshal {self._kind} into Go struct field {field_name} of type {self._wanted}"


@dataclass(slots=True)
class Decoder:
    """Decodes objects of one kind. unknown: paths of fields that were dropped.

    zero: whether it is the zero value of the type that is wanted, nulls included.
    """

    kind: str = ""
    unknown: list[str] = field(default_factory=list)
    zero: bool = False

    def decode(self, body: Body, schema: Schema) -> Body:
        """A new body. Raises Undecodable."""
        return {"apiVersion": body["apiVersion"], "kind": body["kind"], **self.part(body, schema)}

    def part(self, value: Body, schema: Schema, path: str = "", kind: str = "") -> Body:
        """A new one of a struct within an object; kind: the name of the struct. Raises Undecodable."""
        try:
            return self._struct(value, schema, path)
        except _Mistyped as error:
            raise Undecodable(error.why(kind or self.kind)) from None

    def _struct(self, value: Body, schema: Schema, path: str) -> Body:
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
            try:
                decoded = self._value(child, known, here)
            except _Mistyped as error:
                error.inside(name, schema)
                raise
            if not _is_left_out(name, decoded, known) or name in required:
                kept[name] = decoded
        for name, known in schema.properties.items():
            if name not in kept and known.default == {} and known.properties:
                kept[name] = self._struct({}, known, path)
        if self.zero:  # a zero value is written with the nulls of its lists
            kept |= {name: None for name in required if name not in kept and schema.properties[name].type == "array"}
        return kept

    def _value(self, value: Any, schema: Schema, path: str) -> Any:
        if schema.is_quantity:
            return _quantity(value)
        if schema.is_int_or_string or (not schema.type and not schema.properties):
            return value
        if value is None:  # an item of a list
            return ZERO_VALUES[schema.type] if schema.type in ZERO_VALUES else self._value({}, schema, path)
        if not _has_type(value, schema):
            raise _Mistyped(value, schema)
        if isinstance(value, list):
            return [self._value(item, schema.items, f"{path}[{n}]") for n, item in enumerate(value)]
        if schema.source.get("format") == "byte":
            _check_base64(value)
        if not isinstance(value, dict):
            return value
        return self._struct(value, schema, path) if schema.properties else self._map(value, schema, path)

    def _map(self, value: Body, schema: Schema, path: str) -> Body:
        values = schema.values
        if values is None or schema.free:
            return value
        return {
            name: "" if child is None else self._value(child, values, f"{path}.{name}")
            for name, child in value.items()
            if child is not None or values.type == "string"  # the zero value of Go's map
        }


def _has_type(value: Any, schema: Schema) -> bool:
    match schema.type:
        case "integer" | "number":
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return is_number and (schema.type == "number" or float(value).is_integer())
        case "string" | "boolean" | "array" | "object":
            return isinstance(value, _PYTHON_TYPES[schema.type])
    return True


def _quantity(value: Any) -> str:
    try:
        return canonical(value)
    except (ValueError, ArithmeticError, TypeError):
        expression = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
        raise Undecodable(f"quantities must match the regular expression '{expression}'") from None


def _check_base64(text: str) -> None:
    plain = text.replace("\r", "").replace("\n", "")
    if _BASE64.fullmatch(plain):
        return
    place = len(plain) - len(plain.lstrip(_BASE64_LETTERS))
    if place == len(plain):
        place -= place % 4
    raise Undecodable(f"illegal base64 data at input byte {place}")


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
