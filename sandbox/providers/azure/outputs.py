"""What ARM makes of a resource: its properties, with defaults and with what only ARM knows.

Texts of the tables' ``outputs`` hold placeholders: ``{id}``, ``{name}``, ``{location}``, ``{group}``,
``{subscription}``, ``{tenant}``, ``{created}``, ``{uuid}`` and ``{hex}`` (made up once per place), ``{version}`` (32
digits, another after each update), ``{parent}`` (name of the parent) and the inputs by name, ``{profile[key]}`` too.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.providers import schema
from sandbox.providers.azure import arm, locations, paths
from sandbox.providers.azure.resource_type import ResourceType, resource_type
from sandbox.providers.stand_in import UNKNOWN
from sandbox.providers.store import Record

_IDENTITY: Final = "identity"
_PROFILE: Final = "identityProfile"
_ASSIGNED: Final = "userAssignedIdentities"
Find = Callable[[str], Record | None]


def of(record: Record, find: Find) -> dict[str, Any]:
    """Give every output of a resource; null where it has none.

    Args:
        record: of the store.
        find: gives other records by id.
    """
    kind = resource_type(record["token"])
    computed = {place: _fill(value, record, place) for place, value in _computed(kind, record["properties"]).items()}
    shown: dict[str, Any] = paths.merge(kind.defaults, record["properties"])
    for path in kind.write_only:
        shown = paths.without(shown, path)
    shown = paths.merge(shown, _missing(computed, shown))
    if isinstance(shown.get(_IDENTITY), Mapping):
        shown[_IDENTITY] = _identity(shown[_IDENTITY], record, find)
    if isinstance(shown.get(_PROFILE), Mapping):
        shown[_PROFILE] = {name: _profile(profile, find) for name, profile in shown[_PROFILE].items()}
    if isinstance(shown.get("location"), str):
        shown["location"] = locations.canonical(shown["location"])
    names = schema.schema(record["token"]).outputs
    own = {"name": arm.name_of(record["id"]), "type": kind.arm_type}
    if "provisioningState" in names:
        own["provisioningState"] = "Succeeded"
    known = {**shown, **own}
    return {name: known.get(name) for name in names}


def planned(token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Give the outputs of a resource that does not exist yet: unknown where ARM decides."""
    kind = resource_type(token)
    unknown = {place: _all_unknown(value) for place, value in _computed(kind, inputs).items()}
    said = paths.merge(kind.defaults, inputs)
    shown = {**dict.fromkeys(schema.schema(token).outputs, UNKNOWN), **paths.merge(said, _missing(unknown, said))}
    if isinstance(inputs.get(_IDENTITY), Mapping):
        assigned = {_ASSIGNED: UNKNOWN} if _ASSIGNED in inputs[_IDENTITY] else {}
        shown[_IDENTITY] = {"principalId": UNKNOWN, "tenantId": UNKNOWN, **inputs[_IDENTITY], **assigned}
    if kind.own_name and kind.own_name in inputs:
        shown["name"] = inputs[kind.own_name]
    for path in kind.write_only:
        shown = paths.without(shown, path)
    return {name: shown[name] for name in schema.schema(token).outputs}


def made_up(record: Record, place: str) -> str:
    """Give the UUID that ARM made up for a place in a resource when it was created."""
    return str(uuid.uuid5(uuid.UUID(record["seed"]), place))


def _computed(kind: ResourceType, inputs: Mapping[str, Any]) -> dict[str, Any]:
    computed: dict[str, Any] = dict(kind.outputs)
    for switch, more in kind.when.items():
        if paths.first(inputs, switch):
            computed = paths.merge(computed, more)
    return computed


def _missing(computed: Any, said: Any) -> Any:
    """Leave out what the program says itself: ARM computes only what is left open."""
    if isinstance(computed, Mapping) and isinstance(said, Mapping):
        left = {key: _missing(item, said.get(key)) for key, item in computed.items()}
        return {key: item for key, item in left.items() if item is not None}
    return computed if said is None else None


def _fill(value: Any, record: Record, place: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _fill(item, record, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, record, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, str) or "{" not in value:
        return value
    return value.format_map(_placeholders(record, place))


def _placeholders(record: Record, place: str) -> dict[str, Any]:
    resource_id = record["id"]
    texts = {name: item for name, item in record["properties"].items() if isinstance(item, str | Mapping)}
    versioned = f"{record['seed']}/{record['version']}"
    return {
        **texts,
        "id": resource_id,
        "name": arm.name_of(resource_id),
        "lower": arm.name_of(resource_id).lower(),
        "parent": arm.name_of(arm.parent_of(resource_id)),
        "group": arm.group_of(resource_id),
        "location": locations.canonical(str(texts.get("location", ""))),
        "subscription": arm.subscription_of(resource_id),
        "tenant": arm.TENANT,
        "created": record["created"],
        "uuid": made_up(record, place),
        "hex": made_up(record, "hex")[:8],
        "version": hashlib.sha256(versioned.encode()).hexdigest()[:32],
    }


def _all_unknown(value: Any) -> Any:
    return {key: _all_unknown(item) for key, item in value.items()} if isinstance(value, Mapping) else UNKNOWN


def _identity(identity: Mapping[str, Any], record: Record, find: Find) -> dict[str, Any]:
    shown = dict(identity)
    if "SystemAssigned" in str(identity.get("type")):
        shown |= {"principalId": made_up(record, _IDENTITY), "tenantId": arm.TENANT}
    assigned = identity.get(_ASSIGNED)
    if assigned:
        shown[_ASSIGNED] = {resource_id: _assigned(find(resource_id)) for resource_id in paths.ids(assigned, "")}
    return shown


def _profile(profile: Mapping[str, Any], find: Find) -> dict[str, Any]:
    """Give an identity that a cluster uses; one that the program made has its own ids."""
    given = find(str(profile.get("resourceId")))
    own = {"clientId": made_up(given, "clientId"), "objectId": made_up(given, "principalId")} if given else {}
    return {**profile, **own}


def _assigned(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {}
    return {name: made_up(record, name) for name in ("clientId", "principalId")}
