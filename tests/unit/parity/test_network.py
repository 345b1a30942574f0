"""The network is the same on every cloud that the platform lays one on. Source: NET-1, A-32."""

from collections.abc import Iterable
from ipaddress import IPv4Network
from itertools import pairwise

import pytest

from tests.unit.conftest import Programs
from tests.unit.parity.claims import AWS, AZURE, Claim, cases, failing, unlike
from tests.unit.programs import Program
from tests.unit.recording import Registration

ANYWHERE = "0.0.0.0/0"
# what a way in to the gateway needs; Azure's load balancer leaves the client's address, so the nodes' subnet takes it
WEB = {"80", "443"}


def aws_subnets(program: Program, kind: str) -> list[Registration]:
    found = program.engine.of_type("aws:ec2/subnet:Subnet")
    return [item for item in found if item.name.startswith(f"network-{kind}-")]


def azure_subnets(program: Program, kind: str) -> list[Registration]:
    found = program.engine.of_type("azure-native:network:Subnet")
    return [item for item in found if item.name.startswith(f"network-{kind}")]


def aws_zones(program: Program) -> list[str]:
    zones = {item.inputs["availabilityZone"] for item in aws_subnets(program, "private")}
    return unlike(program.settings.network.zones, len(zones))


def azure_zones(program: Program) -> list[str]:
    zones = {zone for item in program.engine.of_type(AGENT_POOL) for zone in item.inputs["availabilityZones"]}
    return unlike(program.settings.network.zones, len(azure_subnets(program, "private"))) + unlike(
        program.settings.network.zones, len(zones)
    )


AGENT_POOL = "azure-native:containerservice:AgentPool"


def aws_way_out(program: Program) -> list[str]:
    """Private tables lead to NAT gateways alone, one of each zone in prod; other closed subnets lead nowhere."""
    engine = program.engine
    routes = [item for item in engine.of_type("aws:ec2/route:Route") if item.name.startswith("network-private-")]
    gateways = {item.inputs["natGatewayId"] for item in routes}
    tables = {item.inputs["routeTableId"] for item in engine.of_type("aws:ec2/route:Route")}
    closed = [item.inputs["routeTableId"] for item in engine.of_type(ASSOCIATION) if "-intra-" in item.name]
    leading = [table for table in closed if table in tables]
    return (
        failing(routes, lambda inputs: inputs["destinationCidrBlock"] == ANYWHERE)
        + unlike(nat_gateways(program), len(gateways))
        + unlike([], leading)
        + failing(engine.of_type("aws:ec2/subnet:Subnet"), lambda inputs: inputs["mapPublicIpOnLaunch"] is False)
    )


ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"


def azure_way_out(program: Program) -> list[str]:
    subnets = program.engine.of_type("azure-native:network:Subnet")
    leaving = [item for item in subnets if item.inputs.get("natGateway")]
    gateways = {item.inputs["natGateway"]["id"] for item in leaving}
    return (
        failing(subnets, lambda inputs: inputs["defaultOutboundAccess"] is False)
        + unlike(nat_gateways(program), len(gateways))
        + unlike([item.name for item in azure_subnets(program, "private")], [item.name for item in leaving])
    )


def nat_gateways(program: Program) -> int:
    network = program.settings.network
    return network.zones if network.nat_gateways == "per-zone" else 1


def aws_way_in(program: Program) -> list[str]:
    """The default group lets nothing through, and no rule opens a port to the internet."""
    engine, network = program.engine, program.settings.network.cidr
    rules = engine.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    default = engine.of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    groups = engine.of_type("aws:ec2/securityGroup:SecurityGroup")
    return (
        failing(rules, lambda rule: "cidrIpv4" not in rule or IPv4Network(rule["cidrIpv4"]).subnet_of(network))
        + failing(default, lambda group: "ingress" not in group and "egress" not in group)
        + failing(groups, lambda group: "ingress" not in group)
    )


def azure_way_in(program: Program) -> list[str]:
    engine = program.engine
    subnets = failing(
        engine.of_type("azure-native:network:Subnet"), lambda inputs: inputs["networkSecurityGroup"]["id"]
    )
    groups = engine.of_type("azure-native:network:NetworkSecurityGroup")
    return subnets + failing(groups, lambda group: all(map(is_closed, group["securityRules"])))


def is_closed(rule: dict[str, object]) -> bool:
    """Whether a rule lets the internet reach nothing but the way in."""
    ports = rule["destinationPortRanges"]
    assert isinstance(ports, list)
    from_inside = rule["sourceAddressPrefix"] not in {"*", "Internet", ANYWHERE}
    return from_inside or rule["access"] == "Deny" or set(ports) <= WEB


def aws_record(program: Program) -> list[str]:
    engine, settings = program.engine, program.settings.network
    groups = [item for item in engine.of_type("aws:cloudwatch/logGroup:LogGroup") if "network" in item.name]
    return failing(engine.of_type("aws:ec2/flowLog:FlowLog"), lambda log: log["trafficType"] == "ALL") + failing(
        groups, lambda group: group["retentionInDays"] == settings.flow_log_retention_days and group["kmsKeyId"]
    )


def azure_record(program: Program) -> list[str]:
    logs = program.engine.of_type("azure-native:network:FlowLog")
    days = program.settings.network.flow_log_retention_days
    wanted = {"enabled": True, "days": days}
    return failing(logs, lambda log: log["enabled"] and log["retentionPolicy"] == wanted and log["storageId"])


def within(program: Program, homes: Iterable[str]) -> list[str]:
    """What overlaps, or lies outside the settings' addresses."""
    networks = sorted(IPv4Network(home) for home in homes)
    outside = [str(each) for each in networks if not each.subnet_of(program.settings.network.cidr)]
    overlapping = [str(one) for one, other in pairwise(networks) if one.overlaps(other)]
    return outside + overlapping if networks else ["there is no subnet"]


def aws_addresses(program: Program) -> list[str]:
    return within(program, [item.inputs["cidrBlock"] for item in program.engine.of_type("aws:ec2/subnet:Subnet")])


def azure_addresses(program: Program) -> list[str]:
    found = program.engine.of_type("azure-native:network:Subnet")
    return within(program, [item.inputs["addressPrefix"] for item in found])


def aws_doors(program: Program) -> list[str]:
    """Object store, images and secrets through endpoints; the database lives in closed subnets of the network."""
    services = {
        item.inputs["serviceName"].partition("us-east-1.")[2]
        for item in program.engine.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    }
    return sorted({"s3", "ecr.api", "ecr.dkr", "secretsmanager", "kms"} - services)


def azure_doors(program: Program) -> list[str]:
    services = {
        group
        for item in program.engine.of_type("azure-native:network:PrivateEndpoint")
        for connection in item.inputs["privateLinkServiceConnections"]
        for group in connection["groupIds"]
    }
    return sorted({"blob", "dfs", "registry", "vault"} - services)


CLAIMS = [
    Claim("network", "spans as many zones as the settings say", {AWS: aws_zones, AZURE: azure_zones}),
    Claim("network", "nodes leave by NAT gateways alone", {AWS: aws_way_out, AZURE: azure_way_out}),
    Claim("network", "nothing gets in but the way in", {AWS: aws_way_in, AZURE: azure_way_in}),
    Claim("network", "all traffic is recorded as long as the settings say", {AWS: aws_record, AZURE: azure_record}),
    Claim("network", "subnets lie in the settings' addresses", {AWS: aws_addresses, AZURE: azure_addresses}),
    Claim("network", "services are reached without the internet", {AWS: aws_doors, AZURE: azure_doors}, ("prod",)),
]


@pytest.mark.parametrize(("claim", "stack"), cases(CLAIMS))
def test_network(claim: Claim, stack: str, programs: Programs) -> None:
    claim.judge(programs(stack))
