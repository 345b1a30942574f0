"""A virtual network with subnets for nodes, for private endpoints and for the API server.

Source: NET-1, A-32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import network

from components.account.azure import Account
from components.network.address_plan import AddressPlan
from components.network.azure_security_groups import Rule, rules_of
from components.network.azure_virtual_network import virtual_network

# the API server's own subnet belongs to it alone
_API_SERVER = "Microsoft.ContainerService/managedClusters"


@dataclass(frozen=True)
class NetworkArgs:
    """What a network needs.

    Args:
        cidr: all addresses; /16 to /20.
        zones: how many availability zones it spans, 2 or 3.
        nat_per_zone: one NAT gateway in each zone instead of one for all.
        account: where it is.
    """

    cidr: IPv4Network
    zones: int
    nat_per_zone: bool
    account: Account


class Network(pulumi.ComponentResource):
    """Network, subnets, their security groups and the way out.

    A subnet spans all zones and a NAT gateway is in one, so each zone has a subnet of its own for its nodes, with the
    plan's private addresses. Private endpoints of services and the API server span the zones: they have the first
    zone's addresses for them. Nothing has a public address but the NAT gateways; load balancers need no subnet. Azure
    changes one subnet of a network at a time, so they are made one after the other.

    Args:
        name: logical name.
        args: addresses and zones.
        opts: carries the Azure provider.

    Attributes:
        vnet_id: resource id of the network.
        private_subnet_ids: of the nodes, one for each zone.
        endpoint_subnet_id: of private endpoints.
        control_plane_subnet_id: of the API server.
        intra_networks: addresses of the closed subnets: endpoints, then the API server.
        ready: gate: every subnet stands.

    Raises:
        ValueError: the addresses do not suffice for the zones.

    Source: NET-1, A-32.
    """

    vnet_id: pulumi.Output[str]
    cidr: IPv4Network
    private_subnet_ids: list[pulumi.Output[str]]
    endpoint_subnet_id: pulumi.Output[str]
    control_plane_subnet_id: pulumi.Output[str]
    intra_networks: list[IPv4Network]
    ready: pulumi.Resource

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:Network", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._subnets: list[pulumi.Resource] = []
        plan = AddressPlan.of(args.cidr, args.zones)
        self._group = args.account.resource_group(name, "network", self._child).name
        self._vnet = virtual_network(name, args.cidr, self._group, args.account, self)
        self.vnet_id = self._vnet.id
        self.cidr = args.cidr
        endpoints, control_plane = plan.zones[0].endpoints, plan.zones[0].intra
        self.intra_networks = [endpoints, control_plane]
        self.private_subnet_ids = self._private_subnets([zone.private for zone in plan.zones])
        self.endpoint_subnet_id = self._subnet("endpoints", endpoints, rules_of("endpoints", args.cidr))
        self.control_plane_subnet_id = self._subnet(
            "control-plane", control_plane, rules_of("control-plane", args.cidr), delegated=True
        )
        self.ready = self._subnets[-1]
        self.register_outputs({"vnet_id": self.vnet_id})

    def _tags(self) -> Mapping[str, str]:
        return self._args.account.ownership.tags("network")

    def _private_subnets(self, networks: Sequence[IPv4Network]) -> list[pulumi.Output[str]]:
        gateways = [self._nat(zone) for zone in range(1, (len(networks) if self._args.nat_per_zone else 1) + 1)]
        rules = rules_of("nodes", self._args.cidr)
        return [
            self._subnet(f"private-{position + 1}", addresses, rules, nat=gateways[position % len(gateways)])
            for position, addresses in enumerate(networks)
        ]

    def _subnet(
        self,
        kind: str,
        addresses: IPv4Network,
        rules: Sequence[Rule],
        *,
        nat: network.NatGateway | None = None,
        delegated: bool = False,
    ) -> pulumi.Output[str]:
        names = self._args.account.names
        group = network.NetworkSecurityGroup(
            f"{self._name}-{kind}",
            network_security_group_name=names.name("securityGroup", kind),
            resource_group_name=self._group,
            location=self._args.account.region,
            security_rules=list(rules),
            tags=self._tags(),
            opts=self._child,
        )
        subnet = network.Subnet(
            f"{self._name}-{kind}",
            subnet_name=names.name("subnet", kind),
            virtual_network_name=self._vnet.name,
            resource_group_name=self._group,
            address_prefix=str(addresses),
            network_security_group={"id": group.id},
            nat_gateway={"id": nat.id} if nat else None,
            # whoever has no NAT gateway has no way out
            default_outbound_access=False,
            private_endpoint_network_policies="Enabled",
            delegations=[{"name": "api-server", "service_name": _API_SERVER}] if delegated else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._subnets[-1:]),
        )
        self._subnets.append(subnet)
        return subnet.id

    def _nat(self, zone: int) -> network.NatGateway:
        names, name = self._args.account.names, f"{self._name}-nat-{zone}"
        address = network.PublicIPAddress(
            name,
            public_ip_address_name=names.name("publicAddress", "nat", str(zone)),
            resource_group_name=self._group,
            location=self._args.account.region,
            sku={"name": "Standard", "tier": "Regional"},
            public_ip_allocation_method="Static",
            zones=[str(zone)],
            tags=self._tags(),
            opts=self._child,
        )
        return network.NatGateway(
            name,
            nat_gateway_name=names.name("natGateway", str(zone)),
            resource_group_name=self._group,
            location=self._args.account.region,
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": address.id}],
            zones=[str(zone)],
            tags=self._tags(),
            opts=self._child,
        )
