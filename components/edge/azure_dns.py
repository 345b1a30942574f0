"""The public zone of the base domain in Azure DNS.

Source: NET-5, A-11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import dns

from components.account.azure import Account


@dataclass(frozen=True)
class DnsZoneArgs:
    """What a zone needs.

    Args:
        domain: the base domain of the stack.
        account: where it is.
    """

    domain: str
    account: Account


class DnsZone(pulumi.ComponentResource):
    """The zone of the stack's own domain; it answers once the parent domain points to its name servers.

    Args:
        name: logical name.
        args: the domain.
        opts: carries the Azure provider.

    Attributes:
        id: resource id.
        resource_group_name: where it is.
        name_servers: what the parent domain points to.

    Source: NET-5, A-11.
    """

    id: pulumi.Output[str]
    resource_group_name: str
    name_servers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:edge:DnsZone", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        zone = dns.Zone(
            name,
            zone_name=args.domain,
            resource_group_name=args.account.resource_group(name, "dns", child).name,
            location="Global",
            zone_type=dns.ZoneType.PUBLIC,
            tags=args.account.ownership.tags("edge"),
            opts=child,
        )
        self.id = zone.id
        self.resource_group_name = args.account.names.name("resourceGroup", "dns")
        self.name_servers = zone.name_servers
        self.register_outputs({"id": self.id})
