"""A key vault that nothing outside the network reaches.

Source: SEC-5, SEC-6, LAKE-1.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from components.account.azure import Account
from components.logs.azure import diagnose
from components.network.azure_private_links import PrivateLinks


@dataclass(frozen=True)
class VaultArgs:
    """What a vault needs.

    Args:
        purpose: what it holds, e.g. ``keys``.
        resource_group_name: the group that it is in.
        deletion_window_days: days that the vault and what is in it can be brought back after a deletion, 7 to 90; in
            these days nobody can end them for good, and the vault's name stays taken.
        protect: whether the engine refuses to delete it.
        links: private doors.
        workspace_id: where its log goes.
        account: where it is.
    """

    purpose: str
    resource_group_name: pulumi.Input[str]
    deletion_window_days: int
    protect: bool
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    account: Account


class Vault(pulumi.ComponentResource):
    """A vault in which roles alone decide, that can be purged by nobody and logs every access.

    Args:
        name: logical name.
        args: what it is for.
        opts: carries the Azure provider.

    Attributes:
        vault_name: its name in Azure.
        id: resource id.
        uri: address.
        ready: gate: it is reached from the network.

    Source: SEC-5, SEC-6, LAKE-1.
    """

    vault_name: pulumi.Output[str]
    id: pulumi.Output[str]
    uri: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:encryption:Vault", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        vault = keyvault.Vault(
            name,
            vault_name=args.account.names.name("vault", args.purpose),
            resource_group_name=args.resource_group_name,
            location=args.account.region,
            properties={
                "tenant_id": args.account.tenant_id,
                "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                "soft_delete_retention_in_days": args.deletion_window_days,
                "enable_purge_protection": True,
                "public_network_access": "Disabled",
                # services that encrypt with a key reach it through Azure's own network
                "network_acls": {"default_action": "Deny", "bypass": "AzureServices"},
            },
            tags=args.account.ownership.tags("vault"),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.vault_name = vault.name
        self.id = vault.id
        self.uri = vault.properties.apply(lambda properties: properties.vault_uri or "")
        diagnose(f"{name}-logs", vault.id, args.workspace_id, child)
        self.ready = args.links.connect(args.purpose, "vault", vault.id)
        self.register_outputs({"uri": self.uri})
