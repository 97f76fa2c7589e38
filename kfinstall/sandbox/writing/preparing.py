"""Making a body the server's own: read into its type, pruned, with the defaults of its kind."""

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.server.status import shown
from kfinstall.sandbox.types import defaults, structural
from kfinstall.sandbox.types.decode import Decoder, Undecodable
from kfinstall.sandbox.writing.write import Write


def prepared(write: Write, body: Body) -> Body:
    """A new body, decoded and with defaults. Raises StatusError."""
    unknown: list[str] = []
    try:
        prepared = _custom(write, body, unknown) if write.kind.custom else _built_in(write, body, unknown)
    except Undecodable as error:
        raise write.undecodable(str(error)) from None
    problems = [f'duplicate field "{path}"' for path in write.doubled]
    problems += [f'unknown field "{path}"' for path in sorted(unknown)]
    if problems and write.checking == "Strict":
        raise write.undecodable(f"strict decoding error: {', '.join(problems)}")
    if write.checking == "Warn":
        write.warnings += problems
    return prepared


def _built_in(write: Write, body: Body, unknown: list[str]) -> Body:
    prepared = Decoder(write.kind.kind, unknown).decode(body, write.version.schema)
    defaults.fill(write.kind.group, write.kind.kind, prepared)
    return prepared


def _custom(write: Write, body: Body, unknown: list[str]) -> Body:
    schema = write.version.schema
    if schema.metadata is None:
        raise AssertionError(write.kind)
    decoder = Decoder(write.kind.kind, unknown)
    prepared = structural.pruned(body, schema, unknown)
    prepared["metadata"] = decoder.part(body.get("metadata") or {}, schema.metadata, "metadata")
    for path, part in structural.embedded(prepared, schema):
        metadata = part.get("metadata") or {}
        try:
            part["metadata"] = decoder.part(metadata, schema.metadata, f"{path}.metadata", "ObjectMeta")
        except Undecodable as error:
            raise Undecodable(
                f"{path}.metadata: Invalid value: {shown(dict(sorted(metadata.items())))}: {error}"
            ) from None
    filled: Body = structural.defaulted(prepared, schema)
    return filled
