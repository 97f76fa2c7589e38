"""The JSON Schema is draft 7, says what the loader accepts, and the file of it is current."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from kfinstall.model.install import PlatformOptions
from kfinstall.model.schema import schema
from platforms.existing import ExistingOptions

ROOT = Path(__file__).parents[3]
FILE = ROOT / "configs" / "schema" / "v1alpha1.json"
PROGRAM = """\
import sys
from kfinstall.model.schema import schema, schema_text
from kfinstall.registry import built_in
sys.stdout.buffer.write(schema_text(schema(built_in().options)).encode())
"""

LATER_THAN_DRAFT_7 = {
    "$defs", "prefixItems", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems",
    "minContains", "maxContains", "$anchor", "$dynamicRef", "discriminator",
}  # fmt: skip


class OtherOptions(PlatformOptions):
    type: Literal["other"]


def keywords(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from keywords(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keywords(inner)


def test_the_file_is_current() -> None:
    english = {**os.environ, "LANGUAGE": "", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=english, capture_output=True, check=True, cwd=ROOT)
    hint = f"regenerate {FILE.relative_to(ROOT)} with: python -c '{PROGRAM}' > {FILE.relative_to(ROOT)}"
    assert FILE.read_bytes() == done.stdout, hint


def test_the_schema_is_draft_7() -> None:
    made = schema({"existing": ExistingOptions, "other": OtherOptions})
    assert made["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert not LATER_THAN_DRAFT_7 & set(keywords(made))


def test_a_platform_is_one_of_those_installed() -> None:
    one = schema({"existing": ExistingOptions})["properties"]["platform"]
    two = schema({"existing": ExistingOptions, "other": OtherOptions})["properties"]["platform"]
    assert one["oneOf"] == [{"$ref": "#/definitions/ExistingOptions"}]
    assert two["oneOf"] == [{"$ref": "#/definitions/ExistingOptions"}, {"$ref": "#/definitions/OtherOptions"}]
    assert schema({"other": OtherOptions})["definitions"]["OtherOptions"]["required"] == ["type"]


def test_every_key_has_a_title_a_description_and_its_default() -> None:
    made: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    models = [made, *made["definitions"].values()]
    for model in models:
        assert model["additionalProperties"] is False
        for key, value in model["properties"].items():
            reference = "$ref" in value or "allOf" in value
            assert reference or {"title", "description"} <= set(value), key
    assert made["definitions"]["Kubeflow"]["properties"]["preset"]["default"] == "kubeflow-26.03"
    assert made["definitions"]["Wait"]["properties"]["timeout"]["default"] == "30m"
