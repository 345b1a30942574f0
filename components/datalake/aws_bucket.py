"""A private, encrypted, versioned S3 bucket.

Source: LAKE-1, LAKE-3, BACKUP-8.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.datalake.lifecycle import Lifecycle
from components.identity.policy_document import Statement, render
from components.identity.policy_linter import PolicyKind
from components.ownership import Ownership

_ALGORITHM_HEADER = "s3:x-amz-server-side-encryption"
_KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_OLDEST_TLS = "1.2"
_MULTIPART_DAYS = 7


@dataclass(frozen=True)
class LogDestination:
    """Where a bucket's access log goes; ``ready`` is the gate after which the bucket takes it."""

    bucket: pulumi.Input[str]
    ready: pulumi.Resource


@dataclass(frozen=True)
class BucketArgs:
    """What a bucket needs.

    Args:
        bucket: its name, unique in the world.
        lifecycle: when objects move and end.
        protect: whether the engine refuses to delete it; if not, it is deleted with its content.
        account: where it is.
        ownership: tags.
        key_arn: KMS key; None: S3's own keys, for a bucket that takes access logs (S3 delivers them no other way).
        log: where its access log goes.
        eventbridge: whether it tells EventBridge of every object.
        statements: what its policy allows beyond the account's own IAM.
    """

    bucket: str
    lifecycle: Lifecycle
    protect: bool
    account: Account
    ownership: Ownership
    key_arn: pulumi.Input[str] | None = None
    log: LogDestination | None = None
    eventbridge: bool = False
    statements: Sequence[Statement] = ()


class Bucket(pulumi.ComponentResource):
    """A bucket that no policy and no ACL can make public, that speaks TLS 1.2 or newer and takes its own key only.

    Args:
        name: logical name.
        args: name, key and lifecycle.
        opts: carries the AWS provider.

    Source: LAKE-1, LAKE-3, BACKUP-8.
    """

    bucket: pulumi.Output[str]
    arn: str
    key_arn: pulumi.Input[str] | None
    uri: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:Bucket", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        resource = aws.s3.Bucket(
            name,
            bucket=args.bucket,
            force_destroy=not args.protect,
            tags=args.ownership.tags("datalake", Name=args.bucket),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.arn = args.account.bucket_arn(args.bucket)
        self.key_arn = args.key_arn
        self.bucket = resource.bucket
        self.uri = self.bucket.apply(lambda bucket: f"s3://{bucket}")
        self.ready = self._close([self._encrypt(), self._keep_versions()])
        self._log()
        self.register_outputs({"bucket": self.bucket})

    def _encrypt(self) -> pulumi.Resource:
        default = (
            aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                sse_algorithm="aws:kms", kms_master_key_id=self._args.key_arn
            )
            if self._args.key_arn is not None
            else aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                sse_algorithm="AES256"
            )
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=self.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default,
                    bucket_key_enabled=self._args.key_arn is not None,
                )
            ],
            opts=self._child,
        )

    def _keep_versions(self) -> pulumi.Resource:
        versioning = aws.s3.BucketVersioning(
            f"{self._name}-versioning",
            bucket=self.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._child,
        )
        return aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle",
            bucket=self.bucket,
            rules=[_rule(self._args.lifecycle)],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _close(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """Ownership, public-access block and policy; one after the other, since S3 refuses two of them at once."""
        ownership = aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=self.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._child,
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access",
            bucket=self.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ownership]),
        )
        return aws.s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.bucket,
            policy=render(PolicyKind.RESOURCE, [*self._denials(), *self._args.statements]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block, *after]),
        )

    def _denials(self) -> list[Statement]:
        whole = [self.arn, f"{self.arn}/*"]
        statements = [
            _deny("DenyPlainHttp", ["s3:*"], whole, {"Bool": {"aws:SecureTransport": "false"}}),
            _deny("DenyOldTls", ["s3:*"], whole, {"NumericLessThan": {"s3:TlsVersion": _OLDEST_TLS}}),
        ]
        if self._args.key_arn is None:
            return statements
        return [
            *statements,
            _deny(
                "DenyOtherEncryption",
                ["s3:PutObject"],
                whole[1:],
                {"Null": {_ALGORITHM_HEADER: "false"}, "StringNotEquals": {_ALGORITHM_HEADER: "aws:kms"}},
            ),
            _deny(
                "DenyOtherKey",
                ["s3:PutObject"],
                whole[1:],
                {"Null": {_KEY_HEADER: "false"}, "StringNotEquals": {_KEY_HEADER: self._args.key_arn}},
            ),
        ]

    def _log(self) -> None:
        if self._args.log:
            aws.s3.BucketLogging(
                f"{self._name}-log",
                bucket=self.bucket,
                target_bucket=self._args.log.bucket,
                target_prefix=f"{self._args.bucket}/",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self._args.log.ready]),
            )
        if self._args.eventbridge:
            aws.s3.BucketNotification(f"{self._name}-events", bucket=self.bucket, eventbridge=True, opts=self._child)


def _deny(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: dict[str, dict[str, pulumi.Input[str]]],
) -> Statement:
    return Statement(
        sid=sid,
        effect="Deny",
        actions=actions,
        resources=resources,
        principals={"AWS": "*"},
        conditions=conditions,
    )


def _rule(lifecycle: Lifecycle) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    steps = (("STANDARD_IA", lifecycle.infrequent_access_days), ("GLACIER_IR", lifecycle.archive_days))
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="lifecycle",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        transitions=[
            aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(storage_class=storage_class, days=days)
            for storage_class, days in steps
            if days is not None
        ],
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=lifecycle.expiration_days)
        if lifecycle.expiration_days is not None
        else None,
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=lifecycle.noncurrent_days
        ),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=_MULTIPART_DAYS
        ),
    )
