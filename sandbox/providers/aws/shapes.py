"""Turns property maps of the SDK (camelCase) into requests of the APIs (PascalCase) and back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def pascal(value: Any) -> Any:
    """Upper-case the first letter of every key, at every depth; drop what is None."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: pascal(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def camel(value: Any) -> Any:
    """Lower-case the first letter of every key, at every depth; times become ISO 8601 text."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: camel(member) for key, member in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return moment(value)


def moment(value: Any) -> Any:
    """Give a time as ISO 8601 text; anything else as it is."""
    return value.isoformat() if isinstance(value, datetime) else value


def given(inputs: Mapping[str, Any], names: Mapping[str, str] | Iterable[str]) -> dict[str, Any]:
    """Pick the inputs that are set, under their request names.

    Args:
        inputs: property map.
        names: request name by property name, or property names that differ in the first letter only.
    """
    pairs = names.items() if isinstance(names, Mapping) else [(name, name[:1].upper() + name[1:]) for name in names]
    return {field: inputs[name] for name, field in pairs if inputs.get(name) is not None}
