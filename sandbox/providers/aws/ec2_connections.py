"""EC2 VPC endpoints and flow logs."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.providers.aws import names, policy_grammar
from sandbox.providers.aws.cloud import Cloud
from sandbox.providers.aws.ec2 import Ec2Type
from sandbox.providers.aws.references import Reference
from sandbox.providers.aws.resource_type import Problem, Properties
from sandbox.providers.aws.shapes import given
from sandbox.providers.aws.tagging import as_properties
from sandbox.providers.stand_in import StandInError

_CHANGED = "ec2/vpc-endpoint"
_ENDPOINT_LISTS = {"routeTableIds": "RouteTableId", "subnetIds": "SubnetId", "securityGroupIds": "SecurityGroupId"}


class VpcEndpoint(Ec2Type):
    """Resource ``aws.ec2.VpcEndpoint``."""

    token = "aws:ec2/vpcEndpoint:VpcEndpoint"  # noqa: S105 - a type token
    label = "EC2 VPC Endpoint"
    kind = "vpc-endpoint"
    replaces = frozenset({"serviceName", "vpcEndpointType", "vpcId", "serviceRegion"})
    defaults: ClassVar = {"vpcEndpointType": "Gateway"}
    computed = frozenset({"dnsOptions.dnsRecordIpType"})
    references = (
        Reference("vpcId", "VPC"),
        Reference("routeTableIds", "route table"),
        Reference("subnetIds", "subnet"),
        Reference("securityGroupIds", "security group"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        kinds = ("Gateway", "Interface", "GatewayLoadBalancer")
        yield from names.one_of("vpcEndpointType", inputs.get("vpcEndpointType"), kinds)
        kind = self.wanted(inputs, "vpcEndpointType")
        if kind == "Gateway":
            for name in ("subnetIds", "securityGroupIds", "privateDnsEnabled"):
                if inputs.get(name):
                    yield name, "is only for interface endpoints; set vpcEndpointType to Interface"
        elif inputs.get("routeTableIds"):
            yield "routeTableIds", "is only for gateway endpoints"
        service: Any = inputs.get("serviceName")
        if isinstance(service, str):
            if not re.fullmatch(r"(com\.amazonaws|aws\.api|aws\.sagemaker)(\.[a-z0-9-]+)+", service):
                yield "serviceName", f"{service!r} must look like com.amazonaws.us-east-1.s3"
            elif kind == "Gateway" and service.rsplit(".", 1)[-1] not in ("s3", "dynamodb", "s3express"):
                yield "serviceName", f"{service!r} has no gateway endpoint; only S3 and DynamoDB have"
        yield from policy_grammar.problems("policy", inputs.get("policy"), policy_grammar.ENDPOINT)

    @override
    def refusals(self, cloud: Cloud, inputs: Properties) -> Iterator[str]:
        if f".{cloud.region}." not in f"{inputs.get('serviceName', '')}.":
            yield f"service {inputs.get('serviceName')} is not of region {cloud.region}"
        subnets = inputs.get("subnetIds") or []
        found = cloud.client("ec2").describe_subnets(SubnetIds=subnets)["Subnets"] if subnets else []
        zones = [subnet["AvailabilityZone"] for subnet in found]
        if len(zones) != len(set(zones)):
            yield f"subnetIds has two subnets of one availability zone ({', '.join(sorted(zones))}); give one per zone"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        fields = (
            "vpcId", "serviceName", "routeTableIds", "subnetIds", "securityGroupIds", "privateDnsEnabled",
            "ipAddressType",
        )  # fmt: skip
        policy = {"PolicyDocument": inputs["policy"]} if inputs.get("policy") else {}
        answer = cloud.client("ec2").create_vpc_endpoint(
            VpcEndpointType=self.wanted(inputs, "vpcEndpointType"),
            **given(inputs, fields),
            **policy,
            **self.tagged(inputs),
        )
        return answer["VpcEndpoint"]["VpcEndpointId"]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        found = cloud.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"]
        endpoints = [endpoint for endpoint in found if endpoint["State"].lower() not in ("deleted", "deleting")]
        if not endpoints:
            return None
        endpoint = endpoints[0]
        entries: list[dict[str, Any]] = endpoint.get("DnsEntries", [])
        return {
            **self.owned(cloud, identifier, endpoint),
            "vpcId": endpoint["VpcId"],
            "serviceName": endpoint["ServiceName"],
            "vpcEndpointType": endpoint["VpcEndpointType"],
            "policy": endpoint.get("PolicyDocument"),
            "privateDnsEnabled": bool(endpoint.get("PrivateDnsEnabled")),
            **(cloud.store.get(_CHANGED, identifier) or {}),
            "routeTableIds": endpoint.get("RouteTableIds", []),
            "subnetIds": endpoint.get("SubnetIds", []),
            "securityGroupIds": [group["GroupId"] for group in endpoint.get("Groups", [])],
            "networkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
            "dnsEntries": [
                {"dnsName": entry.get("DnsName"), "hostedZoneId": entry.get("HostedZoneId")} for entry in entries
            ],
            "ipAddressType": "ipv4",
            "requesterManaged": False,
            "state": "available",
        }

    @override
    def modify(self, cloud: Cloud, identifier: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
        request: dict[str, Any] = given({name: new.get(name) for name in changed}, ("privateDnsEnabled",))
        if "policy" in changed:
            request |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        for name, field in _ENDPOINT_LISTS.items():
            before, after = set(old.get(name) or []), set(new.get(name) or [])
            if name in changed and after - before:
                request[f"Add{field}s"] = sorted(after - before)
            if name in changed and before - after:
                request[f"Remove{field}s"] = sorted(before - after)
        cloud.client("ec2").modify_vpc_endpoint(VpcEndpointId=identifier, **request)
        if "PrivateDnsEnabled" in request:  # moto takes the change and forgets it
            cloud.store.put(_CHANGED, identifier, {"privateDnsEnabled": request["PrivateDnsEnabled"]})

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        if known.get("routeTableIds"):
            # moto cannot delete an endpoint whose route tables were changed after its creation
            cloud.client("ec2").modify_vpc_endpoint(
                VpcEndpointId=identifier, RemoveRouteTableIds=known["routeTableIds"]
            )
        cloud.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[identifier])
        cloud.store.delete(_CHANGED, identifier)


class FlowLog(Ec2Type):
    """Resource ``aws.ec2.FlowLog``; every change but of tags makes a new one."""

    token = "aws:ec2/flowLog:FlowLog"  # noqa: S105 - a type token
    label = "EC2 Flow Log"
    kind = "vpc-flow-log"
    replaces = frozenset(
        {
            "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "logFormat",
            "maxAggregationInterval", "subnetId", "trafficType", "transitGatewayId", "vpcId",
        }
    )  # fmt: skip
    defaults: ClassVar = {"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600}
    references = (
        Reference("vpcId", "VPC"),
        Reference("subnetId", "subnet"),
        Reference("iamRoleArn", "IAM role"),
        Reference("logDestination", "flow log destination"),
    )

    @override
    def problems(self, inputs: Properties) -> Iterator[Problem]:
        sources = [name for name in ("vpcId", "subnetId", "eniId", "transitGatewayId") if name in inputs]
        if len(sources) != 1:
            yield "vpcId", f"give exactly one of vpcId, subnetId, eniId and transitGatewayId; given: {len(sources)}"
        for name in {"eniId", "transitGatewayId"} & inputs.keys():
            yield name, "is not supported by the sandbox; log a VPC or a subnet"
        yield from names.one_of("trafficType", inputs.get("trafficType"), ("ACCEPT", "REJECT", "ALL"))
        if "trafficType" not in inputs:
            yield "trafficType", "is missing; give ACCEPT, REJECT or ALL"
        kinds = ("cloud-watch-logs", "s3", "kinesis-data-firehose")
        yield from names.one_of("logDestinationType", inputs.get("logDestinationType"), kinds)
        if self.wanted(inputs, "logDestinationType") == "cloud-watch-logs" and "iamRoleArn" not in inputs:
            yield "iamRoleArn", "is missing; delivery to CloudWatch Logs needs a role"
        if inputs.get("maxAggregationInterval", 600) not in (60, 600):
            yield "maxAggregationInterval", f"{inputs['maxAggregationInterval']} is not 60 or 600 (seconds)"
        if "logDestination" not in inputs:
            yield "logDestination", "is missing; give the ARN of a log group, bucket or delivery stream"

    @override
    def create(self, cloud: Cloud, inputs: Properties) -> str:
        kind = next(name for name in ("vpcId", "subnetId") if inputs.get(name))
        role = {"DeliverLogsPermissionArn": inputs["iamRoleArn"]} if inputs.get("iamRoleArn") else {}
        answer = cloud.client("ec2").create_flow_logs(
            ResourceIds=[inputs[kind]],
            ResourceType="VPC" if kind == "vpcId" else "Subnet",
            LogDestinationType=self.wanted(inputs, "logDestinationType"),
            MaxAggregationInterval=self.wanted(inputs, "maxAggregationInterval"),
            **given(inputs, ("trafficType", "logDestination", "logFormat")),
            **role,
            **self.tagged(inputs),
        )
        for failure in answer.get("Unsuccessful", []):
            raise StandInError(failure["Error"]["Message"])
        return answer["FlowLogIds"][0]

    @override
    def read(self, cloud: Cloud, identifier: str, known: Properties) -> Properties | None:
        found = cloud.client("ec2").describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
        if not found:
            return None
        log = found[0]
        source = {"vpcId" if log["ResourceId"].startswith("vpc-") else "subnetId": log["ResourceId"]}
        return {
            "arn": cloud.arn("ec2", f"vpc-flow-log/{identifier}"),
            "tags": as_properties(log.get("Tags")),
            **source,
            "trafficType": log["TrafficType"],
            "iamRoleArn": log.get("DeliverLogsPermissionArn"),
            "logDestination": log.get("LogDestination") or known.get("logDestination"),
            "logDestinationType": log["LogDestinationType"],
            "logFormat": log.get("LogFormat"),
            "maxAggregationInterval": int(log.get("MaxAggregationInterval", 600)),
        }

    @override
    def delete(self, cloud: Cloud, identifier: str, known: Properties) -> None:
        cloud.client("ec2").delete_flow_logs(FlowLogIds=[identifier])


TYPES = (VpcEndpoint(), FlowLog())
