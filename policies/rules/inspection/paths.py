"""Find parts of plain data by path: keys joined by dots, ``[*]`` for all elements, ``[key=value]`` for some."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP = re.compile(r"(?P<key>[^.\[]+)(\[(?P<select>[^\]]+)\])?")


def find(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each part that the path leads to, with its exact path; parts that do not exist are left out.

    A part on the way that is no mapping or list, such as one that is unknown at preview, ends the way and is given
    itself: the caller cannot see past it.
    """
    found: list[tuple[str, Any]] = [("", value)]
    for step in _STEP.finditer(path):
        found = [part for prefix, parent in found for part in _step(prefix, parent, step["key"], step["select"])]
    return iter(found)


def _step(prefix: str, parent: Any, key: str, select: str | None) -> Iterator[tuple[str, Any]]:
    if not isinstance(parent, Mapping):
        yield prefix, parent
        return
    if parent.get(key) is None:
        return
    child, path = parent[key], f"{prefix}.{key}".lstrip(".")
    if select is None or not isinstance(child, list):
        yield path, child
        return
    wanted_key, _, wanted = select.partition("=")
    for index, element in enumerate(child):
        if select == "*" or (isinstance(element, Mapping) and element.get(wanted_key) == wanted):
            yield f"{path}[{index}]", element
