"""Private doors to AWS services, so that traffic to them leaves the network neither through NAT nor the internet.

Source: NET-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from components.ownership import Ownership


@dataclass(frozen=True)
class ServiceEndpointsArgs:
    """What a network's endpoints need.

    Args:
        vpc_id: the network.
        network: its addresses; only they may use the endpoints.
        region: AWS region.
        services: services with an interface endpoint, e.g. ``ecr.api``; each costs by the hour and zone.
        subnet_ids: where the interface endpoints are.
        ownership: tags.
    """

    vpc_id: pulumi.Input[str]
    network: IPv4Network
    region: str
    services: Sequence[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    ownership: Ownership


class ServiceEndpoints(pulumi.ComponentResource):
    """Interface endpoints with private DNS, open to the network's own addresses on 443 alone.

    Args:
        name: logical name.
        args: services and place.
        opts: carries the AWS provider.

    Source: NET-1.
    """

    security_group_id: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: ServiceEndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:ServiceEndpoints", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.ownership.tags("network", Name=name)
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            vpc_id=args.vpc_id,
            description="HTTPS from inside the network to AWS service endpoints",
            tags=tags,
            opts=child,
        )
        endpoints = [
            aws.ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=args.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{args.region}.{service}",
                private_dns_enabled=True,
                subnet_ids=list(args.subnet_ids),
                security_group_ids=[group.id],
                tags=args.ownership.tags("network", Name=f"{name}-{service}"),
                opts=child,
            )
            for service in args.services
        ]
        self.ready = aws.vpc.SecurityGroupIngressRule(
            f"{name}-https",
            security_group_id=group.id,
            description="HTTPS from inside the network",
            cidr_ipv4=str(args.network),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=endpoints),
        )
        self.security_group_id = group.id
        self.register_outputs({"security_group_id": self.security_group_id})
