"""Compares property values the way AWS means them: JSON documents by content, lists without order, empty as absent."""

import json
from collections.abc import Iterable
from typing import Any

_LIST_VALUED = ("Action", "NotAction", "Resource", "NotResource")


def canonical(value: Any) -> Any:
    """Give a form of a value in which two values that mean the same are equal."""
    if isinstance(value, dict):
        # in one order of keys, for lists are put in order by the text of their items
        members: dict[str, Any] = {key: canonical(value[key]) for key in sorted(value)}
        return {key: member for key, member in members.items() if not _absent(member)}
    if isinstance(value, list):
        return sorted((canonical(item) for item in value), key=repr)
    document = parsed(value)
    return canonical(_policy(document)) if document is not None else value


def same(left: Any, right: Any) -> bool:
    """Tell whether two property values mean the same."""
    if left == right and type(left) is type(right):
        return True
    first, second = canonical(left), canonical(right)
    return first == second or (_absent(first) and _absent(second))


def parsed(value: Any) -> dict[str, Any] | None:
    """Give the JSON object that a string holds, or None if it holds none."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        document = json.loads(value)
    except json.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def reconcile(wanted: Any, live: Any, path: str, computed: Iterable[str]) -> Any:
    """Express what the cloud says in the terms of what the program said, so that only real drift differs.

    Args:
        wanted: the input as the program gave it.
        live: what the cloud has for the same property.
        path: dotted path of the property, without list positions.
        computed: paths that the cloud fills in by itself where the program says nothing.
    """
    if same(wanted, live):
        return wanted
    if isinstance(wanted, dict) and isinstance(live, dict):
        merged: Any = _reconcile_members(wanted, live, path, computed)
    elif isinstance(wanted, list) and isinstance(live, list):
        merged = _reconcile_items(wanted, live, path, computed)
    else:
        return live
    return wanted if same(merged, wanted) else merged


def overlay(live: Any, said: Any) -> Any:
    """Lay inputs over what the cloud says: the inputs' spelling wins, what only the cloud knows stays."""
    if isinstance(live, dict) and isinstance(said, dict):
        return {**live, **{key: overlay(live.get(key), member) for key, member in said.items()}}
    if isinstance(live, list) and isinstance(said, list) and len(live) == len(said):
        return [
            overlay(*pair) if same(*pair) or isinstance(pair[1], dict) else pair[1]
            for pair in zip(live, said, strict=True)
        ]
    return said


def _absent(value: Any) -> bool:
    return value is None or value in ({}, [])


def _empty(value: Any) -> bool:
    return _absent(value) or value is False or value in (0, "")


def _reconcile_members(
    wanted: dict[str, Any], live: dict[str, Any], path: str, computed: Iterable[str]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, value in wanted.items():
        if key in live and not _absent(live[key]):
            merged[key] = reconcile(value, live[key], f"{path}.{key}", computed)
        elif _empty(value):
            merged[key] = value
    added = live.keys() - wanted.keys()
    return merged | {key: live[key] for key in added if not _empty(live[key]) and f"{path}.{key}" not in computed}


def _reconcile_items(wanted: list[Any], live: list[Any], path: str, computed: Iterable[str]) -> list[Any]:
    rest = list(live)
    merged: list[Any] = []
    for item in wanted:
        match = next((other for other in rest if same(reconcile(item, other, path, computed), item)), None)
        if match is None:
            merged.append(None)
        else:
            rest.remove(match)
            merged.append(item)
    for position, item in enumerate(wanted):
        if merged[position] is None and rest:
            merged[position] = reconcile(item, rest.pop(0), path, computed)
    return [item for item in merged if item is not None] + rest


def _policy(document: dict[str, Any]) -> dict[str, Any]:
    if "Statement" not in document:
        return document
    return {**document, "Statement": [_statement(item) for item in _many(document["Statement"])]}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    spread: dict[str, Any] = dict(statement)
    for key in _LIST_VALUED:
        if key in spread:
            spread[key] = _many(spread[key])
    for key in ("Principal", "NotPrincipal"):
        if key in spread:
            spread[key] = _principal(spread[key])
    conditions: Any = spread.get("Condition")
    if isinstance(conditions, dict):
        spread["Condition"] = {
            operator: {key: [_text(item) for item in _many(values)] for key, values in tests.items()}
            for operator, tests in conditions.items()
        }
    if spread.get("Sid") == "":
        del spread["Sid"]
    return spread


def _principal(principal: Any) -> Any:
    if isinstance(principal, dict):
        return {kind: _many(names) for kind, names in principal.items()}
    return {"AWS": ["*"]} if principal == "*" else principal


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
