"""The form that every settings model has."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class SettingsModel(BaseModel):
    """Base of every settings model: immutable, no coercion, no unknown keys, camelCase keys as in Pulumi."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


def absent_if_empty(value: object) -> object:
    """Takes an empty object for none: the engine gives one to every section that a stack file leaves out."""
    return value or None
