"""Private doors to Azure services: an address in the network, and the service's public name resolves to it.

Source: NET-1, LAKE-1, SEC-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi_azure_native import network, privatedns

from components.account.azure import Account
from components.tables import read_table


@dataclass(frozen=True)
class PrivateLinksArgs:
    """What private doors need.

    Args:
        vnet_id: the network in which the names resolve.
        subnet_id: where the doors are.
        account: where they are.
    """

    vnet_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    account: Account


class PrivateLinks(pulumi.ComponentResource):
    """A private DNS zone for each kind of service, and an endpoint for each service that :meth:`connect` is told of.

    Args:
        name: logical name.
        args: the network.
        opts: carries the Azure provider.

    Source: NET-1, LAKE-1, SEC-5.
    """

    def __init__(self, name: str, args: PrivateLinksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:PrivateLinks", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.account.ownership.tags("network")
        self._group = args.account.resource_group(name, "private-links", self._child).name
        self._zones = {service: self._zone(service, zone) for service, zone in _zone_names().items()}
        self.register_outputs({})

    def _zone(self, service: str, zone_name: str) -> privatedns.PrivateZone:
        zone = privatedns.PrivateZone(
            f"{self._name}-{service}",
            private_zone_name=zone_name,
            resource_group_name=self._group,
            location="Global",
            tags=self._tags,
            opts=self._child,
        )
        privatedns.VirtualNetworkLink(
            f"{self._name}-{service}",
            virtual_network_link_name=self._args.account.names.name("network"),
            private_zone_name=zone.name,
            resource_group_name=self._group,
            location="Global",
            registration_enabled=False,
            virtual_network={"id": self._args.vnet_id},
            tags=self._tags,
            opts=self._child,
        )
        return zone

    def connect(self, name: str, service: str, resource_id: pulumi.Input[str]) -> pulumi.Resource:
        """Open a door to one service.

        Args:
            name: what it leads to, e.g. ``lake``.
            service: kind of service, a row of ``azure_private_links.yaml``.
            resource_id: the service.

        Returns:
            The gate: the service's name resolves to the door.
        """
        logical = f"{self._name}-{name}-{service}"
        endpoint = network.PrivateEndpoint(
            logical,
            private_endpoint_name=self._args.account.names.name("privateEndpoint", name, service.lower()),
            resource_group_name=self._group,
            location=self._args.account.region,
            subnet={"id": self._args.subnet_id},
            private_link_service_connections=[
                {"name": name, "private_link_service_id": resource_id, "group_ids": [service]}
            ],
            tags=self._tags,
            opts=self._child,
        )
        return network.PrivateDnsZoneGroup(
            logical,
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=self._group,
            private_dns_zone_configs=[{"name": service.lower(), "private_dns_zone_id": self._zones[service].id}],
            opts=self._child,
        )


def _zone_names() -> Mapping[str, str]:
    return read_table(Path(__file__).with_name("azure_private_links.yaml"))
