"""The Azure subscription and location that a stack lives in.

Source: CFG-2, CFG-13.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import resources

from components.naming.azure import Names
from components.ownership import Ownership


@dataclass(frozen=True)
class Account:
    """Subscription, tenant and location, all known before anything is created, and whose everything is.

    Args:
        id: the subscription.
        tenant_id: its Entra tenant.
        region: location, e.g. ``westeurope``.
        names: names of the stack's resources.
        ownership: tags.
    """

    id: str
    tenant_id: str
    region: str
    names: Names
    ownership: Ownership

    @property
    def scope(self) -> str:
        """Resource id of the subscription itself."""
        return f"/subscriptions/{self.id}"

    def resource_group(self, name: str, concern: str, opts: pulumi.ResourceOptions) -> resources.ResourceGroup:
        """Make the resource group of one concern: who may touch what is decided per group.

        Args:
            name: logical name.
            concern: last part of the group's name and its ``component`` tag, e.g. ``network``.
            opts: parent and so on.
        """
        return resources.ResourceGroup(
            name,
            resource_group_name=self.names.name("resourceGroup", concern),
            location=self.region,
            tags=self.ownership.tags(concern),
            opts=opts,
        )
