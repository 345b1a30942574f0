"""Reads and writes properties by dotted path; lists on the way are followed."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.providers.stand_in import UNKNOWN, contains_unknown


def values(node: Any, path: str) -> Iterator[Any]:
    """Give what is at a path, item by item where lists are on the way or at its end; absent and unknown is left out.

    A ``*`` stands for every key of an object.
    """
    head, _, rest = path.partition(".")
    if isinstance(node, list):
        for item in node:
            yield from values(item, path)
    elif not path:
        if node is not None and not contains_unknown(node):
            yield node
    elif isinstance(node, Mapping):
        for key in node if head == "*" else (head,):
            yield from values(node.get(key), rest)


def ids(node: Any, path: str) -> Iterator[str]:
    """Give the texts at a path; of an object that maps ids to details, its keys."""
    for value in values(node, path):
        yield from map(str, value if isinstance(value, Mapping) else [value])


def first(node: Any, path: str, default: Any = None) -> Any:
    """Give the first known value at a path, or a default."""
    return next(values(node, path), default)


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give every known text below a node with its path, and keys that are ids; list positions are left out."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, list):
        for item in node:
            yield from texts(item, path)
    elif isinstance(node, Mapping):
        for key, item in node.items():
            if key.startswith("/"):
                yield path, key
            yield from texts(item, f"{path}.{key}".lstrip("."))


def merge(under: Any, over: Any) -> Any:
    """Lay one value over another: objects key by key, anything else as a whole."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        merged = {key: merge(under[key], item) if key in under else item for key, item in over.items()}
        return {**under, **merged}
    return under if over is None else over


def without(node: Any, path: str) -> Any:
    """Give a copy that lacks what is at a path."""
    head, _, rest = path.partition(".")
    if isinstance(node, list):
        return [without(item, path) for item in node]
    if not isinstance(node, Mapping) or head not in node:
        return node
    kept = {key: item for key, item in node.items() if key != head}
    return {**kept, head: without(node[head], rest)} if rest else kept


def put(node: dict[str, Any], path: str, value: Any) -> None:
    """Set what is at a path, making objects on the way; None takes it away."""
    head, _, rest = path.partition(".")
    if rest:
        put(node.setdefault(head, {}), rest, value)
    elif value is None:
        node.pop(head, None)
    else:
        node[head] = value


def at(node: Any, path: str) -> Any:
    """Give what is at a path through objects only, unknowns included; None where there is nothing."""
    for step in path.split("."):
        if node is UNKNOWN:
            return UNKNOWN
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def settle(planned: Any, earlier: Any) -> Any:
    """Replace what is unknown in a plan by what it was."""
    if planned is UNKNOWN:
        return UNKNOWN if earlier is None else earlier
    if isinstance(planned, Mapping):
        before: Mapping[str, Any] = earlier if isinstance(earlier, Mapping) else {}
        return {key: settle(item, before.get(key)) for key, item in planned.items()}
    return planned
