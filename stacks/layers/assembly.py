"""A platform while it is put together: what every layer is given, and what it leaves for the next.

Source: ARCH-12.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi

from components.base import Environment
from components.cache import CacheServer
from components.charts import assign_user_ids
from components.database import DatabaseServer
from components.teams import EventsAccess
from components.workflows import RestApi
from stacks.foundation import Foundation
from stacks.settings import ComponentSettings, Settings

Made = TypeVar("Made")


@dataclass
class Assembly:
    """One stack's platform.

    Args:
        settings: what to run, and how much of it.
        foundation: the cloud beneath.
        environment: what components are given; a layer replaces it by one that offers more.
        roles: gate: the roles of people stand.
        outputs: of the stack.
        certificates: gate: the issuers of certificates stand.
        database: PostgreSQL.
        cache: Valkey.
        events: what teams need of Kafka.
        process_engine: the REST API of the BPM engine.
        tracking: address of MLflow.
    """

    settings: Settings
    foundation: Foundation
    environment: Environment
    roles: pulumi.Resource
    outputs: dict[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])
    certificates: pulumi.Resource | None = None
    database: DatabaseServer | None = None
    cache: CacheServer | None = None
    events: EventsAccess | None = None
    process_engine: RestApi | None = None
    tracking: str | None = None

    @property
    def on(self) -> ComponentSettings:
        """Which components the stack runs."""
        return self.settings.components

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """Options of everything in the cluster."""
        return options(self.foundation)


def options(foundation: Foundation) -> pulumi.ResourceOptions:
    """Options of everything in the cluster: its provider, and no users where the cluster assigns them."""
    transformations = [assign_user_ids] if foundation.assigns_user_ids else None
    return pulumi.ResourceOptions(provider=foundation.provider, transformations=transformations)


def needed(made: Made | None, switch: str) -> Made:
    """What a component made that another one needs.

    Args:
        made: by the component that ``switch`` names.
        switch: in the settings, which see to it that both are on.

    Raises:
        ValueError: it made nothing.
    """
    if made is None:
        raise ValueError(f"components.{switch} made nothing, but another component needs it; switch it on")
    return made
