"""PostgreSQL run by Azure.

Source: DB-1, DB-8, A-35, A-43.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import authorization, dbforpostgresql

from components.account.azure import Account
from components.database.managed import ManagedDatabase
from components.encryption.azure import EncryptionKey
from components.logs.azure import diagnose
from components.network.azure_private_links import PrivateLinks

SUPERUSER = "postgres"
_PORT = 5432
# Azure changes one of them at a time
_CONFIGURATION = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_min_duration_statement": "1000",
    "connection_throttle.enable": "on",
}


@dataclass(frozen=True)
class DatabaseArgs:
    """What a database needs.

    Args:
        database: the database that the applications use.
        version: PostgreSQL major version; Azure applies minor versions in the maintenance window.
        instance_class: e.g. ``Standard_D2ds_v5``.
        tier: of the class, e.g. ``GeneralPurpose``.
        storage_gib: storage to start with; it grows by itself.
        backup_retention_days: days back to which any moment can be restored, 7 to 35.
        multi_zone: whether a second zone holds a standby.
        networks: addresses of private doors.
        superuser_password: of the superuser, as the vault has it.
        secret_name: what the vault calls the superuser's credentials.
        key: encrypts the data.
        links: private doors.
        workspace_id: where its log goes.
        protect: whether Azure and the engine refuse to delete it.
        account: where it is.
    """

    database: str
    version: str
    instance_class: str
    tier: str
    storage_gib: int
    backup_retention_days: int
    multi_zone: bool
    networks: Sequence[IPv4Network]
    superuser_password: pulumi.Input[str]
    secret_name: pulumi.Output[str]
    key: EncryptionKey
    links: PrivateLinks
    workspace_id: pulumi.Input[str]
    protect: bool
    account: Account


class Database(pulumi.ComponentResource):
    """Encrypted PostgreSQL out of the internet's reach, TLS only, restorable to any moment.

    Args:
        name: logical name.
        args: size and place.
        opts: carries the Azure provider.

    Source: DB-1, DB-8, A-35, A-43.
    """

    endpoint: ManagedDatabase
    ready: pulumi.Resource

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:Database", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._group = args.account.resource_group(name, "database", self._child).name
        server = self._server()
        self._configure(server)
        logs = diagnose(f"{name}-logs", server.id, args.workspace_id, self._child)
        self.ready = args.links.connect("database", "postgresqlServer", server.id)
        if args.protect:
            self._lock(server, after=[logs, self.ready])
        self.endpoint = ManagedDatabase(
            host=server.fully_qualified_domain_name,
            port=pulumi.Output.from_input(_PORT),
            name=args.database,
            networks=args.networks,
            secret_name=args.secret_name,
        )
        self.register_outputs({"host": self.endpoint.host})

    def _server(self) -> dbforpostgresql.Server:
        args, key = self._args, self._args.key
        return dbforpostgresql.Server(
            self._name,
            server_name=args.account.names.name("database"),
            resource_group_name=self._group,
            location=args.account.region,
            version=args.version,
            sku={"name": args.instance_class, "tier": args.tier},
            storage={"storage_size_gb": args.storage_gib, "auto_grow": "Enabled"},
            administrator_login=SUPERUSER,
            administrator_login_password=pulumi.Output.secret(args.superuser_password),
            auth_config={
                "password_auth": "Enabled",
                "active_directory_auth": "Disabled",
            },
            network={"public_network_access": "Disabled"},
            availability_zone="1",
            high_availability={"mode": "ZoneRedundant", "standby_availability_zone": "2"}
            if args.multi_zone
            else {"mode": "Disabled"},
            backup={"backup_retention_days": args.backup_retention_days, "geo_redundant_backup": "Disabled"},
            maintenance_window={"custom_window": "Enabled", "day_of_week": 0, "start_hour": 1, "start_minute": 0},
            identity={"type": "UserAssigned", "user_assigned_identities": key.identity_id.apply(_only)},
            data_encryption={
                "type": "AzureKeyVault",
                # without a version it follows the key's newest one
                "primary_key_uri": pulumi.Output.concat(key.vault_uri, "keys/", key.name),
                "primary_user_assigned_identity_id": key.identity_id,
            },
            tags=args.account.ownership.tags("database"),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[key.ready],
                protect=args.protect,
                retain_on_delete=args.protect,
                # after a failover the standby's zone is the other one, and storage that has grown stays
                ignore_changes=[
                    "availabilityZone",
                    "highAvailability.standbyAvailabilityZone",
                    "storage.storageSizeGB",
                ],
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="120m", delete="60m"),
            ),
        )

    def _lock(self, server: dbforpostgresql.Server, *, after: Sequence[pulumi.Resource]) -> None:
        """Have Azure refuse to delete it, with what hangs on it: so the lock comes last, and goes first."""
        authorization.ManagementLockByScope(
            f"{self._name}-lock",
            lock_name="no-deletion",
            level=authorization.LockLevel.CAN_NOT_DELETE,
            notes="Holds the platform's data",
            scope=server.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _configure(self, server: dbforpostgresql.Server) -> None:
        after: list[pulumi.Resource] = []
        for key, value in _CONFIGURATION.items():
            setting = dbforpostgresql.Configuration(
                f"{self._name}-{key.replace('_', '-').replace('.', '-')}",
                configuration_name=key,
                server_name=server.name,
                resource_group_name=self._group,
                source="user-override",
                value=value,
                opts=pulumi.ResourceOptions(parent=self, depends_on=after[-1:]),
            )
            after.append(setting)


def _only(identity_id: str) -> dict[str, dbforpostgresql.UserIdentityArgsDict]:
    return {identity_id: {}}
