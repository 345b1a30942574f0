"""As whom an AKS cluster and its nodes act in Azure.

Source: CLU-2, CLU-5, SEC-5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from components.account.azure import Account
from components.encryption.azure import EncryptionKey
from components.identity.azure_role import Permission, assign


@dataclass(frozen=True)
class ClusterIdentitiesArgs:
    """What a cluster may touch.

    Args:
        resource_group_name: the cluster's.
        subnet_ids: where it puts nodes, load balancers and the API server.
        secrets_key: key around Kubernetes Secrets.
        disk_encryption_set_id: encrypts disks and volumes.
        account: where they are.
    """

    resource_group_name: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    secrets_key: EncryptionKey
    disk_encryption_set_id: pulumi.Input[str]
    account: Account


class ClusterIdentities(pulumi.ComponentResource):
    """The control plane's identity, with just the roles that it needs, and the nodes', which has none by itself.

    Args:
        name: logical name.
        args: what they may touch.
        opts: carries the Azure provider.

    Attributes:
        cluster_identity_id: of the control plane.
        kubelet_identity_id: of the nodes.
        kubelet_principal_id: object id of the nodes' identity.
        ready: gates: every role is given.

    Source: CLU-2, CLU-5, SEC-5; https://learn.microsoft.com/azure/aks/concepts-identity,
    https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption
    """

    cluster_identity_id: pulumi.Output[str]
    kubelet_identity_id: pulumi.Output[str]
    kubelet_principal_id: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: ClusterIdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:ClusterIdentities", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        cluster, kubelet = self._identity("control-plane"), self._identity("kubelet")
        subnets = {
            f"subnet-{position}": Permission("network-contributor", subnet)
            for position, subnet in enumerate(args.subnet_ids)
        }
        permissions = {
            **subnets,
            "kubelet": Permission("managed-identity-operator", kubelet.id),
            "secrets-key": Permission("crypto-user", args.secrets_key.id),
            # it opens a private door of its own to the vault
            "secrets-vault": Permission("key-vault-contributor", args.secrets_key.vault_id),
            "disks": Permission("reader", args.disk_encryption_set_id),
        }
        self.ready = [
            assign(f"{name}-{what}", cluster.principal_id, permission, args.account, self._child)
            for what, permission in permissions.items()
        ]
        self.cluster_identity_id = cluster.id
        self.kubelet_identity_id = kubelet.id
        self.kubelet_principal_id = kubelet.principal_id
        self.register_outputs({})

    def _identity(self, purpose: str) -> managedidentity.UserAssignedIdentity:
        account = self._args.account
        return managedidentity.UserAssignedIdentity(
            f"{self._name}-{purpose}",
            resource_name_=account.names.name("identity", purpose),
            resource_group_name=self._args.resource_group_name,
            location=account.region,
            tags=account.ownership.tags("cluster"),
            opts=self._child,
        )
