"""The JSON Schemas of documents, for editors and CI.

Draft 7, because the YAML language server knows no later one: https://github.com/redhat-developer/yaml-language-server
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from kfinstall.model.install import API_VERSION, PlatformOptions, install_model

DRAFT = "http://json-schema.org/draft-07/schema#"
ADDRESS = "https://kfinstall.io/schema/v1alpha1.json"


def schema(platforms: Mapping[str, type[PlatformOptions]]) -> dict[str, Any]:
    """The schema of the Install document, with these platforms as the choices of `platform`."""
    generated = draft7(install_model(platforms), ADDRESS)
    platform = generated["properties"]["platform"]
    if "oneOf" not in platform:
        # with a single platform pydantic makes no union; a reader of the schema should not see the difference
        reference = platform.pop("allOf", None) or [{"$ref": platform.pop("$ref")}]
        platform["oneOf"] = reference
    generated["required"] = ["apiVersion", "kind", *generated.get("required", [])]
    return generated | {"title": API_VERSION}


def draft7(model: type[BaseModel], address: str) -> dict[str, Any]:
    """The schema of what a model accepts. address: its $id."""
    generated = model.model_json_schema(
        by_alias=True, ref_template="#/definitions/{model}", schema_generator=_Draft7, mode="validation"
    )
    definitions = generated.pop("$defs", {})
    generated["description"] = generated["description"].partition("\n\n")[0]
    return {"$schema": DRAFT, "$id": address, **generated, "definitions": definitions}


def schema_text(schema: Mapping[str, Any]) -> str:
    """A schema as the files in configs/schema have it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Draft7(GenerateJsonSchema):
    """Without what draft 7 does not know: no discriminator, and as keywords beside $ref are ignored there, the $ref
    moves into allOf."""

    def generate(self, schema: Any, mode: Any = "validation") -> dict[str, Any]:
        draft: dict[str, Any] = _with_lone_references(super().generate(schema, mode))
        return draft


def _is_openapi(key: str, value: Any) -> bool:
    return key == "discriminator" and isinstance(value, dict) and "propertyName" in value


def _with_lone_references(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_lone_references(each) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lone_references(each) for key, each in value.items() if not _is_openapi(key, each)}
    if "$ref" in inner and len(inner) > 1:
        inner["allOf"] = [{"$ref": inner.pop("$ref")}]
    return inner
