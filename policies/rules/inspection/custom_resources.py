"""Custom resources whose operator makes pods of fields of its own; which ones is data, in ``custom_resources.yaml``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .kubernetes import Manifest, Unreadable
from .paths import find
from .resource import is_unknown

FILE = Path(__file__).with_name("custom_resources.yaml")


@dataclass(frozen=True)
class OperatedPart:
    """A part of a custom resource that an operator makes a container of.

    Args:
        path: where the part stands in the resource.
        resources_path: where its requests and limits stand, or should.
        resources: the requests and limits; None when absent.
        labels_path: where its pods' labels stand, or should; absent: the operator copies the object's own.
        labels: the pods' labels; None when absent.
    """

    path: str
    resources_path: str
    resources: Any
    labels_path: str | None
    labels: Any


@dataclass(frozen=True)
class _Row:
    group: str
    kind: str
    at: tuple[str, ...]
    resources: tuple[str, ...]
    labels: str | None = None


def operated_parts(manifest: Manifest) -> Iterator[OperatedPart | Unreadable]:
    """The parts of a custom resource that become containers, as far as its kind is known."""
    for row in _table().get((manifest.group, manifest.kind), ()):
        for place in row.at:
            for path, part in find(manifest.body, place):
                where = manifest.at(path)
                if isinstance(part, Mapping):
                    yield _part(row, where, part)
                elif is_unknown(part):
                    yield Unreadable(where)


def _part(row: _Row, where: str, part: Mapping[str, Any]) -> OperatedPart:
    stated = [found for path in row.resources for found in find(part, path)]
    resources_path, resources = stated[0] if stated else (row.resources[0], None)
    if row.labels is None:
        return OperatedPart(where, f"{where}.{resources_path}", resources, None, None)
    labels = next((value for _, value in find(part, row.labels)), None)
    return OperatedPart(where, f"{where}.{resources_path}", resources, f"{where}.{row.labels}", labels)


@cache
def _table() -> Mapping[tuple[str, str], tuple[_Row, ...]]:
    table: dict[tuple[str, str], tuple[_Row, ...]] = {}
    entries: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for entry in entries:
        row = _Row(entry["group"], entry["kind"], tuple(entry["at"]), tuple(entry["resources"]), entry.get("labels"))
        table[row.group, row.kind] = (*table.get((row.group, row.kind), ()), row)
    return table
