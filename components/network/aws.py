"""A VPC with public, private and closed subnets over several zones.

Source: NET-1, A-32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.network.address_plan import AddressPlan
from components.network.aws_endpoints import ServiceEndpoints, ServiceEndpointsArgs
from components.network.aws_flow_logs import FlowLogs, FlowLogsArgs
from components.ownership import Ownership

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class NetworkArgs:
    """What a network needs.

    Args:
        cidr: all addresses; /16 to /20.
        zones: names of the availability zones.
        nat_per_zone: one NAT gateway in each zone instead of one for all.
        interface_endpoints: AWS services reached through private endpoints, e.g. ``ecr.api``.
        flow_log_retention_days: days that the record of the traffic is kept.
        log_key_arn: KMS key that encrypts the record.
        cluster_name: the cluster that lives here; load-balancer controller and Karpenter find subnets by it.
        account: where it is.
        ownership: tags.
    """

    cidr: IPv4Network
    zones: Sequence[str]
    nat_per_zone: bool
    interface_endpoints: Sequence[str]
    flow_log_retention_days: int
    log_key_arn: pulumi.Input[str]
    cluster_name: str
    account: Account
    ownership: Ownership


class Network(pulumi.ComponentResource):
    """VPC, subnets, routes, NAT, endpoints, flow logs and a default security group that lets nothing through.

    Subnet ids are handed out by the route-table associations: who uses a subnet waits until its routes stand, and is
    gone before they fall.

    Args:
        name: logical name.
        args: addresses and zones.
        opts: carries the AWS provider.

    Raises:
        ValueError: the addresses do not suffice for the zones.

    Source: NET-1, A-32.
    """

    vpc_id: pulumi.Output[str]
    cidr: IPv4Network
    public_subnet_ids: list[pulumi.Output[str]]
    private_subnet_ids: list[pulumi.Output[str]]
    intra_subnet_ids: list[pulumi.Output[str]]
    intra_networks: list[IPv4Network]
    endpoint_networks: list[IPv4Network]
    ready: pulumi.Resource

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:Network", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._associations: list[pulumi.Resource] = []
        self._plan = AddressPlan.of(args.cidr, len(args.zones))
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags(name),
            opts=self._child,
        )
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default", vpc_id=self._vpc.id, tags=self._tags(f"{name}-default-closed"), opts=self._child
        )
        self.vpc_id = self._vpc.id
        self.cidr = args.cidr
        self.intra_networks = [addresses.intra for addresses in self._plan.zones]
        self.endpoint_networks = [addresses.endpoints for addresses in self._plan.zones if args.interface_endpoints]
        public_table = self._public_routes()
        self.public_subnet_ids = self._public_subnets(public_table)
        private_tables = self._private_tables()
        self.private_subnet_ids = self._private_subnets(private_tables)
        intra_table = self._table("intra")
        self.intra_subnet_ids = self._intra_subnets(intra_table)
        self._flow_logs()
        self._endpoints(intra_table)
        self.ready = self._s3_endpoint([public_table, *private_tables, intra_table])
        self.register_outputs({"vpc_id": self.vpc_id})

    def _tags(self, name: str, extra: Mapping[str, str] | None = None) -> Mapping[str, str]:
        return self._args.ownership.tags("network", Name=name, **(extra or {}))

    def _table(self, kind: str) -> aws.ec2.RouteTable:
        name = f"{self._name}-{kind}"
        return aws.ec2.RouteTable(name, vpc_id=self._vpc.id, tags=self._tags(name), opts=self._child)

    def _public_routes(self) -> aws.ec2.RouteTable:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc.id, tags=self._tags(f"{self._name}-internet"), opts=self._child
        )
        table = self._table("public")
        self._public_route = aws.ec2.Route(
            f"{self._name}-public-default",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        return table

    def _public_subnets(self, table: aws.ec2.RouteTable) -> list[pulumi.Output[str]]:
        role = {"kubernetes.io/role/elb": "1"}
        return [
            self._subnet("public", zone, addresses.public, table=table, route=self._public_route, role=role)
            for zone, addresses in zip(self._args.zones, self._plan.zones, strict=True)
        ]

    def _private_subnets(self, tables: Sequence[aws.ec2.RouteTable]) -> list[pulumi.Output[str]]:
        role = {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": self._args.cluster_name}
        return [
            self._subnet("private", zone, addresses.private, table=table, route=route, role=role)
            for zone, addresses, table, route in zip(
                self._args.zones, self._plan.zones, tables, self._private_routes, strict=True
            )
        ]

    def _intra_subnets(self, table: aws.ec2.RouteTable) -> list[pulumi.Output[str]]:
        return [
            self._subnet("intra", zone, addresses.intra, table=table)
            for zone, addresses in zip(self._args.zones, self._plan.zones, strict=True)
        ]

    def _endpoint_subnets(self, table: aws.ec2.RouteTable) -> list[pulumi.Output[str]]:
        """Make subnets of the endpoints' own: to open their addresses to a pod opens nothing else."""
        return [
            self._subnet("endpoint", zone, addresses.endpoints, table=table)
            for zone, addresses in zip(self._args.zones, self._plan.zones, strict=True)
        ]

    def _subnet(
        self,
        kind: str,
        zone: str,
        addresses: IPv4Network,
        *,
        table: aws.ec2.RouteTable,
        route: aws.ec2.Route | None = None,
        role: Mapping[str, str] | None = None,
    ) -> pulumi.Output[str]:
        name = f"{self._name}-{kind}-{zone[-1]}"
        shared = {f"kubernetes.io/cluster/{self._args.cluster_name}": "shared"} if role else {}
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=str(addresses),
            map_public_ip_on_launch=False,
            tags=self._tags(name, {**(role or {}), **shared}),
            opts=self._child,
        )
        association = aws.ec2.RouteTableAssociation(
            name,
            subnet_id=subnet.id,
            route_table_id=table.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route] if route else None),
        )
        self._associations.append(association)
        return association.subnet_id.apply(str)

    def _private_tables(self) -> list[aws.ec2.RouteTable]:
        zones = self._args.zones
        gateways = [self._nat(position) for position in range(len(zones) if self._args.nat_per_zone else 1)]
        tables: list[aws.ec2.RouteTable] = []
        self._private_routes: list[aws.ec2.Route] = []
        for position, zone in enumerate(zones):
            table = self._table(f"private-{zone[-1]}")
            route = aws.ec2.Route(
                f"{self._name}-private-{zone[-1]}-default",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[position % len(gateways)].id,
                opts=self._child,
            )
            tables.append(table)
            self._private_routes.append(route)
        return tables

    def _nat(self, position: int) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{self._args.zones[position][-1]}"
        address = aws.ec2.Eip(name, domain="vpc", tags=self._tags(name), opts=self._child)
        return aws.ec2.NatGateway(
            name,
            allocation_id=address.allocation_id,
            subnet_id=self.public_subnet_ids[position],
            connectivity_type="public",
            tags=self._tags(name),
            opts=self._child,
        )

    def _s3_endpoint(self, tables: Sequence[aws.ec2.RouteTable]) -> aws.ec2.VpcEndpoint:
        """Free of charge, and the last piece: after it every subnet has all its routes."""
        return aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self._vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self._args.account.region}.s3",
            route_table_ids=[table.id for table in tables],
            tags=self._tags(f"{self._name}-s3"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._associations),
        )

    def _flow_logs(self) -> None:
        FlowLogs(
            f"{self._name}-flow",
            FlowLogsArgs(
                vpc_id=self._vpc.id,
                log_group_name=f"/aws/vpc/{self._args.cluster_name}/flow-logs",
                retention_days=self._args.flow_log_retention_days,
                key_arn=self._args.log_key_arn,
                account=self._args.account,
                ownership=self._args.ownership,
            ),
            self._child,
        )

    def _endpoints(self, table: aws.ec2.RouteTable) -> None:
        if not self._args.interface_endpoints:
            return
        ServiceEndpoints(
            f"{self._name}-endpoint",
            ServiceEndpointsArgs(
                vpc_id=self._vpc.id,
                network=self._args.cidr,
                region=self._args.account.region,
                services=self._args.interface_endpoints,
                subnet_ids=self._endpoint_subnets(table),
                ownership=self._args.ownership,
            ),
            self._child,
        )
