"""A private, encrypted storage account and its containers.

Source: LAKE-1, LAKE-3, BACKUP-8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from components.account.azure import Account
from components.datalake.lifecycle import Lifecycle
from components.encryption.azure import EncryptionKey
from components.logs.azure import diagnose
from components.network.azure_private_links import PrivateLinks


@dataclass(frozen=True)
class StorageAccountArgs:
    """What a storage account needs.

    Args:
        purpose: what it holds: the end of its name.
        resource_group_name: the group that it is in.
        containers: the lifecycle of each container, by name.
        hierarchical: whether containers have real folders (a data lake); else they keep versions.
        services: kinds of service that are reached through private doors: ``blob``, ``dfs``, ``queue``.
        protect: whether the engine refuses to delete it.
        key: encrypts everything.
        links: private doors.
        workspace_id: where its access log goes.
        account: where it is.
    """

    purpose: str
    resource_group_name: pulumi.Input[str]
    containers: Mapping[str, Lifecycle]
    hierarchical: bool
    services: Sequence[str]
    protect: bool
    key: EncryptionKey
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    account: Account


@dataclass(frozen=True)
class Bucket:
    """A container.

    Args:
        bucket: its name, unique in its storage account.
        id: resource id.
        uri: address for software that reads data lakes.
    """

    bucket: pulumi.Output[str]
    id: pulumi.Output[str]
    uri: pulumi.Output[str]


class StorageAccount(pulumi.ComponentResource):
    """Storage over all zones that no container can make public, that has no keys and speaks TLS 1.2 or newer.

    What is overwritten or deleted can be brought back: a hierarchical account keeps it as deleted, another one as an
    older version.

    Args:
        name: logical name.
        args: name, key and lifecycles.
        opts: carries the Azure provider.

    Attributes:
        account_name: its name in Azure.
        id: resource id.
        buckets: its containers.
        ready: gate: it is reached from the network.

    Source: LAKE-1, LAKE-3, BACKUP-8.
    """

    account_name: pulumi.Output[str]
    id: pulumi.Output[str]
    buckets: Mapping[str, Bucket]
    ready: pulumi.Resource

    def __init__(self, name: str, args: StorageAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:StorageAccount", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        account = self._account()
        self.account_name = account.name
        self.id = account.id
        recovery = self._recovery()
        self._lifecycle(recovery)
        self.buckets = {short: self._container(short) for short in args.containers}
        for kind in ("blob", *(["queue"] if "queue" in args.services else [])):
            service = pulumi.Output.concat(account.id, f"/{kind}Services/default")
            diagnose(f"{name}-{kind}-logs", service, args.workspace_id, self._child)
        self.ready = [args.links.connect(args.purpose, service, account.id) for service in args.services][-1]
        self.register_outputs({"account_name": self.account_name})

    def _account(self) -> storage.StorageAccount:
        args = self._args
        key = args.key
        encrypted: storage.EncryptionServiceArgsDict = {"enabled": True, "key_type": "Account"}
        return storage.StorageAccount(
            self._name,
            account_name=args.account.names.name("storageAccount", args.purpose),
            resource_group_name=args.resource_group_name,
            location=args.account.region,
            kind="StorageV2",
            sku={"name": "Standard_ZRS"},
            access_tier=storage.AccessTier.HOT,
            is_hns_enabled=args.hierarchical,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            default_to_o_auth_authentication=True,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            public_network_access="Disabled",
            network_rule_set={"default_action": storage.DefaultAction.DENY, "bypass": "AzureServices"},
            identity={"type": "UserAssigned", "user_assigned_identities": [key.identity_id]},
            encryption={
                "key_source": "Microsoft.Keyvault",
                # without a version it follows the key's newest one
                "key_vault_properties": {"key_name": key.name, "key_vault_uri": key.vault_uri},
                "encryption_identity": {"encryption_user_assigned_identity": key.identity_id},
                "require_infrastructure_encryption": True,
                "services": {"blob": encrypted, "file": encrypted, "queue": encrypted, "table": encrypted},
            },
            tags=args.account.ownership.tags("datalake"),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[key.ready], protect=args.protect, retain_on_delete=args.protect
            ),
        )

    def _recovery(self) -> pulumi.Resource:
        args = self._args
        days = max(lifecycle.noncurrent_days for lifecycle in args.containers.values())
        return storage.BlobServiceProperties(
            f"{self._name}-recovery",
            blob_services_name="default",
            account_name=self.account_name,
            resource_group_name=args.resource_group_name,
            delete_retention_policy={"enabled": True, "days": days},
            container_delete_retention_policy={"enabled": True, "days": days},
            is_versioning_enabled=not args.hierarchical,
            opts=self._child,
        )

    def _lifecycle(self, after: pulumi.Resource) -> None:
        storage.ManagementPolicy(
            f"{self._name}-lifecycle",
            management_policy_name="default",
            account_name=self.account_name,
            resource_group_name=self._args.resource_group_name,
            policy={"rules": [_rule(name, row, self._args) for name, row in self._args.containers.items()]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after]),
        )

    def _container(self, short: str) -> Bucket:
        container = storage.BlobContainer(
            f"{self._name}-{short}",
            container_name=short,
            account_name=self.account_name,
            resource_group_name=self._args.resource_group_name,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect, retain_on_delete=self._args.protect),
        )
        uri = pulumi.Output.concat("abfss://", container.name, "@", self.account_name, ".dfs.core.windows.net")
        return Bucket(container.name, container.id, uri)


def _rule(name: str, lifecycle: Lifecycle, args: StorageAccountArgs) -> storage.ManagementPolicyRuleArgsDict:
    """Cool for the infrequent tier, cold for the archive: what is archived stays readable at once."""
    base: storage.ManagementPolicyBaseBlobArgsDict = {}
    if lifecycle.infrequent_access_days is not None:
        base["tier_to_cool"] = {"days_after_modification_greater_than": lifecycle.infrequent_access_days}
    if lifecycle.archive_days is not None:
        base["tier_to_cold"] = {"days_after_modification_greater_than": lifecycle.archive_days}
    if lifecycle.expiration_days is not None:
        base["delete"] = {"days_after_modification_greater_than": lifecycle.expiration_days}
    actions: storage.ManagementPolicyActionArgsDict = {}
    if base:
        actions["base_blob"] = base
    days = lifecycle.noncurrent_days
    if args.hierarchical:
        actions["snapshot"] = {"delete": {"days_after_creation_greater_than": days}}
    else:
        actions["version"] = {"delete": {"days_after_creation_greater_than": days}}
    return {
        "name": name,
        "type": "Lifecycle",
        "enabled": True,
        "definition": {
            "actions": actions,
            "filters": {"blob_types": ["blockBlob"], "prefix_match": [f"{name}/"]},
        },
    }
