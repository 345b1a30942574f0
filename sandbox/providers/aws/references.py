"""Things that a resource may point at, and how AWS is asked whether they exist."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.providers.aws.cloud import PARTITION, Cloud, is_absent

# An identifier that AWS made up: whoever knows one knows that the thing was there.
_GENERATED = re.compile(r"(?:[a-z]+-(?:[0-9a-f]{8}|[0-9a-f]{17})|.*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})")


@dataclass(frozen=True)
class Reference:
    """A property that names something else.

    Attributes:
        path: dotted path of the property; lists on the way are followed.
        kind: what it names; a key of the table below, e.g. ``subnet``.
    """

    path: str
    kind: str

    def values(self, inputs: dict[str, Any]) -> Iterator[str]:
        """Give the known, non-empty strings at the path."""
        yield from _strings(inputs, self.path.split("."))


def is_generated(value: str) -> bool:
    """Tell whether an identifier was made up by AWS, so that a preview too can expect the thing to exist."""
    return bool(_GENERATED.fullmatch(value))


def exists(cloud: Cloud, kind: str, value: str) -> bool:
    """Ask AWS whether a thing exists.

    Args:
        cloud: where to ask.
        kind: what the value names; a key of the table below.
        value: identifier, name or ARN.
    """
    try:
        return _QUESTIONS[kind](cloud, value)
    except Exception as error:
        if is_absent(error) or "Malformed" in str(error) or "InvalidArn" in str(error):
            return False
        raise


def _strings(node: Any, path: list[str]) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _strings(item, path)
    elif not path:
        if isinstance(node, str) and node:
            yield node
    elif isinstance(node, dict):
        yield from _strings(node.get(path[0]), path[1:])


def _described(service: str, method: str, argument: str, *, many: bool = True) -> Callable[[Cloud, str], bool]:
    def ask(cloud: Cloud, value: str) -> bool:
        getattr(cloud.client(service), method)(**{argument: [value] if many else value})
        return True

    return ask


def _role(cloud: Cloud, value: str) -> bool:
    if not value.startswith("arn:"):
        cloud.client("iam").get_role(RoleName=value)
        return True
    role = cloud.client("iam").get_role(RoleName=value.rsplit("/", 1)[-1])["Role"]
    return value == role["Arn"]


def _principal(cloud: Cloud, value: str) -> bool:
    name = value.rsplit("/", 1)[-1]
    if ":role/" in value:
        return _role(cloud, value)
    if ":user/" in value:
        cloud.client("iam").get_user(UserName=name)
        return True
    return value.startswith(f"arn:{PARTITION}:")


def _managed_policy(cloud: Cloud, value: str) -> bool:
    if not value.startswith("arn:"):
        return False
    cloud.client("iam").get_policy(PolicyArn=value)
    return True


def _key(cloud: Cloud, value: str) -> bool:
    if re.search(r"(^|:)alias/aws/", value):
        return True
    state = cloud.client("kms").describe_key(KeyId=value)["KeyMetadata"]["KeyState"]
    return state not in {"PendingDeletion", "PendingReplicaDeletion"}


def _bucket(cloud: Cloud, value: str) -> bool:
    cloud.client("s3").head_bucket(Bucket=value.removeprefix(f"arn:{PARTITION}:s3:::").split("/")[0])
    return True


def _log_group(cloud: Cloud, value: str) -> bool:
    name = value.rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _queue(cloud: Cloud, value: str) -> bool:
    name = value.rsplit(":", 1)[-1] if value.startswith("arn:") else value.rsplit("/", 1)[-1]
    cloud.client("sqs").get_queue_url(QueueName=name)
    return True


def _topic(cloud: Cloud, value: str) -> bool:
    cloud.client("sns").get_topic_attributes(TopicArn=value)
    return True


def _allocation(cloud: Cloud, value: str) -> bool:
    return bool(cloud.client("ec2").describe_addresses(AllocationIds=[value])["Addresses"])


def _event_target(cloud: Cloud, value: str) -> bool:
    service = value.split(":")[2] if value.startswith("arn:") else ""
    if service == "sqs":
        return _queue(cloud, value)
    if service == "sns":
        return _topic(cloud, value)
    return _log_group(cloud, value) if service == "logs" else bool(service)


def _flow_log_destination(cloud: Cloud, value: str) -> bool:
    service = value.split(":")[2] if value.startswith("arn:") else ""
    if service == "s3":
        return _bucket(cloud, value)
    return _log_group(cloud, value) if service == "logs" else service == "firehose"


def _zone(cloud: Cloud, value: str) -> bool:
    zones = cloud.client("ec2").describe_availability_zones()["AvailabilityZones"]
    return value in {zone["ZoneName"] for zone in zones}


def _prefix_list(cloud: Cloud, value: str) -> bool:
    return bool(cloud.client("ec2").describe_managed_prefix_lists(PrefixListIds=[value])["PrefixLists"])


_QUESTIONS: dict[str, Callable[[Cloud, str], bool]] = {
    "VPC": _described("ec2", "describe_vpcs", "VpcIds"),
    "subnet": _described("ec2", "describe_subnets", "SubnetIds"),
    "security group": _described("ec2", "describe_security_groups", "GroupIds"),
    "internet gateway": _described("ec2", "describe_internet_gateways", "InternetGatewayIds"),
    "NAT gateway": _described("ec2", "describe_nat_gateways", "NatGatewayIds"),
    "route table": _described("ec2", "describe_route_tables", "RouteTableIds"),
    "VPC endpoint": _described("ec2", "describe_vpc_endpoints", "VpcEndpointIds"),
    "launch template": _described("ec2", "describe_launch_templates", "LaunchTemplateIds"),
    "launch template name": _described("ec2", "describe_launch_templates", "LaunchTemplateNames"),
    "Elastic IP": _allocation,
    "availability zone": _zone,
    "prefix list": _prefix_list,
    "IAM role": _role,
    "IAM principal": _principal,
    "IAM policy": _managed_policy,
    "KMS key": _key,
    "bucket": _bucket,
    "log group": _log_group,
    "EKS cluster": _described("eks", "describe_cluster", "name", many=False),
    "secret": _described("secretsmanager", "describe_secret", "SecretId", many=False),
    "ECR repository": _described("ecr", "describe_repositories", "repositoryNames"),
    "DB subnet group": _described("rds", "describe_db_subnet_groups", "DBSubnetGroupName", many=False),
    "DB parameter group": _described("rds", "describe_db_parameter_groups", "DBParameterGroupName", many=False),
    "SNS topic": _topic,
    "SQS queue": _queue,
    "event rule": _described("events", "describe_rule", "Name", many=False),
    "event target": _event_target,
    "flow log destination": _flow_log_destination,
}
