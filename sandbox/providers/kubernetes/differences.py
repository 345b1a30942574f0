"""What changes between two sets of inputs, and which of it replaces the object."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, cast

from components.tables import read_table
from sandbox.providers.kubernetes.objects import (
    AUTONAMED,
    DEFAULT_NAMESPACE,
    ObjectType,
    annotation,
    encoded_data,
    metadata,
)
from sandbox.providers.stand_in import ResourceDiff, same

_ABSENT: Final = object()
Step = str | int
Route = tuple[Step, ...]


def compare_inputs(
    kind: ObjectType,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    namespaced: bool,
    mutable: frozenset[str] = frozenset(),
) -> ResourceDiff:
    """Compare the inputs of an object.

    Args:
        kind: of the object.
        old: inputs of the last run, or those that a refresh has found.
        new: checked inputs.
        namespaced: whether the kind lives in a namespace.
        mutable: names of kinds (``v1/ConfigMap``, ``v1/Secret``) whose contents may change in place.
    """
    if same(old, new):
        return ResourceDiff(())
    contents = "stringData" if all(one.get("stringData") and not one.get("data") for one in (old, new)) else "data"
    old, new = (_comparable(kind, one, contents, namespaced=namespaced) for one in (old, new))
    leaves = list(_leaves((), old, new))
    rules = _rules(kind, mutable=kind.name in mutable and new.get("immutable") is not True)
    replaces = tuple(_text(route) for route, value in leaves if any(_hits(rule, route, value) for rule in rules))
    changed = tuple(sorted({str(route[0]) for route, _ in leaves}))
    return ResourceDiff(changed, replaces, delete_before_replace=bool(replaces) and _keeps_name(old, new))


def _comparable(kind: ObjectType, inputs: Mapping[str, Any], contents: str, *, namespaced: bool) -> dict[str, Any]:
    """Give inputs that mean the same the same form; what a Secret holds goes under the name in ``contents``."""
    described = dict(metadata(inputs))
    if not namespaced:
        described.pop("namespace", None)
    elif described:
        described["namespace"] = described.get("namespace") or DEFAULT_NAMESPACE
    comparable = {**inputs, "metadata": described} if described else dict(inputs)
    if kind.name == "v1/Secret":
        comparable.pop("stringData", None)
        comparable.pop("data", None)
        comparable[contents] = encoded_data(inputs)
    return comparable


def _leaves(route: Route, old: Any, new: Any) -> Iterator[tuple[Route, Any]]:
    """Yield where values differ, with the new value."""
    if old is new or same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _leaves((*route, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        pairs = zip_longest(cast("list[Any]", old), cast("list[Any]", new), fillvalue=_ABSENT)
        for index, (first, second) in enumerate(pairs):
            yield from _leaves((*route, index), first, second)
    else:
        yield route, new


def _hits(rule: Sequence[str], route: Route, value: Any) -> bool:
    """Whether a change at a route is one that a rule names, or brings what it names."""
    for wanted, step in zip(rule, route, strict=False):
        if wanted != step and not (wanted == "*" and isinstance(step, int)):
            return False
    rest = rule[len(route) :]
    for wanted in rest:
        value = value.get(wanted, _ABSENT) if isinstance(value, Mapping) else _ABSENT
    return not rest or value is not _ABSENT


def _keeps_name(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether old and new object cannot exist at the same time."""
    before, after = metadata(old), metadata(new)
    identity = ("name", "namespace")
    return annotation(new, AUTONAMED) != "true" and all(same(before.get(key), after.get(key)) for key in identity)


@cache
def _rules(kind: ObjectType, *, mutable: bool) -> tuple[tuple[str, ...], ...]:
    table: dict[str, Any] = _table()
    paths: list[str] = list(table["*"])
    if not kind.patch:
        own: list[str] = table.get(kind.name, [])
        paths += own if mutable else table["immutable"].get(kind.name, own)
    return tuple(tuple(path.replace("[*]", ".*").split(".")) for path in paths)


@cache
def _table() -> dict[str, Any]:
    return read_table(Path(__file__).with_name("replacements.yaml"))


def _text(route: Route) -> str:
    text = str(route[0])
    for step in route[1:]:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step.isidentifier() else f'["{step}"]'
    return text
