"""A registry for the images that the platform builds.

Source: A-5, A-18, SEC-16, POL-6.
"""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry

from components.account.azure import Account
from components.encryption.azure import EncryptionKey
from components.identity.azure_role import Permission, assign
from components.logs.azure import diagnose
from components.network.azure_private_links import PrivateLinks

_UNTAGGED_DAYS = 7


@dataclass(frozen=True)
class RegistryArgs:
    """What the registry needs.

    Args:
        key: encrypts the images.
        puller_principal_id: object id of the identity of the nodes, which pull.
        protect: whether the engine refuses to delete it.
        links: private doors.
        workspace_id: where its log goes.
        account: where it is.
    """

    key: EncryptionKey
    puller_principal_id: pulumi.Input[str]
    protect: bool
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    account: Account


class Registry(pulumi.ComponentResource):
    """A registry over all zones that only the network reaches; untagged images end after a week.

    It is of the premium tier in every profile: the others have neither private doors nor keys of one's own, and an
    image that runs in production is an image that was tried before.

    Args:
        name: logical name.
        args: key and puller.
        opts: carries the Azure provider.

    Source: A-5, A-18, SEC-16, POL-6.
    """

    url: pulumi.Output[str]
    ready: pulumi.Resource

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:registry:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, key = args.account, args.key
        registry = containerregistry.Registry(
            name,
            registry_name=account.names.name("registry"),
            resource_group_name=account.resource_group(name, "registry", child).name,
            location=account.region,
            sku={"name": "Premium"},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access="Disabled",
            network_rule_bypass_options="AzureServices",
            zone_redundancy="Enabled",
            identity={
                "type": containerregistry.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": key.identity_id.apply(_only),
            },
            encryption={
                "status": "enabled",
                "key_vault_properties": {"identity": key.client_id, "key_identifier": _versionless(key)},
            },
            policies={
                "retention_policy": {"status": "enabled", "days": _UNTAGGED_DAYS},
                "export_policy": {"status": "disabled"},
            },
            tags=account.ownership.tags("registry"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[key.ready], protect=args.protect),
        )
        assign(f"{name}-pull", args.puller_principal_id, Permission("registry-pull", registry.id), account, child)
        diagnose(f"{name}-logs", registry.id, args.workspace_id, child)
        self.url = registry.login_server
        self.ready = args.links.connect("images", "registry", registry.id)
        self.register_outputs({"url": self.url})


def _versionless(key: EncryptionKey) -> pulumi.Output[str]:
    """Address of the key without a version: the registry follows the newest one."""
    return pulumi.Output.concat(key.vault_uri, "keys/", key.name)


def _only(identity_id: str) -> dict[str, containerregistry.UserIdentityPropertiesArgsDict]:
    return {identity_id: {}}
