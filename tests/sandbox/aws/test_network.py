"""Networks: what the stand-in says and what EC2 has."""

from typing import Any

import pytest

from sandbox.providers.stand_in import StandInError
from tests.sandbox.aws.documents import trust
from tests.sandbox.aws.driver import AwsDriver, Made

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SOMEWHERE = "0.0.0.0/0"


@pytest.fixture
def vpc(aws: AwsDriver) -> Made:
    return aws.create(VPC, "main", cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags={"Name": "main"})


@pytest.fixture
def subnets(aws: AwsDriver, vpc: Made) -> list[Made]:
    return [
        aws.create(SUBNET, zone, vpcId=vpc.id, cidrBlock=f"10.0.{number}.0/24", availabilityZone=f"us-east-1{zone}")
        for number, zone in enumerate("ab")
    ]


def attribute(aws: AwsDriver, vpc: Made, name: str) -> bool:
    answer: dict[str, Any] = aws.client("ec2").describe_vpc_attribute(VpcId=vpc.id, Attribute=name)
    return answer[name[0].upper() + name[1:]]["Value"]


def test_a_vpc_and_its_attributes(aws: AwsDriver, vpc: Made) -> None:
    assert attribute(aws, vpc, "enableDnsHostnames")
    assert vpc["arn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{vpc.id}"
    assert vpc["region"] == "us-east-1"
    aws.update(vpc, enableDnsHostnames=False, tags={"Name": "renamed", "new": "tag"})
    assert not attribute(aws, vpc, "enableDnsHostnames")
    found = aws.client("ec2").describe_vpcs(VpcIds=[vpc.id])["Vpcs"][0]
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"Name": "renamed", "new": "tag"}
    assert aws.diff(vpc, cidrBlock="10.1.0.0/16").replaces == ("cidrBlock",)
    aws.destroy()


def test_the_way_out_of_a_private_subnet(aws: AwsDriver, vpc: Made, subnets: list[Made]) -> None:
    gateway = aws.create("aws:ec2/internetGateway:InternetGateway", "gateway", vpcId=vpc.id)
    address = aws.create("aws:ec2/eip:Eip", "address", domain="vpc")
    nat = aws.create(
        "aws:ec2/natGateway:NatGateway", "nat", subnetId=subnets[0].id, allocationId=address["allocationId"]
    )
    table = aws.create("aws:ec2/routeTable:RouteTable", "private", vpcId=vpc.id)
    other = aws.create(
        "aws:ec2/routeTable:RouteTable",
        "public",
        vpcId=vpc.id,
        routes=[{"cidrBlock": SOMEWHERE, "gatewayId": gateway.id}],
    )
    route = aws.create(
        "aws:ec2/route:Route", "out", routeTableId=table.id, destinationCidrBlock=SOMEWHERE, natGatewayId=nat.id
    )
    association = aws.create(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "of-subnet",
        routeTableId=table.id,
        subnetId=subnets[1].id,
    )

    def target() -> dict[str, Any]:
        of_subnet = [{"Name": "association.subnet-id", "Values": [subnets[1].id]}]
        routes = aws.client("ec2").describe_route_tables(Filters=of_subnet)["RouteTables"][0]["Routes"]
        return next(item for item in routes if item["DestinationCidrBlock"] == SOMEWHERE)

    assert target()["NatGatewayId"] == nat.id
    aws.update(route, natGatewayId=None, gatewayId=gateway.id)
    assert target()["GatewayId"] == gateway.id
    aws.update(other, routes=[{"cidrBlock": SOMEWHERE, "natGatewayId": nat.id}])
    aws.update(association, routeTableId=other.id)
    assert target()["NatGatewayId"] == nat.id
    aws.destroy()


def test_security_group_rules(aws: AwsDriver, vpc: Made) -> None:
    web = aws.create("aws:ec2/securityGroup:SecurityGroup", "web", vpcId=vpc.id, description="web")
    rule = aws.create(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "https",
        securityGroupId=web.id,
        ipProtocol="tcp",
        fromPort=443,
        toPort=443,
        cidrIpv4="10.0.0.0/8",
    )
    out = aws.create(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "out",
        securityGroupId=web.id,
        ipProtocol="-1",
        cidrIpv4=SOMEWHERE,
    )
    aws.update(rule, toPort=444, description="two ports")
    aws.update(out, cidrIpv4="10.0.0.0/8")
    group = aws.client("ec2").describe_security_groups(GroupIds=[web.id])["SecurityGroups"][0]
    assert [(item["FromPort"], item["ToPort"]) for item in group["IpPermissions"]] == [(443, 444)]
    assert [item["IpProtocol"] for item in group["IpPermissionsEgress"]] == ["-1"]
    aws.destroy()


def test_a_rule_for_another_group(aws: AwsDriver, vpc: Made) -> None:
    clients, server = (
        aws.create("aws:ec2/securityGroup:SecurityGroup", name, vpcId=vpc.id) for name in ("clients", "server")
    )
    rule = aws.create(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "database",
        securityGroupId=server.id,
        ipProtocol="tcp",
        fromPort=5432,
        toPort=5432,
        referencedSecurityGroupId=clients.id,
        description="PostgreSQL",
    )
    aws.update(rule, description="databases")
    aws.update(rule, description=None, toPort=5433)
    group = aws.client("ec2").describe_security_groups(GroupIds=[server.id])["SecurityGroups"][0]
    assert [pair["GroupId"] for pair in group["IpPermissions"][0]["UserIdGroupPairs"]] == [clients.id]
    with pytest.raises(StandInError, match="cannot change whom rule"):
        aws.update(rule, referencedSecurityGroupId=server.id)
    aws.destroy()


def test_a_security_group_starts_closed(aws: AwsDriver, vpc: Made) -> None:
    closed = aws.create("aws:ec2/securityGroup:SecurityGroup", "closed", vpcId=vpc.id)
    group = aws.client("ec2").describe_security_groups(GroupIds=[closed.id])["SecurityGroups"][0]
    assert group["IpPermissionsEgress"] == []


def test_inline_rules(aws: AwsDriver, vpc: Made) -> None:
    rule = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8"], "description": "http"}
    group = aws.create("aws:ec2/securityGroup:SecurityGroup", "inline", vpcId=vpc.id, ingress=[rule])
    aws.update(group, ingress=[{**rule, "fromPort": 81, "toPort": 81}])
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group.id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=SOMEWHERE
    )
    assert aws.drift(group) == ("ingress",)


def test_the_default_group_is_emptied(aws: AwsDriver, vpc: Made) -> None:
    group = aws.create(DEFAULT_GROUP, "default", vpcId=vpc.id)
    found = aws.client("ec2").describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]
    assert (found["GroupName"], found["IpPermissions"], found["IpPermissionsEgress"]) == ("default", [], [])
    aws.client("ec2").authorize_security_group_egress(
        GroupId=group.id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": SOMEWHERE}]}]
    )
    found = aws.provider.read_resource(group.reference, group.id, group.inputs, group.outputs)
    assert found is not None
    assert [rule["cidrBlocks"] for rule in found.inputs["egress"]] == [[SOMEWHERE]]


def test_endpoints(aws: AwsDriver, vpc: Made, subnets: list[Made]) -> None:
    tables = [aws.create("aws:ec2/routeTable:RouteTable", f"table{number}", vpcId=vpc.id) for number in range(2)]
    group = aws.create("aws:ec2/securityGroup:SecurityGroup", "endpoints", vpcId=vpc.id)
    gateway = aws.create(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "s3",
        vpcId=vpc.id,
        serviceName="com.amazonaws.us-east-1.s3",
        routeTableIds=[tables[0].id],
    )
    interface = aws.create(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ecr",
        vpcId=vpc.id,
        vpcEndpointType="Interface",
        serviceName="com.amazonaws.us-east-1.ecr.api",
        subnetIds=[subnet.id for subnet in subnets],
        securityGroupIds=[group.id],
        privateDnsEnabled=True,
    )
    aws.update(gateway, routeTableIds=[table.id for table in tables])
    aws.update(interface, subnetIds=[subnets[0].id], privateDnsEnabled=False)
    answer = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[gateway.id, interface.id])["VpcEndpoints"]
    endpoints = {endpoint["VpcEndpointId"]: endpoint for endpoint in answer}
    assert set(endpoints[gateway.id]["RouteTableIds"]) == {table.id for table in tables}
    assert endpoints[interface.id]["SubnetIds"] == [subnets[0].id]
    aws.destroy()


def test_flow_logs(aws: AwsDriver, vpc: Made) -> None:
    role = aws.create("aws:iam/role:Role", "flow", assumeRolePolicy=trust("vpc-flow-logs.amazonaws.com"))
    group = aws.create("aws:cloudwatch/logGroup:LogGroup", "flow", retentionInDays=14)
    log = aws.create(
        "aws:ec2/flowLog:FlowLog",
        "all",
        vpcId=vpc.id,
        trafficType="ALL",
        iamRoleArn=role["arn"],
        logDestination=group["arn"],
        maxAggregationInterval=60,
    )
    found = aws.client("ec2").describe_flow_logs(FlowLogIds=[log.id])["FlowLogs"][0]
    assert (found["ResourceId"], found["TrafficType"]) == (vpc.id, "ALL")
    assert aws.diff(log, trafficType="REJECT").replaces == ("trafficType",)
    aws.destroy()


def test_a_launch_template_gets_a_version_for_each_change(aws: AwsDriver) -> None:
    disk = {"encrypted": "true", "volumeSize": 50, "volumeType": "gp3", "deleteOnTermination": "true"}
    template = aws.create(
        LAUNCH_TEMPLATE,
        "nodes",
        metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 2},
        blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": disk}],
        networkInterfaces=[{"associatePublicIpAddress": "false", "deviceIndex": 0}],
        tagSpecifications=[{"resourceType": "instance", "tags": {"a": "b"}}],
        updateDefaultVersion=True,
    )
    aws.update(template, metadataOptions={"httpTokens": "required", "httpPutResponseHopLimit": 1})
    assert (template["latestVersion"], template["defaultVersion"]) == (2, 2)
    found = aws.client("ec2").describe_launch_template_versions(LaunchTemplateId=template.id, Versions=["2"])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    aws.destroy()
