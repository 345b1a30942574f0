"""The Azure Native provider as the engine sees it: checks, differences, and operations on the store."""

import os
import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from typing_extensions import override

from sandbox.providers import schema
from sandbox.providers.azure import arm, checks, invokes, locations, operations, outputs, paths, rules
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.cloud import Cloud
from sandbox.providers.azure.resource_type import PACKAGE, ResourceType, resource_type
from sandbox.providers.stand_in import (
    UNKNOWN,
    Failures,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    compare,
    same,
)

Properties = dict[str, Any]
_SUFFIX_LENGTH: Final = 8


class AzureStandIn(StandIn):
    """Stand-in for the Azure Native provider.

    Raises:
        StandInError: from each operation, where the real provider would fail.
    """

    name: ClassVar[str] = PACKAGE

    def __init__(self) -> None:
        super().__init__()
        self._cloud: Cloud | None = None

    @property
    def cloud(self) -> Cloud:
        """The configured subscription."""
        if self._cloud is None:
            raise StandInError("The Azure provider has no configuration yet; the engine must configure it first.")
        return self._cloud

    @override
    def configure_provider(self, config: dict[str, Any]) -> None:
        subscription = config.get("subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID")
        tenant = config.get("tenantId") or os.environ.get("ARM_TENANT_ID") or arm.TENANT
        if not subscription:
            raise StandInError("The Azure provider has no subscription; set the key azure-native:subscriptionId.")
        # as with a service principal, nobody asks Azure about them before the first request
        self._cloud = Cloud(
            subscription=subscription.lower(), tenant=tenant.lower(), location=config.get("location") or ""
        )

    @override
    def check_resource(
        self, resource: ResourceReference, old: Properties, new: Properties, /
    ) -> tuple[Properties, Failures]:
        kind = resource_type(resource.type)
        inputs = {name: value for name, value in new.items() if value is not None}
        failures = schema.validate(resource.type, inputs)
        if failures:
            return inputs, failures
        inputs |= self._automatic_name(kind, resource, old, inputs)
        inputs |= self._default_location(kind, old, inputs)
        failures.extend(checks.problems(kind, inputs))
        failures.extend(rules.problems(kind, inputs))
        return inputs, failures

    @override
    def diff_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new: Properties,
        /,
    ) -> ResourceDiff:
        kind = resource_type(resource.type)
        old, wanted = _comparable(old_inputs), _comparable(new)
        diff = compare(old, wanted, replacing=kind.identifying | {"location"})
        deeper = (path for path in kind.replaces if _differs(path, old, wanted))
        replaces = (*diff.replaces, *deeper)
        known = all(isinstance(new.get(name), str) for name in kind.identifying)
        stays = known and arm.key(kind.resource_id(self.cloud.subscription, new)) == arm.key(resource_id)
        return ResourceDiff(diff.changed, replaces, bool(replaces) and stays and not _is_made_up(kind, resource, new))

    @override
    def create_resource(
        self, resource: ResourceReference, inputs: Properties, /, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        kind = resource_type(resource.type)
        if preview:
            self._require_subscription(inputs)
            return "", outputs.planned(resource.type, inputs)
        resource_id = kind.resource_id(self.cloud.subscription, inputs)
        if _needs_location(kind) and "location" not in inputs:
            raise ArmError(400, "LocationRequired", f"The location property is required for {resource.name}.")
        return resource_id, operations.create(self.cloud, kind, resource_id, inputs)

    @override
    def read_resource(
        self, resource: ResourceReference, resource_id: str, inputs: Properties, outputs: Properties, /
    ) -> ReadResult | None:
        resource_type(resource.type)
        self.cloud.require_subscription(resource_id)
        there = self.cloud.resources()
        record = there.find(resource_id)
        if record is None:
            return None
        return ReadResult(record["id"], record["properties"], there.show(record))

    @override
    def update_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        /,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        kind = resource_type(resource.type)
        if preview:
            self._require_subscription(inputs)
            planned = outputs.planned(resource.type, inputs)
            return paths.settle(planned, old_outputs)
        return operations.update(self.cloud, kind, resource_id, inputs)

    @override
    def delete_resource(
        self,
        resource: ResourceReference,
        resource_id: str,
        inputs: Properties,
        outputs: Properties,
        /,
        *,
        timeout: float,
    ) -> None:
        operations.delete(self.cloud, resource_type(resource.type), resource_id)

    @override
    def invoke_function(self, token: str, arguments: Properties, /) -> Properties:
        return invokes.invoke(self.cloud, token, arguments)

    def _require_subscription(self, inputs: Properties) -> None:
        """Refuse in a preview what no later step of the same update could make true: another subscription."""
        for _, text in paths.texts({name: value for name, value in inputs.items() if name != "tags"}):
            if arm.is_id(text):
                self.cloud.require_subscription(text)

    def _automatic_name(
        self, kind: ResourceType, resource: ResourceReference, old: Properties, inputs: Properties
    ) -> Properties:
        """Make up the names that the program leaves out; one made up earlier stays."""
        name = kind.own_name
        if not name or name in inputs:
            return {}
        if isinstance(old.get(name), str):
            return {name: old[name]}
        match kind.automatic:
            case "random":
                return {name: f"{resource.name}{self.random_suffix(resource, _SUFFIX_LENGTH)}"}
            case "copy":
                return {name: resource.name}
            case "uuid":
                return {name: str(uuid.UUID(self.random_suffix(resource, 32)))}
            case fixed:
                return {name: fixed}

    def _default_location(self, kind: ResourceType, old: Properties, inputs: Properties) -> Properties:
        """Give the location where the program leaves it out: what it was, the group's, or the provider's."""
        if not _needs_location(kind) or "location" in inputs:
            return {}
        group = inputs.get("resourceGroupName")
        if group is UNKNOWN:
            return {"location": UNKNOWN}
        record = self.cloud.resources().find(f"/subscriptions/{self.cloud.subscription}/resourceGroups/{group}")
        found = old.get("location") or (record["properties"]["location"] if record else None) or self.cloud.location
        return {"location": found} if found else {}


def _needs_location(kind: ResourceType) -> bool:
    has_one = "location" in schema.schema(kind.token).inputs.properties
    return has_one and "resourceGroupName" in kind.identifying and kind.location != "global"


def _comparable(inputs: Mapping[str, Any]) -> Properties:
    """Give inputs in which two spellings of one location are equal."""
    location = inputs.get("location")
    spelt = {"location": locations.canonical(location)} if isinstance(location, str) else {}
    return {**inputs, **spelt}


def _differs(path: str, old: Properties, new: Properties) -> bool:
    first, second = paths.at(old, path), paths.at(new, path)
    return not (first is None and second is None) and not same(first, second)


def _is_made_up(kind: ResourceType, resource: ResourceReference, inputs: Properties) -> bool:
    pattern = rf"{re.escape(resource.name)}[0-9a-f]{{{_SUFFIX_LENGTH}}}"
    return kind.automatic == "random" and bool(re.fullmatch(pattern, str(inputs.get(kind.own_name))))
