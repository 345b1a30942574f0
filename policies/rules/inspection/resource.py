"""The resource under judgement, readable even where its values are unknown at preview.

pulumi_policy raises when an unknown value is read, and the analyser then turns the whole rule into an advisory note: a
mandatory rule would pass unseen. Here an unknown value is a value like any other, and each rule decides what it means.
"""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import ResourceValidationArgs
from pulumi_policy.deserialize import serialize_properties
from pulumi_policy.proxy import (
    UNKNOWN_ARCHIVE_VALUE,
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_ASSET_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
    UnknownValueError,
)

_UNKNOWN = frozenset(
    {
        UNKNOWN_ARCHIVE_VALUE,
        UNKNOWN_ARRAY_VALUE,
        UNKNOWN_ASSET_VALUE,
        UNKNOWN_BOOLEAN_VALUE,
        UNKNOWN_NUMBER_VALUE,
        UNKNOWN_OBJECT_VALUE,
        UNKNOWN_STRING_VALUE,
    }
)


def is_unknown(value: object) -> bool:
    """Whether the value will be known only when the stack is deployed."""
    return isinstance(value, str) and value in _UNKNOWN


def shown(value: object) -> str:
    """A value as its author wrote it: every number reaches a policy as a float."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class Resource:
    """A resource's type, name and inputs, and the configuration of the policy that judges it."""

    def __init__(self, args: ResourceValidationArgs) -> None:
        self.type: str = args.resource_type
        self.name: str = args.name
        self.settings: Mapping[str, Any] = args.get_config()
        self._properties: Mapping[str, Any] = args.props

    def __str__(self) -> str:
        return f'{self.type} "{self.name}"'

    def property(self, key: str) -> Any:
        """One input as plain data: dict, list, str, number, bool or None; unknown parts as `is_unknown` values."""
        try:
            value = self._properties[key]
        except KeyError:
            return None
        except UnknownValueError as error:
            return error.unknown_type_sentinel
        return serialize_properties({key: value})[key]

    def properties(self) -> dict[str, Any]:
        """All inputs as plain data."""
        return {key: self.property(key) for key in self._properties}
