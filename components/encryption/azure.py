"""Keys in Key Vault, one for each kind of data.

Source: LAKE-1, SEC-5, CLU-17.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
from pulumi_azure_native import compute, keyvault, managedidentity

from components.account.azure import Account
from components.encryption.azure_vault import Vault, VaultArgs
from components.identity.azure_role import Permission, assign
from components.network.azure_private_links import PrivateLinks


class KeyPurpose(StrEnum):
    """What a key encrypts; also its name."""

    CLUSTER = "cluster"
    VOLUMES = "volumes"
    LAKE = "lake"
    REGISTRY = "registry"
    DATABASE = "database"


@dataclass(frozen=True)
class EncryptionKey:
    """A key, and the identity as which services use it.

    Args:
        vault_uri: address of its vault.
        vault_id: resource id of its vault.
        name: of the key.
        id: resource id of the key.
        uri: address of the newest version.
        identity_id: resource id of the identity.
        client_id: application id of the identity.
        ready: gate: the identity may use the key.
    """

    vault_uri: pulumi.Output[str]
    vault_id: pulumi.Output[str]
    name: pulumi.Output[str]
    id: pulumi.Output[str]
    uri: pulumi.Output[str]
    identity_id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    ready: pulumi.Resource


@dataclass(frozen=True)
class EncryptionArgs:
    """Which keys a stack has.

    Args:
        purposes: the keys to make, ``VOLUMES`` among them.
        deletion_window_days: days that a deleted key or vault can be brought back, 7 to 90.
        protect: whether the engine refuses to delete keys; without its key, data is lost.
        links: private doors.
        workspace_id: where the vault's log goes.
        account: where they are.
    """

    purposes: Sequence[KeyPurpose]
    deletion_window_days: int
    protect: bool
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    account: Account


class Encryption(pulumi.ComponentResource):
    """Customer-managed keys that rotate every year, in a vault that nothing outside the network reaches.

    Each key has an identity of its own, which may wrap and unwrap with this key and do nothing else; services take that
    identity. Disks take their key through the disk encryption set, which follows the key's newest version.

    Args:
        name: logical name.
        args: purposes.
        opts: carries the Azure provider.

    Attributes:
        disk_encryption_set_id: encrypts disks and volumes.
        ready: gate: the disk encryption set stands, and the vault is reached from the network.

    Source: LAKE-1, SEC-5, CLU-17.
    """

    disk_encryption_set_id: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:encryption:Encryption", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.account.ownership.tags("encryption")
        self._group = args.account.resource_group(name, "encryption", self._child).name
        self._vault = Vault(
            f"{name}-vault",
            VaultArgs(
                purpose="keys",
                resource_group_name=self._group,
                deletion_window_days=args.deletion_window_days,
                protect=args.protect,
                links=args.links,
                workspace_id=args.workspace_id,
                account=args.account,
            ),
            self._child,
        )
        self._keys = {purpose: self._key(purpose) for purpose in args.purposes}
        disks = self._disk_encryption_set(self._keys[KeyPurpose.VOLUMES])
        self.disk_encryption_set_id = disks.id
        self.ready = disks
        self.register_outputs({"disk_encryption_set_id": self.disk_encryption_set_id})

    def key(self, purpose: KeyPurpose) -> EncryptionKey:
        """The key for a purpose.

        Raises:
            KeyError: the stack has no such key.
        """
        return self._keys[purpose]

    def _key(self, purpose: KeyPurpose) -> EncryptionKey:
        name, account = f"{self._name}-{purpose}", self._args.account
        key = keyvault.Key(
            name,
            key_name=purpose.value,
            vault_name=self._vault.vault_name,
            resource_group_name=self._group,
            properties={
                "kty": "RSA",
                "key_size": 3072,
                "key_ops": ["wrapKey", "unwrapKey", "encrypt", "decrypt"],
                "rotation_policy": {
                    "attributes": {"expiry_time": "P2Y"},
                    "lifetime_actions": [
                        {
                            "action": {"type": keyvault.KeyRotationPolicyActionType.ROTATE},
                            "trigger": {"time_after_create": "P1Y"},
                        },
                        {
                            "action": {"type": keyvault.KeyRotationPolicyActionType.NOTIFY},
                            "trigger": {"time_before_expiry": "P30D"},
                        },
                    ],
                },
            },
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect, retain_on_delete=self._args.protect),
        )
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_name_=account.names.name("identity", "key", purpose.value),
            resource_group_name=self._group,
            location=account.region,
            tags=self._tags,
            opts=self._child,
        )
        permission = Permission("crypto-encryption-user", key.id)
        ready = assign(name, identity.principal_id, permission, account, self._child)
        return EncryptionKey(
            vault_uri=self._vault.uri,
            vault_id=self._vault.id,
            name=key.name,
            id=key.id,
            uri=key.key_uri_with_version,
            identity_id=identity.id,
            client_id=identity.client_id,
            ready=ready,
        )

    def _disk_encryption_set(self, key: EncryptionKey) -> compute.DiskEncryptionSet:
        account = self._args.account
        return compute.DiskEncryptionSet(
            f"{self._name}-disks",
            disk_encryption_set_name=account.names.name("diskEncryptionSet", "disks"),
            resource_group_name=self._group,
            location=account.region,
            encryption_type="EncryptionAtRestWithCustomerKey",
            identity={"type": "UserAssigned", "user_assigned_identities": [key.identity_id]},
            active_key={"key_url": key.uri, "source_vault": {"id": key.vault_id}},
            rotation_to_latest_key_version_enabled=True,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[key.ready, self._vault.ready],
                # the set itself moves on to a new version of the key
                ignore_changes=["activeKey.keyUrl"],
            ),
        )
