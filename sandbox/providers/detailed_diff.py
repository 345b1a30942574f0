"""The property-by-property diff that the CLI shows."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from pulumi.runtime.proto import provider_pb2

from sandbox.providers.provider import ResourceDiff
from sandbox.providers.values import same

PropertyDiff = provider_pb2.PropertyDiff

_ABSENT: Final = object()
_REPLACING: Final = {
    PropertyDiff.ADD: PropertyDiff.ADD_REPLACE,
    PropertyDiff.DELETE: PropertyDiff.DELETE_REPLACE,
    PropertyDiff.UPDATE: PropertyDiff.UPDATE_REPLACE,
}


def detailed_diff(
    diff: ResourceDiff, old_inputs: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, provider_pb2.PropertyDiff]:
    """Name every changed leaf below the changed properties, and whether its change replaces the resource.

    A property in which the inputs are equal differs between the cloud and the inputs; it is shown as a whole.
    """
    details: dict[str, provider_pb2.PropertyDiff] = {}
    for name in diff.changed:
        leaves = dict(_leaves(name, old_inputs.get(name, _ABSENT), new.get(name, _ABSENT)))
        for path, kind in (leaves or {name: PropertyDiff.UPDATE}).items():
            shown = _REPLACING[kind] if _is_within(path, diff.replaces) else kind
            details[path] = PropertyDiff(kind=shown, inputDiff=bool(leaves))
    return details


def _is_within(path: str, replaces: Iterable[str]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in replaces)


def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, "provider_pb2.PropertyDiff.Kind.ValueType"]]:
    if old is new or same(old, new):
        return
    if old is _ABSENT:
        yield path, PropertyDiff.ADD
    elif new is _ABSENT:
        yield path, PropertyDiff.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            step = f".{key}" if key.isidentifier() else f'["{key}"]'
            yield from _leaves(path + step, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (first, second) in enumerate(zip_longest(old, new, fillvalue=_ABSENT)):
            yield from _leaves(f"{path}[{index}]", first, second)
    else:
        yield path, PropertyDiff.UPDATE
