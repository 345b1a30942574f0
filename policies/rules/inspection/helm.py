"""Read the values of a Helm release, whose objects the engine never sees."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from .kubernetes import Unreadable
from .resource import Resource, is_unknown

_REMOTE_FILE = "is a file that the policy pack cannot read"


def values(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]] | Unreadable]:
    """Each set of values of a release with its path; values that cannot be read instead of their content."""
    inline = resource.property("values")
    if is_unknown(inline):
        yield Unreadable("values")
    elif isinstance(inline, Mapping):
        yield "values", inline
    files = resource.property("valueYamlFiles")
    if is_unknown(files):
        yield Unreadable("valueYamlFiles")
    elif isinstance(files, list):
        for index, file in enumerate(files):
            yield _from_file(file, f"valueYamlFiles[{index}]")


def _from_file(file: Any, path: str) -> tuple[str, Mapping[str, Any]] | Unreadable:
    text = file.get("text") if isinstance(file, Mapping) else None
    if not isinstance(text, str):
        return Unreadable(path, "is unknown at preview" if is_unknown(file) else _REMOTE_FILE)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return Unreadable(path, "is not YAML")
    return (path, content) if isinstance(content, Mapping) else (path, {})


def resource_blocks(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every block of requests and limits in chart values, with its path; storage claims are none."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from resource_blocks(element, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for key, child in value.items():
            where = f"{path}.{key}"
            if key == "resources" or key.endswith("Resources"):
                yield from _block(child, where)
            else:
                yield from resource_blocks(child, where)


def _block(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        # charts also call lists of API resources "resources"
        if value is None or is_unknown(value):
            yield path, value
    elif {"requests", "limits"} & value.keys() or not value:
        if not _is_storage(value):
            yield path, value
    else:
        nested = [block for key, child in value.items() for block in _nested(child, f"{path}.{key}")]
        yield from nested or [(path, value)]


def _nested(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    return _block(value, path) if isinstance(value, Mapping) or is_unknown(value) else iter(())


def _is_storage(value: Mapping[str, Any]) -> bool:
    amounts = [value.get(key) for key in ("requests", "limits")]
    named = {key for amount in amounts if isinstance(amount, Mapping) for key in amount}
    return named == {"storage"}
