"""The schema that editors use, and the types that Pulumi.yaml declares, say what the settings say. Source: CFG-1."""

from typing import Any

import jsonschema
import pytest
import yaml

from stacks import guide, schema
from stacks.settings import Settings
from stacks.settings.fields import allowed
from stacks.settings.problems import is_list, nested_model
from tests.unit.settings.configuration import CHECKOUT, COMMITTED, PROJECT


def content_of(stack: str) -> dict[str, Any]:
    """A committed stack file."""
    return yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))


def complaints(content: dict[str, Any]) -> list[str]:
    """What a validator that knows the schema tells of a stack file."""
    validator = jsonschema.Draft202012Validator(schema.stack_schema())
    return [error.message for error in validator.iter_errors(content)]


def test_the_committed_schema_is_up_to_date() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run: make schema"


def test_the_committed_guide_is_up_to_date_and_names_every_key() -> None:
    written = guide.FILE.read_text(encoding="utf-8")

    assert written == guide.text(), "run: make schema"
    assert all(
        f"| `{key}` |" in written for key in ("profile", "network.cidr", "nodePools[].maxSize", "lake.raw.archiveDays")
    )


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.stack_schema())


@pytest.mark.parametrize("stack", COMMITTED)
def test_the_schema_takes_the_committed_stacks(stack: str) -> None:
    assert complaints(content_of(stack)) == []


@pytest.mark.parametrize("stack", COMMITTED)
def test_the_committed_stacks_point_editors_to_the_schema(stack: str) -> None:
    first = (CHECKOUT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]

    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (CHECKOUT / first.removeprefix(prefix)) == schema.FILE


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("network", "zones", "2"),
        ("network", "zones", 4),
        ("network", "cdir", "10.0.0.0/16"),
        ("cloud", "provider", "gcp"),
        ("kubernetes", "version", 1.35),
        ("organisation", "owner", "Platform Team"),
    ],
)
def test_the_schema_refuses_what_the_settings_refuse(section: str, key: str, value: object) -> None:
    content = content_of("dev")
    content["config"][f"{PROJECT}:{section}"][key] = value

    assert len(complaints(content)) == 1


def test_the_schema_refuses_unknown_sections_and_leaves_other_projects_alone() -> None:
    content = content_of("dev")
    content["config"] |= {f"{PROJECT}:networks": {}, "aws:region": "us-east-1"}

    (complaint,) = complaints(content)
    assert "networks" in complaint


def test_pulumi_yaml_declares_every_section_with_its_type_and_nothing_else() -> None:
    project = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text(encoding="utf-8"))
    types = {
        field.alias: "array" if is_list(field) else "object" if nested_model(field) else "string"
        for field in Settings.model_fields.values()
    }

    assert project["name"] == schema.PROJECT == PROJECT
    assert {key: declared["type"] for key, declared in project["config"].items()} == types
    required = {field.alias for field in Settings.model_fields.values() if field.is_required()}
    assert {key for key, declared in project["config"].items() if "default" not in declared} == required


def test_every_field_says_what_it_is_and_what_it_takes() -> None:
    models = [Settings]
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name} has no docstring"
            assert allowed(field)
            nested = nested_model(field)
            if nested and nested not in models:
                models.append(nested)  # pyright: ignore[reportArgumentType]
    assert len(models) > 10
