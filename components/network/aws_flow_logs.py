"""The record of a network's traffic.

Source: NET-1, SEC-15.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.identity.policy_document import Statement, render, service_trust
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership


@dataclass(frozen=True)
class FlowLogsArgs:
    """What a network's record needs.

    Args:
        vpc_id: the network.
        log_group_name: CloudWatch log group to make.
        retention_days: days that the record is kept.
        key_arn: KMS key that encrypts it.
        account: where it is.
        ownership: tags.
    """

    vpc_id: pulumi.Input[str]
    log_group_name: str
    retention_days: int
    key_arn: pulumi.Input[str]
    account: Account
    ownership: Ownership


class FlowLogs(pulumi.ComponentResource):
    """Accepted and rejected connections of a network, in an encrypted log group.

    Args:
        name: logical name.
        args: the network and its log.
        opts: carries the AWS provider.

    Source: NET-1, SEC-15.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.ownership.tags("network")
        account = args.account
        group = aws.cloudwatch.LogGroup(
            f"{name}-group",
            name=args.log_group_name,
            retention_in_days=args.retention_days,
            kms_key_id=args.key_arn,
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="Lets the flow-log service write one log group",
            assume_role_policy=service_trust(
                "vpc-flow-logs.amazonaws.com",
                ("StringEquals", "aws:SourceAccount", account.id),
                ("ArnLike", "aws:SourceArn", account.arn("ec2", "vpc-flow-log/*")),
            ),
            tags=tags,
            opts=child,
        )
        group_arn = account.arn("logs", f"log-group:{args.log_group_name}")
        statements = [
            Statement(
                sid="WriteLog",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[group_arn, f"{group_arn}:*"],
            ),
            Statement(sid="FindLog", actions=["logs:DescribeLogGroups"], resources=["*"]),
        ]
        policy = aws.iam.RolePolicy(
            f"{name}-policy", role=role.name, policy=render(PolicyKind.IDENTITY, statements), opts=child
        )
        self.ready = aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=600,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({"log_group": group.name})
