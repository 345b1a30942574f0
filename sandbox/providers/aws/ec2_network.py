"""EC2 networks: VPC, subnet, internet gateway, Elastic IP and NAT gateway."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import addresses, names
from sandbox.providers.aws.cloud import Cloud, only
from sandbox.providers.aws.ec2 import Ec2Type
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties


class Vpc(Ec2Type):
    """Resource ``aws.ec2.Vpc``."""

    token = "aws:ec2/vpc:Vpc"  # noqa: S105 - a type token
    label = "EC2 VPC"
    kind = "vpc"
    replaces = frozenset({"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"})
    defaults: ClassVar = {"enableDnsSupport": True, "enableDnsHostnames": False, "instanceTenancy": "default"}
    _attributes: Mapping[str, str] = {
        "enableDnsSupport": "EnableDnsSupport",
        "enableDnsHostnames": "EnableDnsHostnames",
    }

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        if "cidrBlock" not in inputs and "ipv4IpamPoolId" not in inputs:
            yield "cidrBlock", "is missing; give the network's IPv4 block, e.g. 10.0.0.0/16"
        yield from addresses.block_problems("cidrBlock", inputs.get("cidrBlock"), addresses.VPC_PREFIX_LENGTHS)
        yield from names.one_of("instanceTenancy", inputs.get("instanceTenancy"), ("default", "dedicated"))

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        answer = cloud.client("ec2").create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=self.wanted(inputs, "instanceTenancy"),
            **self.tagged(inputs),
        )
        identifier = answer["Vpc"]["VpcId"]
        self._set(cloud, identifier, inputs, self._attributes)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        client = cloud.client("ec2")
        vpc = only(client.describe_vpcs(VpcIds=[identifier])["Vpcs"])
        of_vpc = [{"Name": "vpc-id", "Values": [identifier]}]
        main = [*of_vpc, {"Name": "association.main", "Values": ["true"]}]
        table = only(client.describe_route_tables(Filters=main)["RouteTables"])["RouteTableId"]
        default = [*of_vpc, {"Name": "default", "Values": ["true"]}]
        group = [*of_vpc, {"Name": "group-name", "Values": ["default"]}]
        flags = {
            name: client.describe_vpc_attribute(VpcId=identifier, Attribute=name)[field]["Value"]
            for name, field in self._attributes.items()
        }
        return {
            **self.owned(cloud, identifier, vpc),
            **flags,
            "cidrBlock": vpc["CidrBlock"],
            "instanceTenancy": vpc["InstanceTenancy"],
            "dhcpOptionsId": vpc["DhcpOptionsId"],
            "enableNetworkAddressUsageMetrics": False,
            "assignGeneratedIpv6CidrBlock": False,
            "mainRouteTableId": table,
            "defaultRouteTableId": table,
            "defaultNetworkAclId": only(client.describe_network_acls(Filters=default)["NetworkAcls"])["NetworkAclId"],
            "defaultSecurityGroupId": only(client.describe_security_groups(Filters=group)["SecurityGroups"])["GroupId"],
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        self._set(cloud, identifier, new, changed)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_vpc(VpcId=identifier)

    def _set(
        self, cloud: Cloud, identifier: str, inputs: Properties, properties: Mapping[str, str] | frozenset[str]
    ) -> None:
        for name, field in self._attributes.items():
            if name in properties:
                value = {"Value": bool(self.wanted(inputs, name))}
                cloud.client("ec2").modify_vpc_attribute(VpcId=identifier, **{field: value})


class Subnet(Ec2Type):
    """Resource ``aws.ec2.Subnet``."""

    token = "aws:ec2/subnet:Subnet"  # noqa: S105 - a type token
    label = "EC2 Subnet"
    kind = "subnet"
    replaces = frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "ipv6Native"})
    defaults: ClassVar = {"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False}
    references = (Reference("vpcId", "VPC"), Reference("availabilityZone", "availability zone"))

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        if "cidrBlock" not in inputs:
            yield "cidrBlock", "is missing; give the subnet's part of the VPC's block, e.g. 10.0.1.0/24"
        yield from addresses.block_problems("cidrBlock", inputs.get("cidrBlock"), addresses.VPC_PREFIX_LENGTHS)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        zone = {key: inputs[name] for key, name in _ZONE.items() if inputs.get(name)}
        answer = cloud.client("ec2").create_subnet(
            VpcId=inputs["vpcId"], CidrBlock=inputs["cidrBlock"], **zone, **self.tagged(inputs)
        )
        identifier = answer["Subnet"]["SubnetId"]
        if inputs.get("mapPublicIpOnLaunch"):
            self._set(cloud, identifier, inputs)
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        subnet = only(cloud.client("ec2").describe_subnets(SubnetIds=[identifier])["Subnets"])
        return {
            **self.owned(cloud, identifier, subnet),
            "vpcId": subnet["VpcId"],
            "cidrBlock": subnet["CidrBlock"],
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet["AvailabilityZoneId"],
            "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
            "assignIpv6AddressOnCreation": subnet.get("AssignIpv6AddressOnCreation", False),
            "privateDnsHostnameTypeOnLaunch": "ip-name",
            "enableDns64": False,
            "ipv6Native": False,
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        if "mapPublicIpOnLaunch" in changed:
            self._set(cloud, identifier, new)

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_subnet(SubnetId=identifier)

    def _set(self, cloud: Cloud, identifier: str, inputs: Properties) -> None:
        value = {"Value": bool(self.wanted(inputs, "mapPublicIpOnLaunch"))}
        cloud.client("ec2").modify_subnet_attribute(SubnetId=identifier, MapPublicIpOnLaunch=value)


_ZONE = {"AvailabilityZone": "availabilityZone", "AvailabilityZoneId": "availabilityZoneId"}


class InternetGateway(Ec2Type):
    """Resource ``aws.ec2.InternetGateway``."""

    token = "aws:ec2/internetGateway:InternetGateway"  # noqa: S105 - a type token
    label = "EC2 Internet Gateway"
    kind = "internet-gateway"
    references = (Reference("vpcId", "VPC"),)

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        client = cloud.client("ec2")
        identifier = client.create_internet_gateway(**self.tagged(inputs))["InternetGateway"]["InternetGatewayId"]
        if inputs.get("vpcId"):
            client.attach_internet_gateway(InternetGatewayId=identifier, VpcId=inputs["vpcId"])
        return identifier

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        answer = cloud.client("ec2").describe_internet_gateways(InternetGatewayIds=[identifier])
        gateway = answer["InternetGateways"][0]
        attachments = gateway.get("Attachments", [])
        return {
            **self.owned(cloud, identifier, gateway),
            "vpcId": attachments[0]["VpcId"] if attachments else None,
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        self._detach(cloud, identifier, old)
        if new.get("vpcId"):
            cloud.client("ec2").attach_internet_gateway(InternetGatewayId=identifier, VpcId=new["vpcId"])

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        self._detach(cloud, identifier, known)
        cloud.client("ec2").delete_internet_gateway(InternetGatewayId=identifier)

    def _detach(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        live = self.read(cloud, identifier, known)
        if live and live["vpcId"]:
            cloud.client("ec2").detach_internet_gateway(InternetGatewayId=identifier, VpcId=live["vpcId"])


class Eip(Ec2Type):
    """Resource ``aws.ec2.Eip``."""

    token = "aws:ec2/eip:Eip"  # noqa: S105 - a type token
    label = "EC2 EIP"
    kind = "elastic-ip"
    replaces = frozenset({"domain", "address", "customerOwnedIpv4Pool", "networkBorderGroup", "publicIpv4Pool"})
    references = ()

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.one_of("domain", inputs.get("domain"), ("vpc",))
        for name in ("instance", "networkInterface"):
            if inputs.get(name):
                yield name, "is not supported by the sandbox; associate the address through a NAT gateway"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        return cloud.client("ec2").allocate_address(Domain="vpc", **self.tagged(inputs))["AllocationId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        found = cloud.client("ec2").describe_addresses(AllocationIds=[identifier])["Addresses"]
        if not found:
            return None
        address = found[0]
        host = address["PublicIp"].replace(".", "-")
        return {
            **self.owned(cloud, identifier, address),
            "allocationId": identifier,
            "associationId": address.get("AssociationId") or "",
            "domain": "vpc",
            "networkBorderGroup": cloud.region,
            "networkInterface": address.get("NetworkInterfaceId") or "",
            "privateIp": address.get("PrivateIpAddress"),
            "publicDns": f"ec2-{host}.compute-1.amazonaws.com",
            "publicIp": address["PublicIp"],
            "publicIpv4Pool": "amazon",
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").release_address(AllocationId=identifier)


class NatGateway(Ec2Type):
    """Resource ``aws.ec2.NatGateway``."""

    token = "aws:ec2/natGateway:NatGateway"  # noqa: S105 - a type token
    label = "EC2 NAT Gateway"
    kind = "natgateway"
    replaces = frozenset({"allocationId", "connectivityType", "privateIp", "subnetId", "availabilityMode", "vpcId"})
    defaults: ClassVar = {"connectivityType": "public"}
    references = (Reference("subnetId", "subnet"), Reference("allocationId", "Elastic IP"))

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        yield from names.one_of("connectivityType", inputs.get("connectivityType"), ("public", "private"))
        public = inputs.get("connectivityType", "public") == "public"
        if public and "allocationId" not in inputs:
            yield "allocationId", "is missing; a public NAT gateway needs an Elastic IP"
        if not public and "allocationId" in inputs:
            yield "allocationId", "must be absent for a private NAT gateway"
        if "subnetId" not in inputs:
            yield "subnetId", "is missing; name the subnet that the NAT gateway lives in"

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if inputs.get("allocationId"):
            address = only(cloud.client("ec2").describe_addresses(AllocationIds=[inputs["allocationId"]])["Addresses"])
            if address.get("AssociationId") or address.get("NetworkInterfaceId"):
                yield f"Elastic IP {inputs['allocationId']} is in use already; a NAT gateway needs one of its own"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        allocation = {"AllocationId": inputs["allocationId"]} if inputs.get("allocationId") else {}
        answer = cloud.client("ec2").create_nat_gateway(
            SubnetId=inputs["subnetId"],
            ConnectivityType=self.wanted(inputs, "connectivityType"),
            **allocation,
            **self.tagged(inputs),
        )
        return answer["NatGateway"]["NatGatewayId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        found = cloud.client("ec2").describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"]
        gateways: list[Any] = [gateway for gateway in found if gateway["State"] not in ("deleted", "deleting")]
        if not gateways:
            return None
        gateway = gateways[0]
        address = (gateway.get("NatGatewayAddresses") or [{}])[0]
        return {
            **self.owned(cloud, identifier, gateway),
            "subnetId": gateway["SubnetId"],
            "vpcId": gateway.get("VpcId"),
            "connectivityType": gateway.get("ConnectivityType", "public"),
            "allocationId": address.get("AllocationId"),
            "networkInterfaceId": address.get("NetworkInterfaceId"),
            "privateIp": address.get("PrivateIp"),
            "publicIp": address.get("PublicIp"),
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_nat_gateway(NatGatewayId=identifier)


TYPES = (Vpc(), Subnet(), InternetGateway(), Eip(), NatGateway())
