"""EC2 routing: route table, route and route table association."""

import zlib
from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from sandbox.providers.aws import addresses
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.ec2 import Ec2Type
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties, ResourceType

# request field by property, for what a route leads to
_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "networkInterfaceId": "NetworkInterfaceId",
    "transitGatewayId": "TransitGatewayId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
}
_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}


class RouteTable(Ec2Type):
    """Resource ``aws.ec2.RouteTable``; its routes are resources of their own or given inline."""

    token = "aws:ec2/routeTable:RouteTable"  # noqa: S105 - a type token
    label = "EC2 Route Table"
    kind = "route-table"
    replaces = frozenset({"vpcId"})
    references = (
        Reference("vpcId", "VPC"),
        Reference("routes.gatewayId", "internet gateway"),
        Reference("routes.natGatewayId", "NAT gateway"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        for route in inputs.get("routes") or []:
            if isinstance(route, dict):
                if "cidrBlock" not in route:
                    yield "routes", "a route has no cidrBlock; inline, the sandbox knows IPv4 destinations only"
                yield from addresses.block_problems("routes", route.get("cidrBlock"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("ec2").create_route_table(VpcId=inputs["vpcId"], **self.tagged(inputs))
        identifier = answer["RouteTable"]["RouteTableId"]
        for route in inputs.get("routes") or []:
            self._add(cloud, identifier, route)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        table = only(cloud.client("ec2").describe_route_tables(RouteTableIds=[identifier])["RouteTables"])
        routes = [
            {"cidrBlock": route["DestinationCidrBlock"]} | _target(route)
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") and route.get("GatewayId") != "local"
        ]
        return {
            **self.owned(cloud, identifier, table),
            "vpcId": table["VpcId"],
            "routes": routes,
            "propagatingVgws": [],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        live = (self.read(cloud, identifier, old) or {}).get("routes", [])
        wanted = new.get("routes") or []
        for route in live:
            if route not in wanted:
                cloud.client("ec2").delete_route(RouteTableId=identifier, DestinationCidrBlock=route["cidrBlock"])
        for route in wanted:
            if route not in live:
                self._add(cloud, identifier, route)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_route_table(RouteTableId=identifier)

    @staticmethod
    def _add(cloud: Cloud, identifier: str, route: dict[str, Any]) -> None:
        target = {field: route[name] for name, field in _TARGETS.items() if route.get(name)}
        cloud.client("ec2").create_route(RouteTableId=identifier, DestinationCidrBlock=route["cidrBlock"], **target)


class Route(ResourceType):
    """Resource ``aws.ec2.Route``."""

    token = "aws:ec2/route:Route"  # noqa: S105 - a type token
    service = "ec2"
    label = "EC2 Route"
    replaces = frozenset({"routeTableId", *_DESTINATIONS})
    references = (
        Reference("routeTableId", "route table"),
        Reference("gatewayId", "internet gateway"),
        Reference("natGatewayId", "NAT gateway"),
        Reference("vpcEndpointId", "VPC endpoint"),
        Reference("destinationPrefixListId", "prefix list"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from addresses.block_problems("destinationCidrBlock", inputs.get("destinationCidrBlock"))
        for what, table in (("destination", _DESTINATIONS), ("target", _TARGETS)):
            present = [name for name in table if name in inputs]
            if len(present) != 1:
                said = ", ".join(present) or "none"
                yield present[0] if present else next(iter(table)), f"a route has exactly one {what}; given: {said}"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        cloud.client("ec2").create_route(
            RouteTableId=inputs["routeTableId"], **_destination(inputs), **_wanted_target(inputs)
        )
        destination = next(iter(_destination(inputs).values()))
        return f"r-{inputs['routeTableId']}{zlib.crc32(destination.encode())}"

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        tables = cloud.client("ec2").describe_route_tables(RouteTableIds=[known["routeTableId"]])["RouteTables"]
        wanted = _destination(known)
        for route in tables[0]["Routes"]:
            if wanted.items() <= route.items():
                return {
                    "routeTableId": known["routeTableId"],
                    **{name: route.get(field) for name, field in _DESTINATIONS.items()},
                    **_target(route),
                    "origin": route.get("Origin", "CreateRoute"),
                    "state": route.get("State", "active"),
                }
        return None

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        cloud.client("ec2").replace_route(RouteTableId=new["routeTableId"], **_destination(new), **_wanted_target(new))

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_route(RouteTableId=known["routeTableId"], **_destination(known))


class RouteTableAssociation(ResourceType):
    """Resource ``aws.ec2.RouteTableAssociation``."""

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"  # noqa: S105 - a type token
    service = "ec2"
    label = "EC2 Route Table Association"
    replaces = frozenset({"subnetId", "gatewayId"})
    references = (Reference("routeTableId", "route table"), Reference("subnetId", "subnet"))

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        if ("subnetId" in inputs) == ("gatewayId" in inputs):
            yield "subnetId", "give exactly one of subnetId and gatewayId"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if not inputs.get("subnetId"):
            return
        of_subnet = [{"Name": "association.subnet-id", "Values": [inputs["subnetId"]]}]
        for table in cloud.client("ec2").describe_route_tables(Filters=of_subnet)["RouteTables"]:
            yield f"subnet {inputs['subnetId']} is associated with route table {table['RouteTableId']} already"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        side = {"SubnetId": inputs["subnetId"]} if inputs.get("subnetId") else {"GatewayId": inputs["gatewayId"]}
        answer = cloud.client("ec2").associate_route_table(RouteTableId=inputs["routeTableId"], **side)
        return answer["AssociationId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        found = self._find(cloud, identifier, known)
        if found is None:
            return None
        return {
            "routeTableId": found["RouteTableId"],
            "subnetId": found.get("SubnetId"),
            "gatewayId": found.get("GatewayId"),
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        found = self._find(cloud, identifier, old) or {}
        cloud.client("ec2").replace_route_table_association(
            AssociationId=found.get("RouteTableAssociationId", identifier), RouteTableId=new["routeTableId"]
        )

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        found = self._find(cloud, identifier, known)
        if found is not None:
            cloud.client("ec2").disassociate_route_table(AssociationId=found["RouteTableAssociationId"])

    @staticmethod
    def _find(cloud: Cloud, identifier: str, known: Properties) -> dict[str, Any] | None:
        """Find the association by its identifier, or by its subnet: AWS renames it when the route table changes."""
        for table in cloud.client("ec2").describe_route_tables()["RouteTables"]:
            for association in table["Associations"]:
                subnet = association.get("SubnetId")
                if association["RouteTableAssociationId"] == identifier or (subnet and subnet == known.get("subnetId")):
                    return association
        return None


def _target(route: dict[str, Any]) -> Properties:
    return {name: route[field] for name, field in _TARGETS.items() if route.get(field)}


def _wanted_target(inputs: Properties) -> dict[str, Any]:
    return {field: inputs[name] for name, field in _TARGETS.items() if inputs.get(name)}


def _destination(inputs: Properties) -> dict[str, str]:
    return {field: inputs[name] for name, field in _DESTINATIONS.items() if inputs.get(name)}


TYPES = (RouteTable(), Route(), RouteTableAssociation())
