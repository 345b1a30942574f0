"""The data lake in S3: zones, incoming documents, backups, and the catalogue of the zones' tables.

Source: LAKE-1..8, BACKUP-2, BACKUP-4, BACKUP-8.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account.aws import Account
from components.datalake.aws_arrivals import Arrivals, ArrivalsArgs
from components.datalake.aws_bucket import Bucket, BucketArgs, LogDestination
from components.datalake.lifecycle import Lifecycle, operational_lifecycles
from components.identity.policy_document import Statement
from components.ownership import Ownership

INVOICES = "invoices"
_ACCESS_LOGS = "access-logs"


@dataclass(frozen=True)
class DataLakeArgs:
    """What a lake needs.

    Args:
        prefix: start of every bucket's name.
        zones: the lake's zones, each with its lifecycle.
        log_retention_days: days that access logs are kept.
        protect: whether the engine refuses to delete data.
        key_arn: KMS key of all data.
        catalogue_prefix: start of the catalogue databases' names.
        account: where it is.
        ownership: tags.
    """

    prefix: str
    zones: Mapping[str, Lifecycle]
    log_retention_days: int
    protect: bool
    key_arn: pulumi.Input[str]
    catalogue_prefix: str
    account: Account
    ownership: Ownership


class DataLake(pulumi.ComponentResource):
    """Buckets for the zones and for invoices, backups of the cluster and of the database; access logs of all of them.

    ``buckets`` has the buckets by their short names: the zones, ``invoices``, ``velero-backups`` and ``backups``; in
    the cloud each is called ``<prefix>-<short name>``.

    Args:
        name: logical name.
        args: zones and names.
        opts: carries the AWS provider.

    Source: LAKE-1..8, BACKUP-2, BACKUP-4, BACKUP-8.
    """

    buckets: Mapping[str, Bucket]
    zones: Mapping[str, pulumi.Output[str]]
    arrivals_topic_arn: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:DataLake", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        log_bucket = self._access_logs()
        log = LogDestination(bucket=log_bucket.bucket, ready=log_bucket.ready)
        lifecycles = {**args.zones, **operational_lifecycles()}
        self.buckets = {short: self._bucket(short, lifecycle, log) for short, lifecycle in lifecycles.items()}
        self.zones = {zone: self.buckets[zone].uri for zone in args.zones}
        for zone in args.zones:
            self._catalogue(zone)
        arrivals = Arrivals(
            f"{name}-{INVOICES}-arrived",
            ArrivalsArgs(
                bucket=f"{args.prefix}-{INVOICES}",
                prefix="incoming/",
                suffix=".pdf",
                topic_name=f"{args.prefix}-{INVOICES}-arrived",
                key_arn=args.key_arn,
                after=[bucket.ready for bucket in self.buckets.values()],
                account=args.account,
                ownership=args.ownership,
            ),
            self._child,
        )
        self.arrivals_topic_arn = arrivals.topic_arn
        self.ready = arrivals.ready
        self.register_outputs({"zones": dict(self.zones)})

    def _bucket(self, short: str, lifecycle: Lifecycle, log: LogDestination) -> Bucket:
        return Bucket(
            f"{self._name}-{short}",
            BucketArgs(
                bucket=f"{self._args.prefix}-{short}",
                lifecycle=lifecycle,
                protect=self._args.protect,
                account=self._args.account,
                ownership=self._args.ownership,
                key_arn=self._args.key_arn,
                log=log,
                eventbridge=short == INVOICES,
            ),
            self._child,
        )

    def _access_logs(self) -> Bucket:
        account = self._args.account
        bucket = f"{self._args.prefix}-{_ACCESS_LOGS}"
        delivery = Statement(
            sid="AccessLogsOfThisStack",
            actions=["s3:PutObject"],
            resources=[account.bucket_arn(f"{bucket}/*")],
            principals={"Service": "logging.s3.amazonaws.com"},
            conditions={
                "StringEquals": {"aws:SourceAccount": account.id},
                "ArnLike": {"aws:SourceArn": account.bucket_arn(f"{self._args.prefix}-*")},
            },
        )
        return Bucket(
            f"{self._name}-{_ACCESS_LOGS}",
            BucketArgs(
                bucket=bucket,
                lifecycle=Lifecycle(expiration_days=self._args.log_retention_days, noncurrent_days=1),
                protect=self._args.protect,
                account=account,
                ownership=self._args.ownership,
                statements=[delivery],
            ),
            self._child,
        )

    def _catalogue(self, zone: str) -> None:
        aws.glue.CatalogDatabase(
            f"{self._name}-{zone}",
            name=f"{self._args.catalogue_prefix}_{zone}".replace("-", "_").lower(),
            description=f"Tables of the {zone} zone",
            location_uri=self.zones[zone],
            tags=self._args.ownership.tags("datalake"),
            opts=self._child,
        )
