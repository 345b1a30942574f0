"""Writes the JSON schema that editors use for ``Pulumi.<stack>.yaml``, and the guide: ``python -m stacks.schema``.

The schema says what each key means and takes. What depends on two values is judged by the program alone.

Source: CFG-1, CFG-8.
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from stacks import guide
from stacks.settings import Settings
from stacks.settings.reference_tables import (
    aws_endpoint_services,
    aws_instance_types,
    aws_regions,
    azure_locations,
    azure_vm_sizes,
    database_classes,
    kubernetes_versions,
    postgres_versions,
)

PROJECT = "biz-automation"
FILE = Path(__file__).parent.parent / "docs" / "schema" / "stack.schema.json"


class _Untitled(GenerateJsonSchema):
    """Keys are their own titles."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def stack_schema() -> dict[str, Any]:
    """The schema of one stack file, JSON schema 2020-12."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Untitled)
    definitions: dict[str, Any] = schema.pop("$defs")
    _suggest(definitions)
    properties: dict[str, Any] = schema["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stack of the project {PROJECT}",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            "config": {
                "type": "object",
                "required": [f"{PROJECT}:{key}" for key in schema["required"]],
                "properties": {f"{PROJECT}:{key}": value for key, value in properties.items()},
                "patternProperties": {f"^(?!{PROJECT}:)": {"description": "A key of another project or provider."}},
                "additionalProperties": False,
            },
            "environment": {"description": "Environments that the stack imports."},
            "secretsprovider": {"type": "string", "description": "What encrypts the stack's secrets."},
            "encryptedkey": {"type": "string", "description": "Written by Pulumi."},
            "encryptionsalt": {"type": "string", "description": "Written by Pulumi."},
        },
        "$defs": definitions,
    }


def _suggest(definitions: dict[str, Any]) -> None:
    """Puts the tables of what a cloud offers in as examples, which editors complete."""
    suggestions = {
        ("CloudSettings", "region"): [*aws_regions(), *azure_locations()],
        ("KubernetesSettings", "version"): kubernetes_versions("eks"),
        ("NodePoolSettings", "instanceType"): [*aws_instance_types(), *azure_vm_sizes()],
        ("DatabaseSettings", "instanceClass"): [*database_classes("aws"), *database_classes("azure")],
        ("DatabaseSettings", "version"): postgres_versions(),
    }
    for (model, key), table in suggestions.items():
        definitions[model]["properties"][key]["examples"] = list(table)
    definitions["NetworkSettings"]["properties"]["interfaceEndpoints"]["items"]["examples"] = aws_endpoint_services()


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(stack_schema(), indent=2) + "\n"


if __name__ == "__main__":
    for file, content in ((FILE, text()), (guide.FILE, guide.text())):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
