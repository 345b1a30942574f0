"""The VPC: what is reachable from where, and that nothing is open by accident."""

import json
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from components.network.aws import Network, NetworkArgs
from components.network.aws_zones import zone_names
from tests.unit.components.ownership import ACCOUNT_IN_REGION, KEY_ARN, OWNERSHIP, untagged
from tests.unit.recording import RecordingEngine, Registration

ARGS = NetworkArgs(
    cidr=IPv4Network("10.20.0.0/16"),
    zones=("us-east-1a", "us-east-1b", "us-east-1c"),
    nat_per_zone=True,
    interface_endpoints=("ecr.api", "sts"),
    flow_log_retention_days=30,
    log_key_arn=KEY_ARN,
    cluster_name="biz",
    account=ACCOUNT_IN_REGION,
    ownership=OWNERSHIP,
)


def deploy(engine: RecordingEngine, args: NetworkArgs = ARGS) -> Network:
    return engine.deploy(lambda: Network("net", args))


def subnets(engine: RecordingEngine, kind: str) -> list[Registration]:
    return [item for item in engine.of_type("aws:ec2/subnet:Subnet") if item.name.startswith(f"net-{kind}-")]


def default_routes(engine: RecordingEngine) -> dict[str, dict[str, str]]:
    return {item.inputs["routeTableId"]: item.inputs for item in engine.of_type("aws:ec2/route:Route")}


def test_every_zone_has_a_subnet_of_each_kind(engine: RecordingEngine) -> None:
    network = deploy(engine)
    for kind in ("private", "public", "intra", "endpoint"):
        assert [item.inputs["availabilityZone"] for item in subnets(engine, kind)] == list(ARGS.zones)
    assert [engine.value(item) for item in network.private_subnet_ids] == [
        f"net-private-{letter}-id" for letter in "abc"
    ]


def test_no_subnet_gives_out_public_addresses(engine: RecordingEngine) -> None:
    deploy(engine)
    assert {item.inputs["mapPublicIpOnLaunch"] for item in engine.of_type("aws:ec2/subnet:Subnet")} == {False}


@pytest.mark.parametrize("kind", ["intra", "endpoint"])
def test_intra_and_endpoint_subnets_have_no_way_out(engine: RecordingEngine, kind: str) -> None:
    deploy(engine)
    table = {
        item.inputs["routeTableId"]
        for item in engine.of_type("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if item.inputs["subnetId"].startswith(f"net-{kind}-")
    }
    assert table == {"net-intra-id"}
    assert not table & default_routes(engine).keys()


def test_private_zones_leave_through_their_own_nat(engine: RecordingEngine) -> None:
    deploy(engine)
    routes = default_routes(engine)
    for letter in "abc":
        assert routes[f"net-private-{letter}-id"]["natGatewayId"] == f"net-nat-{letter}-id"
    gateways = {
        item.name: item.inputs["subnetId"].removesuffix("-id")
        for item in engine.of_type("aws:ec2/natGateway:NatGateway")
    }
    assert gateways == {f"net-nat-{letter}": f"net-public-{letter}" for letter in "abc"}


def test_one_nat_serves_all_zones_when_so_set(engine: RecordingEngine) -> None:
    deploy(engine, replace(ARGS, nat_per_zone=False))
    assert len(engine.of_type("aws:ec2/eip:Eip")) == len(engine.of_type("aws:ec2/natGateway:NatGateway")) == 1
    assert {route["natGatewayId"] for key, route in default_routes(engine).items() if "private" in key} == {
        "net-nat-a-id"
    }


def test_the_default_security_group_lets_nothing_through(engine: RecordingEngine) -> None:
    deploy(engine)
    group = engine.only("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert not group.inputs.get("ingress")
    assert not group.inputs.get("egress")


def test_interface_endpoints_are_open_to_the_network_alone(engine: RecordingEngine) -> None:
    deploy(engine)
    endpoints = [
        item.inputs
        for item in engine.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        if item.inputs["vpcEndpointType"] == "Interface"
    ]
    assert [item["serviceName"] for item in endpoints] == [
        "com.amazonaws.us-east-1.ecr.api",
        "com.amazonaws.us-east-1.sts",
    ]
    assert all(
        item["privateDnsEnabled"] and item["securityGroupIds"] == ["net-endpoint-group-id"] for item in endpoints
    )
    rule = engine.only("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.20.0.0/16", 443, 443)


def test_interface_endpoints_have_subnets_of_their_own(engine: RecordingEngine) -> None:
    network = deploy(engine)
    homes = subnets(engine, "endpoint")
    assert [str(each) for each in network.endpoint_networks] == [home.inputs["cidrBlock"] for home in homes]
    for service in ("ecr-api", "sts"):
        endpoint = engine.only("aws:ec2/vpcEndpoint:VpcEndpoint", f"net-endpoint-{service}").inputs
        assert endpoint["subnetIds"] == [f"{home.name}-id" for home in homes]


def test_without_interface_endpoints_there_are_no_group_and_no_subnets_for_them(engine: RecordingEngine) -> None:
    network = deploy(engine, replace(ARGS, interface_endpoints=()))
    assert not engine.of_type("aws:ec2/securityGroup:SecurityGroup")
    assert not subnets(engine, "endpoint")
    assert network.endpoint_networks == []


def test_s3_is_reached_from_every_route_table(engine: RecordingEngine) -> None:
    deploy(engine)
    endpoint = engine.only("aws:ec2/vpcEndpoint:VpcEndpoint", "net-s3").inputs
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert sorted(endpoint["routeTableIds"]) == [
        f"{item.name}-id" for item in engine.of_type("aws:ec2/routeTable:RouteTable")
    ]


def test_flow_logs_record_all_traffic_encrypted(engine: RecordingEngine) -> None:
    deploy(engine)
    log = engine.only("aws:ec2/flowLog:FlowLog").inputs
    group = engine.only("aws:cloudwatch/logGroup:LogGroup").inputs
    assert (log["trafficType"], log["vpcId"]) == ("ALL", "net-id")
    assert (group["kmsKeyId"], group["retentionInDays"]) == (KEY_ARN, 30)
    policy = json.loads(engine.only("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    written = policy["Statement"][0]
    assert set(written["Resource"]) == {
        f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/biz/flow-logs{suffix}" for suffix in ("", ":*")
    }


def test_subnets_carry_what_load_balancers_and_karpenter_look_for(engine: RecordingEngine) -> None:
    deploy(engine)
    tags = [subnets(engine, kind)[0].inputs["tags"] for kind in ("public", "private", "intra", "endpoint")]
    public, private, *closed = tags
    assert public["kubernetes.io/role/elb"] == private["kubernetes.io/role/internal-elb"] == "1"
    assert public["kubernetes.io/cluster/biz"] == private["kubernetes.io/cluster/biz"] == "shared"
    assert private["karpenter.sh/discovery"] == "biz"
    assert not [key for each in closed for key in each if "kubernetes.io" in key or "karpenter" in key]


def test_everything_carries_the_ownership_tags(engine: RecordingEngine) -> None:
    deploy(engine)
    assert not untagged(engine)


def test_survives_unknown_values(engine: RecordingEngine) -> None:
    engine.preview = True
    deploy(engine)
    assert len(engine.of_type("aws:ec2/subnet:Subnet")) == 12


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-east-1", ("us-east-1a", "us-east-1b", "us-east-1c")),
        ("ap-northeast-1", ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")),
        ("eu-west-1", ("eu-west-1a", "eu-west-1b", "eu-west-1c")),
    ],
)
def test_zones_have_fixed_names(region: str, expected: tuple[str, ...]) -> None:
    assert zone_names(region, 3) == expected


def test_a_region_has_only_so_many_zones() -> None:
    with pytest.raises(ValueError, match="us-west-1 has 2 usable zones, 3 are wanted"):
        zone_names("us-west-1", 3)
