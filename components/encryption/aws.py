"""KMS keys, one for each kind of data.

Source: LAKE-1, SEC-5, CLU-17.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.identity.policy_document import Statement, render
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership

_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
_THIS_KEY = ("*",)


class KeyPurpose(StrEnum):
    """What a key encrypts; also the last part of its alias."""

    CLUSTER = "cluster"
    VOLUMES = "volumes"
    LOGS = "logs"
    LAKE = "lake"
    SECRETS = "secrets"
    REGISTRY = "registry"
    DATABASE = "database"


@dataclass(frozen=True)
class EncryptionArgs:
    """Which keys a stack has.

    Args:
        prefix: first part of the aliases (``alias/<prefix>/<purpose>``) and of the log groups that may use the log key.
        purposes: the keys to make, at least one.
        deletion_window_days: days between an order to delete a key and its end, 7 to 30.
        protect: whether the engine refuses to delete keys; without its key, data is lost.
        account: where they are.
        ownership: tags.
    """

    prefix: str
    purposes: Sequence[KeyPurpose]
    deletion_window_days: int
    protect: bool
    account: Account
    ownership: Ownership


class Encryption(pulumi.ComponentResource):
    """Customer-managed keys that rotate every year.

    The account's IAM policies govern each key; beyond that a key lets in only the AWS services that need it, on behalf
    of this account alone.

    Args:
        name: logical name.
        args: purposes.
        opts: carries the AWS provider.

    Source: LAKE-1, SEC-5, CLU-17.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:encryption:Encryption", name, None, opts)
        aliases: list[pulumi.Resource] = []
        self._arns: dict[KeyPurpose, pulumi.Output[str]] = {}
        for purpose in args.purposes:
            statements = [_administration(args.account), *_SERVICES[purpose](args.account, args.prefix)]
            key = aws.kms.Key(
                f"{name}-{purpose}",
                description=f"{args.prefix}: {purpose}",
                enable_key_rotation=True,
                deletion_window_in_days=args.deletion_window_days,
                policy=render(PolicyKind.KEY, statements),
                tags=args.ownership.tags("encryption", Name=f"{args.prefix}-{purpose}"),
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
            )
            alias = aws.kms.Alias(
                f"{name}-{purpose}",
                name=f"alias/{args.prefix}/{purpose}",
                target_key_id=key.key_id,
                opts=pulumi.ResourceOptions(parent=self, depends_on=aliases[-1:]),
            )
            aliases.append(alias)
            self._arns[purpose] = key.arn
        self.ready = aliases[-1]
        self.register_outputs({purpose.value: arn for purpose, arn in self._arns.items()})

    def arn(self, purpose: KeyPurpose) -> pulumi.Output[str]:
        """ARN of the key for a purpose.

        Raises:
            KeyError: the stack has no such key.
        """
        return self._arns[purpose]


def _administration(account: Account) -> Statement:
    return Statement(
        sid="AccountAdministration",
        actions=["kms:*"],
        resources=_THIS_KEY,
        principals={"AWS": account.root},
    )


def _only_through_iam(_account: Account, _prefix: str) -> list[Statement]:
    return []


def _volumes(account: Account, _prefix: str) -> list[Statement]:
    """EC2 on behalf of anybody in this account who may make a volume: nodes come from an auto-scaling group's role."""
    conditions = {
        "StringEquals": {"kms:CallerAccount": account.id, "kms:ViaService": f"ec2.{account.region}.amazonaws.com"}
    }
    return [
        Statement(
            sid="VolumesOfThisAccount",
            actions=[*_USE, "kms:CreateGrant", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            resources=_THIS_KEY,
            principals={"AWS": "*"},
            conditions=conditions,
        )
    ]


def _logs(account: Account, prefix: str) -> list[Statement]:
    groups = [account.arn("logs", f"log-group:/aws/{kind}/{prefix}/*") for kind in ("eks", "rds/instance", "vpc")]
    return [
        Statement(
            sid="LogGroupsOfThisStack",
            actions=_USE,
            resources=_THIS_KEY,
            principals={"Service": f"logs.{account.region}.amazonaws.com"},
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    ]


_SERVICES: Mapping[KeyPurpose, Callable[[Account, str], list[Statement]]] = {
    KeyPurpose.CLUSTER: _only_through_iam,
    KeyPurpose.VOLUMES: _volumes,
    KeyPurpose.LOGS: _logs,
    KeyPurpose.LAKE: _only_through_iam,
    KeyPurpose.SECRETS: _only_through_iam,
    KeyPurpose.REGISTRY: _only_through_iam,
    KeyPurpose.DATABASE: _only_through_iam,
}
