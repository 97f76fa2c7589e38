"""Refusals as Kubernetes words them: HTTP code, reason, message and details of a Status object.

The texts are those of k8s.io/apimachinery/pkg/api/errors/errors.go and of util/validation/field/errors.go.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kfinstall.contracts.manifest import Body


class StatusError(Exception):
    """A request is refused. code: of HTTP. details: of the Status, or None for none. retry_after: seconds, or None.

    token: with which a list goes on.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Body | None = None,
        *,
        retry_after: int | None = None,
        token: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after
        self.token = token

    def body(self) -> Body:
        """The Status object."""
        body: Body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.token} if self.token else {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if not self.reason:
            del body["reason"]
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": int(self.code)}


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object. reason: FieldValueInvalid, FieldValueRequired, …; field: its path."""

    reason: str
    field: str
    message: str

    @property
    def text(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


def named(group: str, plural: str, name: str) -> Body:
    """The details that name an object; empty members are left out, as Go's omitempty does."""
    return {key: value for key, value in {"name": name, "group": group, "kind": plural}.items() if value}


def qualified(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


def not_found(group: str, plural: str, name: str) -> StatusError:
    message = f'{qualified(group, plural)} "{name}" not found'
    return StatusError(HTTPStatus.NOT_FOUND, "NotFound", message, named(group, plural, name))


def no_such_page() -> StatusError:
    """For a path that nobody serves: without a body that names an object."""
    return StatusError(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, plural: str, name: str) -> StatusError:
    message = f'{qualified(group, plural)} "{name}" already exists'
    return StatusError(HTTPStatus.CONFLICT, "AlreadyExists", message, named(group, plural, name))


def conflict(group: str, plural: str, name: str, why: str) -> StatusError:
    message = f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {why}'
    return StatusError(HTTPStatus.CONFLICT, "Conflict", message, named(group, plural, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(group: str, plural: str, name: str, why: str, causes: Sequence[Cause] = ()) -> StatusError:
    subject = f'{qualified(group, plural)} "{name}"' if name else qualified(group, plural)
    details = named(group, plural, name)
    if causes:
        details["causes"] = [_cause(cause) for cause in causes]
    text = f"{subject} is forbidden: {why}" if plural else f"forbidden: {why}"
    return StatusError(HTTPStatus.FORBIDDEN, "Forbidden", text, details)


def bad_request(message: str) -> StatusError:
    return StatusError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def method_not_allowed() -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, {})


def verb_not_supported(group: str, plural: str, verb: str) -> StatusError:
    message = f'{verb} is not supported on resources of kind "{qualified(group, plural)}"'
    return StatusError(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, named(group, plural, ""))


def not_acceptable() -> StatusError:
    kinds = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    message = f"406: Not Acceptable\n\nAvailable representations: {kinds}"
    return StatusError(HTTPStatus.NOT_ACCEPTABLE, "NotAcceptable", message, {})


def unsupported_media_type(accepted: Sequence[str]) -> StatusError:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return StatusError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)


def expired(message: str, token: str = "") -> StatusError:
    """token: of the page at which the client may go on."""
    return StatusError(HTTPStatus.GONE, "Expired", message, token=token)


def unauthorized() -> StatusError:
    return StatusError(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")


def internal(message: str) -> StatusError:
    return StatusError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "InternalError",
        f"Internal error occurred: {message}",
        {"causes": [{"message": message}]},
    )


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> StatusError:
    """422 with every cause; several are listed in brackets (utilerrors.Aggregate)."""
    texts = list(dict.fromkeys(cause.text for cause in causes))
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = {**named(group, kind, name), "causes": [_cause(cause) for cause in causes]}
    subject = f"{kind}.{group}" if group else kind
    return StatusError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", f'{subject} "{name}" is invalid: {text}', details)


def _cause(cause: Cause) -> Body:
    return {key: value for key, value in _cause_fields(cause).items() if value}


def _cause_fields(cause: Cause) -> Body:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", field, "Required value" + (f": {why}" if why else ""))


def wrong(field: str, value: Any, why: str) -> Cause:
    """An invalid value; value as Go prints it in errors."""
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {why}")


def not_allowed(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", field, f"Forbidden: {why}")


def not_supported(field: str, value: Any, known: Sequence[str]) -> Cause:
    listed = ", ".join(f'"{entry}"' for entry in known)
    return Cause("FieldValueNotSupported", field, f"Unsupported value: {shown(value)}: supported values: {listed}")


def shown(value: Any) -> str:
    """A value as field.Error prints it: strings quoted, numbers plain, the rest as JSON."""

    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
