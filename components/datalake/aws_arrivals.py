"""The announcement of documents that arrive in a bucket.

Source: LAKE-5, FLOW-UIINV-1.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.identity.policy_document import Statement, render, service_trust
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership


@dataclass(frozen=True)
class ArrivalsArgs:
    """Which documents are announced.

    Args:
        bucket: the bucket; it must tell EventBridge of its objects.
        prefix: start of the objects' keys, e.g. ``incoming/``.
        suffix: end of the objects' keys, e.g. ``.pdf``.
        topic_name: the topic that the announcement goes to; also the rule's name.
        key_arn: KMS key that encrypts the topic.
        after: what stands before documents are announced.
        account: where it is.
        ownership: tags.
    """

    bucket: str
    prefix: str
    suffix: str
    topic_name: str
    key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    account: Account
    ownership: Ownership


class Arrivals(pulumi.ComponentResource):
    """An encrypted topic that hears of each matching object; several flows may subscribe without knowing each other.

    EventBridge publishes with a role of its own rather than by a topic policy: SNS then needs no statement for a
    service that acts for every customer, and the key none either
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).

    Args:
        name: logical name.
        args: which documents, and where to.
        opts: carries the AWS provider.

    Source: LAKE-5, FLOW-UIINV-1.
    """

    topic_arn: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: ArrivalsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:Arrivals", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.ownership.tags("datalake", Name=args.topic_name)
        topic = aws.sns.Topic(
            f"{name}-topic", name=args.topic_name, kms_master_key_id=args.key_arn, tags=tags, opts=child
        )
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.topic_name,
            description=f"{args.prefix}*{args.suffix} arrived in {args.bucket}",
            event_pattern=_pattern(args),
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="Lets one EventBridge rule publish to one topic",
            assume_role_policy=service_trust(
                "events.amazonaws.com",
                ("StringEquals", "aws:SourceAccount", args.account.id),
                ("ArnEquals", "aws:SourceArn", args.account.arn("events", f"rule/{args.topic_name}")),
            ),
            tags=tags,
            opts=child,
        )
        statements = [
            Statement(sid="Publish", actions=["sns:Publish"], resources=[topic.arn]),
            Statement(sid="Encrypt", actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[args.key_arn]),
        ]
        policy = aws.iam.RolePolicy(
            f"{name}-policy", role=role.name, policy=render(PolicyKind.IDENTITY, statements), opts=child
        )
        self.ready = aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            target_id="topic",
            arn=topic.arn,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, *args.after]),
        )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})


def _pattern(args: ArrivalsArgs) -> str:
    return json.dumps(
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [args.bucket]},
                "object": {"key": [{"wildcard": f"{args.prefix}*{args.suffix}"}]},
            },
        }
    )
