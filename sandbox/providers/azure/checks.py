"""What ARM would refuse of inputs alone, before anything is made: names, locations, zones, sizes, kinds of ids."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.tables import read_table
from sandbox.providers.azure import arm, locations, paths
from sandbox.providers.azure.resource_type import ResourceType

Problem = tuple[str, str]
# https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
_MOST_TAGS: Final = 50
_LONGEST_TAG: Final = 512
_LONGEST_VALUE: Final = 256
_FORBIDDEN_IN_TAGS: Final = frozenset("<>%&\\?/")


def problems(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Say what is wrong with known values."""
    yield from _name(kind, inputs)
    yield from _location(kind, inputs)
    yield from _zones(kind, inputs)
    yield from _tags(inputs.get("tags"))
    for path, choice in kind.choices.items():
        for value in paths.values(inputs, path):
            if not any(re.fullmatch(pattern, str(value)) for pattern in _table("choices")[choice]):
                yield path, f"{path} is {value!r}, which is none of the {choice.replace('_', ' ')} of Azure."
    for path, allowed in kind.references.items():
        for value in paths.ids(inputs, path):
            yield from _reference(path, value, allowed)


@cache
def _table(name: str) -> Any:
    return read_table(Path(__file__).with_name(f"{name}.yaml"))


def unique_globally(kind: ResourceType) -> bool:
    """Tell whether no two resources of a type may have one name, wherever they are."""
    return _table("names")["types"].get(kind.arm_type, {}).get("unique") == "global"


def _name(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    rule = _table("names")["types"].get(kind.arm_type)
    name = inputs.get(kind.own_name) if kind.own_name else None
    if rule is None or not isinstance(name, str):
        return
    shortest, longest = rule["length"]
    alphabet = _table("names")["alphabets"][rule["alphabet"]]
    what = f"{kind.own_name} is {name!r}"
    if not shortest <= len(name) <= longest:
        yield kind.own_name, f"{what}, which has {len(name)} characters; {shortest} to {longest} are allowed."
    elif not re.fullmatch(alphabet["pattern"], name):
        yield kind.own_name, f"{what}, which is no name of {kind.arm_type}: {alphabet['says']}."


def _location(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    location = inputs.get("location")
    if not isinstance(location, str):
        return
    allowed = {"global"} if kind.location == "global" else locations.table().keys()
    if locations.canonical(location) not in allowed:
        listed = "global" if kind.location == "global" else ", ".join(locations.table())
        yield (
            "location",
            f"location is {location!r}: LocationNotAvailableForResourceType; {kind.arm_type} takes {listed}.",
        )


def _zones(kind: ResourceType, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    location = inputs.get("location")
    if not isinstance(location, str):
        return
    count = locations.table().get(locations.canonical(location), 0)
    for path in kind.zones:
        for zone in paths.values(inputs, path):
            if str(zone) not in map(str, range(1, count + 1)):
                has = f"the zones 1 to {count}" if count else "no availability zones"
                yield path, f"{path} is {zone!r}, but the location {location} has {has}."


def _tags(tags: Any) -> Iterator[Problem]:
    if not isinstance(tags, Mapping):
        return
    if len(tags) > _MOST_TAGS:
        yield "tags", f"tags has {len(tags)} tags; {_MOST_TAGS} are allowed."
    for name, value in tags.items():
        if len(name) > _LONGEST_TAG or _FORBIDDEN_IN_TAGS.intersection(name):
            yield "tags", f"tags has the name {name!r}; up to {_LONGEST_TAG} characters, none of < > % & \\ ? /."
        if isinstance(value, str) and len(value) > _LONGEST_VALUE:
            yield "tags", f"tags.{name} has {len(value)} characters; {_LONGEST_VALUE} are allowed."


def _reference(path: str, value: str, allowed: Any) -> Iterator[Problem]:
    if not arm.is_id(value):
        yield path, f"{path} is {value!r}, which is no resource id: LinkedInvalidPropertyId."
    elif arm.type_of(value).lower() not in {name.lower() for name in allowed}:
        yield path, f"{path} is {value!r}, a {arm.type_of(value)}; it must be a {' or '.join(allowed)}."
