"""A request to ARM, as the rules see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.azure import paths
from sandbox.providers.azure.cloud import Resources
from sandbox.providers.azure.resource_type import ResourceType
from sandbox.providers.store import Record


@dataclass(frozen=True)
class Request:
    """A creation (``before`` is None), an update, or a deletion (``inputs`` are what there is).

    Attributes:
        kind: row of the resource's type.
        id: ARM id.
        inputs: what is asked for.
        there: everything that exists.
        before: the record that is to change.
    """

    kind: ResourceType
    id: str
    inputs: Mapping[str, Any]
    there: Resources
    before: Record | None = None

    def get(self, path: str, default: Any = None) -> Any:
        """Give the first known value at a dotted path."""
        return paths.first(self.inputs, path, default)

    def earlier(self, path: str) -> Any:
        """Give the value at a dotted path before an update."""
        return paths.first(self.before["properties"], path) if self.before else None
