"""Generated credentials in Key Vault, and how the cluster reads them.

Source: SEC-5, SEC-6, SEC-10, DB-2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from components.account.azure import Account
from components.encryption.azure_vault import Vault, VaultArgs
from components.network.azure_private_links import PrivateLinks
from components.secrets import GeneratedSecret, SecretStoreSpecification, random_values


@dataclass(frozen=True)
class SecretsArgs:
    """Which secrets a stack has.

    Args:
        generated: secrets to make, at least one.
        supplied: paths of secrets that people put into the vault.
        recovery_window_days: days that a deleted secret can be brought back, 7 to 90.
        protect: whether the engine refuses to delete the vault.
        links: private doors.
        workspace_id: where the vault's log goes.
        account: where it is.
        renewed_on: day of the last renewal; another one makes new values.
    """

    generated: Sequence[GeneratedSecret]
    supplied: Sequence[str]
    recovery_window_days: int
    protect: bool
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    account: Account
    renewed_on: str


class Secrets(pulumi.ComponentResource):
    """The stack's own vault; a secret is called as its path, with two hyphens for a slash.

    Passwords are made here and go nowhere but into the vault, and to the database that the cloud runs; pods get them
    through External Secrets. They are written through Azure's management, so that the vault needs no way in.

    Args:
        name: logical name.
        args: which secrets.
        opts: carries the Azure provider.

    Attributes:
        names: what the vault calls each secret, by path.
        ids: resource ids of the secrets, by path; also of those that people will put there.
        vault_id: resource id of the vault.

    Source: SEC-5, SEC-6, SEC-10, SEC-11, DB-2.
    """

    names: Mapping[str, pulumi.Output[str]]
    ids: Mapping[str, pulumi.Output[str]]
    vault_id: pulumi.Output[str]
    store: SecretStoreSpecification
    ready: pulumi.Resource

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:secrets:Secrets", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        account = args.account
        self._group = account.resource_group(name, "secrets", self._child).name
        self._vault = Vault(
            f"{name}-vault",
            VaultArgs(
                purpose="sec",
                resource_group_name=self._group,
                deletion_window_days=args.recovery_window_days,
                protect=args.protect,
                links=args.links,
                workspace_id=args.workspace_id,
                account=account,
            ),
            self._child,
        )
        self.vault_id = self._vault.id
        self._values: dict[str, Mapping[str, pulumi.Output[str]]] = {}
        secrets = {item.path: self._secret(item) for item in args.generated}
        self.ready = self._vault.ready
        supplied = {path: pulumi.Output.from_input(vault_name(path)) for path in args.supplied}
        self.names = {**supplied, **{path: secret.name for path, secret in secrets.items()}}
        self.ids = {path: pulumi.Output.concat(self.vault_id, "/secrets/", vault_name(path)) for path in self.names}
        # no credentials in the store: the operator's own identity reads, and only this vault
        self.store = SecretStoreSpecification(
            "azure-key-vault",
            {"azurekv": {"authType": "WorkloadIdentity", "vaultUrl": self._vault.uri, "tenantId": account.tenant_id}},
        )
        self.register_outputs({"names": dict(self.names)})

    def value(self, path: str, key: str) -> pulumi.Output[str]:
        """A generated value, for the one service of the cloud that must be told it.

        Raises:
            KeyError: no such value is made here.
        """
        return self._values[path][key]

    def _secret(self, item: GeneratedSecret) -> keyvault.Secret:
        args, name = self._args, f"{self._name}-{item.path.replace('/', '-')}"
        values = random_values(name, item, args.renewed_on, self._child)
        self._values[item.path] = values
        return keyvault.Secret(
            name,
            secret_name=vault_name(item.path),
            vault_name=self._vault.vault_name,
            resource_group_name=self._group,
            properties={
                "value": pulumi.Output.secret(pulumi.Output.json_dumps({**item.fixed, **values})),
                "content_type": "application/json",
                "attributes": {"enabled": True},
            },
            tags=args.account.ownership.tags("secrets"),
            opts=self._child,
        )


def vault_name(path: str) -> str:
    """What the vault calls a secret: it takes letters, digits and hyphens."""
    return path.replace("/", "--")
