"""One Azure subscription: its resources in a file of the sandbox, as ARM would show them."""

import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox.environment import sandbox_directory
from sandbox.providers.azure import arm, outputs
from sandbox.providers.azure.arm import ArmError
from sandbox.providers.azure.resource_type import resource_type
from sandbox.providers.store import Record, Shelves, Store

STORE: Final = "azure-store.json"
LIVE: Final = "resources"
DELETED: Final = "deleted"


def open_store(path: Path | None = None) -> Store:
    """Give the store in a file; None: in the sandbox's state directory."""
    return Store(path or sandbox_directory() / STORE)


@dataclass(frozen=True)
class Resources:
    """What there is at one moment; changes count when the caller's ``Cloud.changing`` ends.

    A record has ``id``, ``token``, ``properties`` (as they were asked for), ``seed`` (for what ARM makes up),
    ``created`` and ``version``.
    """

    shelves: Shelves

    @property
    def live(self) -> dict[str, Record]:
        """Records by ``arm.key`` of their id."""
        return self.shelves.setdefault(LIVE, {})

    @property
    def deleted(self) -> dict[str, Record]:
        """Records that are deleted and whose names are still reserved."""
        return self.shelves.setdefault(DELETED, {})

    def find(self, resource_id: str) -> Record | None:
        """Give a record, or None."""
        return self.live.get(arm.key(resource_id))

    def get(self, resource_id: str) -> Record:
        """Give a record.

        Raises:
            ArmError: it is not there.
        """
        record = self.find(resource_id)
        if record is None:
            raise not_found(resource_id)
        return record

    def below(self, resource_id: str) -> list[Record]:
        """Give everything whose id starts with an id: children, contents and extensions, deepest first."""
        prefix = f"{arm.key(resource_id)}/"
        keys = sorted((key for key in self.live if key.startswith(prefix)), key=lambda key: -key.count("/"))
        return [self.live[key] for key in keys]

    def children(self, resource_id: str, arm_type: str = "") -> Iterator[Record]:
        """Give what is directly in something, of one type where a type is named."""
        for record in self.below(resource_id):
            same_type = not arm_type or arm.type_of(record["id"]).lower() == arm_type.lower()
            if same_type and arm.key(arm.parent_of(record["id"])) == arm.key(resource_id):
                yield record

    def of_type(self, arm_type: str) -> Iterator[Record]:
        """Give every resource of a type."""
        return (record for record in self.live.values() if arm.type_of(record["id"]).lower() == arm_type.lower())

    def add(self, token: str, resource_id: str, properties: Mapping[str, Any]) -> Record:
        """Put a new resource into the store."""
        record = {
            "id": resource_id,
            "token": token,
            "properties": dict(properties),
            "seed": str(uuid.uuid4()),
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "version": 1,
        }
        self.live[arm.key(resource_id)] = record
        return record

    def remove(self, resource_id: str) -> None:
        """Take a resource out, with everything in it; what is deleted softly keeps its name reserved."""
        for record in [*self.below(resource_id), self.get(resource_id)]:
            del self.live[arm.key(record["id"])]
            if resource_type(record["token"]).soft_delete:
                self.deleted[arm.key(record["id"])] = {
                    **record,
                    "deleted": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                }

    def show(self, record: Record) -> dict[str, Any]:
        """Give a resource as ARM shows it."""
        return outputs.of(record, self.find)


@dataclass
class Cloud:
    """A subscription and its store.

    Attributes:
        store: where the resources are.
        subscription: UUID of what the provider is bound to; only requests find out whether it is there.
        tenant: UUID of where the provider signs in; as the subscription's.
        location: for resources that name none; empty: that of their resource group.
    """

    store: Store = field(default_factory=open_store)
    subscription: str = arm.SUBSCRIPTION
    tenant: str = arm.TENANT
    location: str = ""

    def resources(self) -> Resources:
        """Give what there is now; changes to it are lost."""
        return Resources(self.store.load())

    @contextmanager
    def changing(self) -> Generator[Resources]:
        """Let nobody else in while the caller changes something."""
        with self.store.changing() as shelves:
            yield Resources(shelves)

    def sign_in(self) -> None:
        """Sign in, as every request does.

        Raises:
            ArmError: the tenant is not there.
        """
        if self.tenant != arm.TENANT:
            message = f"AADSTS90002: Tenant '{self.tenant}' not found; the sandbox has {arm.TENANT}."
            raise ArmError(400, "invalid_tenant", message)

    def require_subscription(self, resource_id: str) -> None:
        """Refuse an id of another subscription than the one that is there.

        Raises:
            ArmError: names the subscription; or nobody can sign in.
        """
        self.sign_in()
        named = arm.subscription_of(resource_id)
        if named and named.lower() != arm.SUBSCRIPTION:
            message = f"The subscription '{named}' could not be found; the sandbox has {arm.SUBSCRIPTION}."
            raise ArmError(404, "SubscriptionNotFound", message)


def not_found(resource_id: str) -> ArmError:
    """Give ARM's answer to the id of something that is not there."""
    group = arm.group_of(resource_id)
    if arm.type_of(resource_id) == "Microsoft.Resources/resourceGroups":
        return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    where = f" under resource group '{group}'" if group else ""
    path = resource_id.rpartition("/providers/")[2]
    return ArmError(404, "ResourceNotFound", f"The Resource '{path}'{where} was not found.")
