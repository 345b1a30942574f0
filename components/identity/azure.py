"""Cloud permissions of service accounts, through workload identity.

Source: CLU-5, SEC-5, SEC-6.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, managedidentity

from components.account.azure import Account
from components.identity.azure_role import Permission, assign, stable_id
from components.identity.grants import (
    Access,
    Grant,
    GrantError,
    IdentityBinding,
    ServiceAccountReference,
    require_grants,
    require_known,
    require_reading,
    unknown_resource,
)

_AUDIENCE = "api://AzureADTokenExchange"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


@dataclass(frozen=True)
class IdentityArgs:
    """What service accounts can be given.

    Args:
        oidc_issuer: who signs their tokens.
        zones: resource ids of the containers of lake zones, by name.
        buckets: resource ids of other containers, by name.
        vault_id: resource id of the vault with the stack's secrets.
        secrets: resource ids of the secrets, by path.
        dns_zone_id: resource id of the zone of the base domain.
        account: where they are.
    """

    oidc_issuer: pulumi.Input[str]
    zones: Mapping[str, pulumi.Input[str]]
    buckets: Mapping[str, pulumi.Input[str]]
    vault_id: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Input[str]]
    dns_zone_id: pulumi.Input[str]
    account: Account


class Identity(pulumi.ComponentResource):
    """Makes one identity per bound service account, which its tokens are exchanged for.

    Args:
        name: logical name.
        args: what can be given.
        opts: carries the Azure provider.

    Source: CLU-5, SEC-5, SEC-6.
    """

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:identity:Identity", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = args.account.resource_group(name, "identity", self._child).name
        self._challenge_role: authorization.RoleDefinition | None = None
        self.register_outputs({})

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding:
        """Give a service account the access that the grants name, and nothing else.

        Args:
            account: the service account; it need not exist yet.
            grants: at least one.

        Raises:
            GrantError: a grant names a resource that the foundation does not have.
        """
        require_grants(account, grants)
        permissions = {
            f"{position}-{index}": permission
            for position, grant in enumerate(grants)
            for index, permission in enumerate(self._permissions(grant))
        }
        name = f"{self._name}-{account.namespace}-{account.name}"
        identity = self._identity(name, account)
        ready: pulumi.Resource = self._trust(name, account, identity)
        for key, permission in permissions.items():
            # one after the other: who waits for the last waits for all
            opts = pulumi.ResourceOptions(parent=self, depends_on=[ready])
            ready = assign(f"{name}-{key}", identity.principal_id, permission, self._args.account, opts)
        return IdentityBinding(
            annotations={"azure.workload.identity/client-id": identity.client_id},
            pod_labels={"azure.workload.identity/use": "true"},
            ready=ready,
        )

    def _identity(self, name: str, account: ServiceAccountReference) -> managedidentity.UserAssignedIdentity:
        azure = self._args.account
        return managedidentity.UserAssignedIdentity(
            name,
            resource_name_=azure.names.name("identity", account.namespace, account.name),
            resource_group_name=self._group,
            location=azure.region,
            tags=azure.ownership.tags("identity"),
            opts=self._child,
        )

    def _trust(
        self, name: str, account: ServiceAccountReference, identity: managedidentity.UserAssignedIdentity
    ) -> pulumi.Resource:
        return managedidentity.FederatedIdentityCredential(
            name,
            federated_identity_credential_resource_name="pods",
            resource_name_=identity.name,
            resource_group_name=self._group,
            issuer=self._args.oidc_issuer,
            subject=f"system:serviceaccount:{account.namespace}:{account.name}",
            audiences=[_AUDIENCE],
            opts=self._child,
        )

    def _permissions(self, grant: Grant) -> list[Permission]:
        family, _, name = grant.resource.partition("/")
        if family == "lake":
            return [_container_permission(grant, self._named(grant, self._args.zones, name))]
        if family == "bucket":
            return [_container_permission(grant, self._named(grant, self._args.buckets, name))]
        if family == "secret" and not grant.prefix:
            return list(self._secret_permissions(grant, name))
        if family == "dns":
            return [self._record_permission(grant, name)]
        raise unknown_resource(grant)

    def _named(self, grant: Grant, known: Mapping[str, pulumi.Input[str]], name: str) -> pulumi.Input[str]:
        require_known(grant, name, known)
        return known[name]

    def _secret_permissions(self, grant: Grant, prefix: str) -> Iterator[Permission]:
        require_reading(grant)
        if not prefix:
            yield Permission("secrets-user", self._args.vault_id)
            return
        below = [path for path in self._args.secrets if path.startswith(f"{prefix}/")]
        if not below:
            raise GrantError(f"grant {grant.resource!r}: the vault has no secret below {prefix}/")
        for path in below:
            yield Permission("secrets-user", self._args.secrets[path])

    def _record_permission(self, grant: Grant, label: str) -> Permission:
        zone = self._args.dns_zone_id
        if grant.access is Access.READ:
            return Permission("reader", zone)
        return Permission(self._challenges().id if label else "dns-zone-contributor", zone)

    def _challenges(self) -> authorization.RoleDefinition:
        """A role that changes TXT records and nothing else; Azure has none, and knows no labels of records."""
        if self._challenge_role is None:
            account, name = self._args.account, f"{self._name}-challenges"
            self._challenge_role = authorization.RoleDefinition(
                name,
                role_definition_id=stable_id(name, account),
                role_name=account.names.name("identity", "challenges"),
                description="Meets challenges of certificate authorities by TXT records",
                scope=account.scope,
                assignable_scopes=[account.scope],
                permissions=[
                    {
                        "actions": [
                            "Microsoft.Network/dnsZones/read",
                            "Microsoft.Network/dnsZones/TXT/read",
                            "Microsoft.Network/dnsZones/TXT/write",
                            "Microsoft.Network/dnsZones/TXT/delete",
                        ]
                    }
                ],
                opts=self._child,
            )
        return self._challenge_role


def _container_permission(grant: Grant, container_id: pulumi.Input[str]) -> Permission:
    role, prefix = ("blob-contributor" if grant.access is Access.WRITE else "blob-reader"), grant.prefix
    if prefix and not re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)*/", prefix):
        raise GrantError(f"grant {grant.resource!r}: prefix {prefix!r}; allowed are names that each end in a slash")
    return Permission(role, container_id, _inside(prefix) if prefix else None)


def _inside(prefix: str) -> str:
    """The condition that every blob which is read, written or deleted lies in a folder.

    Source: https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples
    """
    actions = "".join(
        f" AND !(ActionMatches{{'{_BLOBS}/{action}'}})"
        for action in ("write", "add/action", "delete", "move/action", "permanentDelete/action")
    )
    reading = f"!(ActionMatches{{'{_BLOBS}/read'}} AND NOT SubOperationMatches{{'Blob.List'}})"
    listing = f"!(ActionMatches{{'{_BLOBS}/read'}} AND SubOperationMatches{{'Blob.List'}})"
    return (
        f"(({reading}{actions}) OR (@Resource[{_BLOBS}:path] StringStartsWith '{prefix}'))"
        f" AND (({listing}) OR (@Request[{_BLOBS}:prefix] StringStartsWith '{prefix}'))"
    )
