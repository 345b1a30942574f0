"""The record of a network's traffic.

Source: NET-1, SEC-15.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity, network

from components.account.azure import Account
from components.datalake.azure_account import StorageAccount, StorageAccountArgs
from components.datalake.lifecycle import Lifecycle
from components.encryption.azure import EncryptionKey
from components.identity.azure_role import Permission, assign
from components.network.azure_private_links import PrivateLinks

# Azure itself makes one watcher for each location of a subscription, here
_WATCHER_GROUP = "NetworkWatcherRG"
_CONTAINER = "insights-logs-flowlogflowevent"


@dataclass(frozen=True)
class FlowLogsArgs:
    """What a network's record needs.

    Args:
        vnet_id: the network.
        retention_days: days that the record is kept, 1 to 365.
        key: encrypts it.
        links: private doors.
        workspace_id: where the log of the accesses to it goes.
        protect: whether the engine refuses to delete it.
        account: where it is; its names begin as the storage account's shall.
    """

    vnet_id: pulumi.Input[str]
    retention_days: int
    key: EncryptionKey
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    protect: bool
    account: Account


class FlowLogs(pulumi.ComponentResource):
    """Accepted and rejected connections of a network, in an encrypted storage account that has no keys.

    Network Watcher writes as an identity of its own, which may write into this one account.

    Args:
        name: logical name.
        args: the network and its record.
        opts: carries the Azure provider.

    Source: NET-1, SEC-15.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:network:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = args.account
        group = account.resource_group(name, "flow-logs", child).name
        store = StorageAccount(
            f"{name}-store",
            StorageAccountArgs(
                purpose="flow",
                resource_group_name=group,
                containers={_CONTAINER: Lifecycle(expiration_days=args.retention_days, noncurrent_days=1)},
                hierarchical=False,
                services=("blob",),
                protect=args.protect,
                key=args.key,
                links=args.links,
                workspace_id=args.workspace_id,
                account=account,
            ),
            child,
        )
        writer = managedidentity.UserAssignedIdentity(
            f"{name}-writer",
            resource_name_=account.names.name("identity", "flow-logs"),
            resource_group_name=group,
            location=account.region,
            tags=account.ownership.tags("network"),
            opts=child,
        )
        role = assign(f"{name}-writer", writer.principal_id, Permission("blob-contributor", store.id), account, child)
        self.ready = network.FlowLog(
            name,
            flow_log_name=account.names.name("flowLog"),
            network_watcher_name=f"NetworkWatcher_{account.region}",
            resource_group_name=_WATCHER_GROUP,
            location=account.region,
            enabled=True,
            target_resource_id=args.vnet_id,
            storage_id=store.id,
            identity={"type": network.ResourceIdentityType.USER_ASSIGNED, "user_assigned_identities": [writer.id]},
            retention_policy={"enabled": True, "days": args.retention_days},
            format={"type": "JSON", "version": 2},
            tags=account.ownership.tags("network"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role, store.ready]),
        )
        self.register_outputs({})
