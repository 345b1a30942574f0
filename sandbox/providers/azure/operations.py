"""What ARM does: puts a resource, changes it, takes it away; each in one step, with everything that goes with it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sandbox.providers.azure import arm, checks, locations, paths, references, rules
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import Cloud, Resources
from sandbox.providers.azure.resource_type import ResourceType, resource_type
from sandbox.providers.azure.rules.network import WATCHERS
from sandbox.providers.azure.rules.request import Request
from sandbox.providers.store import Record

_GROUP: Final = "azure-native:resources:ResourceGroup"
_WATCHER: Final = "azure-native:network:NetworkWatcher"
_LOCKS: Final = "Microsoft.Authorization/locks"
_DEFAULT_RETENTION_DAYS: Final = 90


def create(cloud: Cloud, kind: ResourceType, resource_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Put a new resource; gives its outputs.

    Raises:
        ArmError: it exists already, or ARM refuses it.
        StandInError: as above, from a rule.
    """
    with cloud.changing() as there:
        _require_absent(kind, resource_id, there)
        references.require(kind, resource_id, inputs, cloud, there)
        _raise_first(Request(kind, resource_id, inputs, there))
        record = there.add(kind.token, resource_id, inputs)
        _bring_children(kind, record, there)
        _make_companions(kind, record, there)
        return there.show(record)


def update(cloud: Cloud, kind: ResourceType, resource_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Change a resource; gives its outputs.

    Raises:
        ArmError: it is gone, or ARM refuses the change.
    """
    with cloud.changing() as there:
        record = there.get(resource_id)
        _require_unlocked(resource_id, there, ("ReadOnly",))
        for path in kind.fixed:
            old, new = paths.first(record["properties"], path), paths.first(inputs, path)
            if old != new:
                message = f"Changing property '{path}' from {old!r} to {new!r} is not allowed."
                raise ArmError(400, "PropertyChangeNotAllowed", message)
        references.require(kind, resource_id, inputs, cloud, there)
        _raise_first(Request(kind, resource_id, inputs, there, record))
        record["properties"] = dict(inputs)
        record["version"] += 1
        _bring_children(kind, record, there)
        return there.show(record)


def delete(cloud: Cloud, kind: ResourceType, resource_id: str) -> None:
    """Take a resource away, with everything in it; one that is gone is no error.

    Raises:
        ArmError: something holds it.
    """
    cloud.require_subscription(resource_id)
    with cloud.changing() as there:
        record = there.find(resource_id)
        if record is None:
            return
        _require_unlocked(resource_id, there, ("ReadOnly", "CanNotDelete"))
        for objection in rules.objections(Request(kind, resource_id, record["properties"], there)):
            raise objection
        _require_free(kind, resource_id, there)
        for companion in [
            other for other in there.live.values() if other["properties"].get("managedBy") == record["id"]
        ]:
            there.remove(companion["id"])
        there.remove(resource_id)


def _require_absent(kind: ResourceType, resource_id: str, there: Resources) -> None:
    if there.find(resource_id) is not None:
        raise ArmError(409, "Conflict", f"cannot create already existing resource '{resource_id}'")
    name = arm.name_of(resource_id)
    for other in there.of_type(kind.arm_type) if checks.unique_globally(kind) else ():
        if arm.name_of(other["id"]).lower() == name.lower():
            group = arm.group_of(other["id"])
            raise ArmError(
                409, "AlreadyExists", f"The name '{name}' is already taken (by a resource in group '{group}')."
            )
    for other in there.deleted.values() if kind.soft_delete else ():
        same_name = arm.name_of(other["id"]).lower() == name.lower()
        nested = arm.key(other["id"]) == arm.key(resource_id)
        if same_name and other["token"] == kind.token and (nested or checks.unique_globally(kind)):
            _require_forgotten(other, there)


def _require_forgotten(record: Record, there: Resources) -> None:
    until = _reserved_until(record, there)
    if datetime.now(UTC) < until:
        raise ArmError(
            409,
            "ConflictError",
            f"A {arm.type_of(record['id'])} with the name '{arm.name_of(record['id'])}' exists in deleted state until"
            f" {until:%Y-%m-%d}: recover or purge it, or take another name.",
        )


def _reserved_until(record: Record, there: Resources) -> datetime:
    holder = record
    if arm.type_of(record["id"]) != "Microsoft.KeyVault/vaults":
        vault_id = arm.parent_of(record["id"])
        holder = there.find(vault_id) or there.deleted.get(arm.key(vault_id)) or record
    days = paths.first(holder["properties"], "properties.softDeleteRetentionInDays", _DEFAULT_RETENTION_DAYS)
    return datetime.fromisoformat(record["deleted"]) + timedelta(days=days)


def _require_unlocked(resource_id: str, there: Resources, levels: tuple[str, ...]) -> None:
    """Refuse what a lock on the resource, or on something that it is in or that is in it, forbids."""
    own = f"{arm.key(resource_id)}/"
    for lock in there.of_type(_LOCKS):
        scope = f"{arm.key(arm.parent_of(lock['id']))}/"
        covers = own.startswith(scope) or ("CanNotDelete" in levels and scope.startswith(own))
        if covers and lock["properties"]["level"] in levels and not own.startswith(f"{arm.key(lock['id'])}/"):
            raise ArmError(
                409,
                "ScopeLocked",
                f"The scope '{resource_id}' cannot perform this operation because following scope(s) are locked:"
                f" '{scope[:-1]}' (lock '{arm.name_of(lock['id'])}').",
            )


def _require_free(kind: ResourceType, resource_id: str, there: Resources) -> None:
    inside = there.below(resource_id)
    own_children = [other for other in inside if arm.key(arm.parent_of(other["id"])) == arm.key(resource_id)]
    if kind.held_by_children and own_children:
        raise ArmError(
            409,
            "CannotDeleteResource",
            f"Can not delete resource before nested resources are deleted: {arm.name_of(own_children[0]['id'])}.",
        )
    held = {arm.key(other["id"]) for other in inside if resource_type(other["token"]).held_by_use}
    held |= {arm.key(resource_id)} if kind.held_by_use else set()
    going = {arm.key(resource_id), *(arm.key(other["id"]) for other in inside)}
    for other in there.live.values():
        if arm.key(other["id"]) in going:
            continue
        for path, text in paths.texts(other["properties"]):
            if arm.key(text) in held:
                raise ArmError(
                    400,
                    f"In{arm.type_of(text).rpartition('/')[2][:-1].capitalize()}UseCannotBeDeleted",
                    f"'{arm.name_of(text)}' is in use by '{other['id']}' ({path}) and cannot be deleted.",
                )


def _raise_first(request: Request) -> None:
    for refusal in rules.refusals(request):
        raise refusal


def _bring_children(kind: ResourceType, record: Record, there: Resources) -> None:
    """Make the children that a property lists, which ARM shows as resources of their own."""
    for path, token in kind.inline.items():
        child_kind = resource_type(token)
        for item in record["properties"].get(path) or []:
            parents = {name: record["properties"][name] for name in kind.identifying}
            properties = {**parents, **item, child_kind.own_name: item["name"]}
            child_id = child_kind.resource_id(arm.subscription_of(record["id"]), properties)
            child = there.find(child_id) or there.add(token, child_id, properties)
            child["properties"] = properties
            _raise_first(Request(child_kind, child_id, properties, there, child))


def _make_group(group_id: str, record: Record, there: Resources) -> None:
    location = record["properties"].get("location", "")
    properties = {"resourceGroupName": arm.name_of(group_id), "location": location, "managedBy": record["id"]}
    there.add(_GROUP, group_id, properties)


def _make_companions(kind: ResourceType, record: Record, there: Resources) -> None:
    """Make what Azure makes by itself: the group of a cluster's nodes, a location's network watcher."""
    location = record["properties"].get("location", "")
    subscription = f"/subscriptions/{arm.subscription_of(record['id'])}"
    if kind.arm_type == "Microsoft.ContainerService/managedClusters":
        name = there.show(record)["nodeResourceGroup"]
        _make_group(f"{subscription}/resourceGroups/{name}", record, there)
    if kind.makes:
        _make_group(paths.first(record["properties"], kind.makes), record, there)
    if kind.arm_type == "Microsoft.Network/virtualNetworks":
        place = locations.canonical(location)
        watchers = there.of_type("Microsoft.Network/networkWatchers")
        if any(locations.canonical(watcher["properties"]["location"]) == place for watcher in watchers):
            return
        group = f"{subscription}/resourceGroups/{WATCHERS}"
        if there.find(group) is None:
            there.add(_GROUP, group, {"resourceGroupName": WATCHERS, "location": place})
        name = f"NetworkWatcher_{place}"
        properties = {"resourceGroupName": WATCHERS, "networkWatcherName": name, "location": place}
        there.add(_WATCHER, f"{group}/providers/Microsoft.Network/networkWatchers/{name}", properties)
