"""The data lake in Azure Data Lake Storage: zones, incoming documents, and backups beside it.

Source: LAKE-1..8, BACKUP-2, BACKUP-4, BACKUP-8.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.account.azure import Account
from components.datalake.azure_account import Bucket, StorageAccount, StorageAccountArgs
from components.datalake.azure_arrivals import Arrivals, ArrivalsArgs
from components.datalake.lifecycle import Lifecycle, operational_lifecycles
from components.datalake.object_store import BlobStore
from components.encryption.azure import EncryptionKey
from components.logs.azure import Workspace, WorkspaceArgs
from components.network.azure_private_links import PrivateLinks

INVOICES = "invoices"
# software that cannot be told a folder has a container of its own; nothing in it moves between tiers
FURTHER_CONTAINERS = {"kestra": Lifecycle()}


@dataclass(frozen=True)
class DataLakeArgs:
    """What a lake needs.

    Args:
        zones: the lake's zones, each with its lifecycle.
        log_retention_days: days that access logs are kept, 30 to 730.
        protect: whether the engine refuses to delete data.
        key: encrypts all data.
        links: private doors.
        account: where it is; its names begin as the lake's accounts shall.
    """

    zones: Mapping[str, Lifecycle]
    log_retention_days: int
    protect: bool
    key: EncryptionKey
    links: PrivateLinks
    account: Account


class DataLake(pulumi.ComponentResource):
    """A hierarchical account with the zones and the invoices, and another with backups; access logs of both.

    ``buckets`` has the containers by their names: the zones, ``invoices``, ``velero-backups`` and ``backups``. Backups
    are apart, since they live with versions, which a hierarchical account does not keep, and end with other lifecycles.

    Args:
        name: logical name.
        args: zones and names.
        opts: carries the Azure provider.

    Attributes:
        further_buckets: containers that only Azure needs, by name.
        object_store: the Blob API of the hierarchical account.
        backup_account_name: the storage account of the backups.

    Source: LAKE-1..8, BACKUP-2, BACKUP-4, BACKUP-8.
    """

    buckets: Mapping[str, Bucket]
    zones: Mapping[str, pulumi.Output[str]]
    further_buckets: Mapping[str, Bucket]
    object_store: BlobStore
    arrivals_topic_id: pulumi.Output[str]
    backup_account_name: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:DataLake", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = args.account.resource_group(name, "datalake", self._child).name
        workspace = WorkspaceArgs("lake", self._group, args.log_retention_days, args.account)
        self._workspace = Workspace(f"{name}-access-logs", workspace, self._child)
        operational = dict(operational_lifecycles())
        invoices = operational.pop(INVOICES)
        lake = self._account("lake", {**args.zones, INVOICES: invoices, **FURTHER_CONTAINERS}, hierarchical=True)
        backup = self._account("backup", operational, hierarchical=False)
        self.object_store = BlobStore(pulumi.Output.concat(lake.account_name, ".blob.core.windows.net"))
        self.backup_account_name = backup.account_name
        self.further_buckets = {name: lake.buckets[name] for name in FURTHER_CONTAINERS}
        shared = {name: bucket for name, bucket in lake.buckets.items() if name not in FURTHER_CONTAINERS}
        self.buckets = {**shared, **backup.buckets}
        self.zones = {zone: self.buckets[zone].uri for zone in args.zones}
        arrivals = Arrivals(
            f"{name}-{INVOICES}-arrived",
            ArrivalsArgs(
                storage_account_id=lake.id,
                storage_account_name=lake.account_name,
                resource_group_name=self._group,
                container=INVOICES,
                prefix="incoming/",
                suffix=".pdf",
                queue_name=f"{INVOICES}-arrived",
                after=[lake.ready],
                account=args.account,
            ),
            self._child,
        )
        self.arrivals_topic_id = arrivals.topic_id
        self.ready = arrivals.ready
        self.register_outputs({"zones": dict(self.zones)})

    def _account(self, purpose: str, containers: Mapping[str, Lifecycle], *, hierarchical: bool) -> StorageAccount:
        args = self._args
        return StorageAccount(
            f"{self._name}-{purpose}",
            StorageAccountArgs(
                purpose=purpose,
                resource_group_name=self._group,
                containers=containers,
                hierarchical=hierarchical,
                services=("blob", "dfs", "queue") if hierarchical else ("blob",),
                protect=args.protect,
                key=args.key,
                links=args.links,
                workspace_id=self._workspace.id,
                account=args.account,
            ),
            self._child,
        )
