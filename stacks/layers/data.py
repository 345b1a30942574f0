"""PostgreSQL and Valkey."""

from dataclasses import replace
from pathlib import Path

from components import cache, database
from stacks.layers.assembly import Assembly, needed

# SQL files that make the schema of the database analytics, in the order of their names
SQL = Path(__file__).parents[2] / "workloads" / "sql"


def serve_data(assembly: Assembly) -> None:
    """What applications keep their state in."""
    if assembly.on.postgres:
        _postgres(assembly)
    if assembly.on.redis:
        assembly.cache = cache.Valkey("redis", cache.ValkeyArgs(assembly.environment), assembly.opts).server


def _postgres(assembly: Assembly) -> None:
    environment, managed = assembly.environment, assembly.foundation.database
    rows = database.databases_of(assembly.settings.components_on)
    image = database.postgres_image(assembly.settings.database.version)
    credentials = database.DatabaseCredentials(
        "postgres-credentials", database.DatabaseCredentialsArgs(environment, rows), assembly.opts
    ).ready
    if managed:
        by_cloud = database.ManagedPostgresArgs(environment, managed, image, rows, credentials)
        server = database.ManagedPostgres("postgres", by_cloud, assembly.opts).server
    else:
        operator = database.DatabaseOperator(
            "database-operator",
            database.DatabaseOperatorArgs(environment, needed(assembly.certificates, "certManager")),
            assembly.opts,
        )
        in_cluster = database.PostgresArgs(
            environment=environment,
            image=image,
            storage_gib=assembly.settings.database.storage_gib,
            storage_class=_class_of_data(assembly),
            protect=assembly.settings.lake.protect,
            rows=rows,
            backups=assembly.foundation.database_backups,
            backup_retention_days=assembly.settings.database.backup_retention_days,
            operator=operator.ready,
            credentials=credentials,
        )
        server = database.Postgres("postgres", in_cluster, assembly.opts).server
    args = database.MigrationsArgs(environment, server, "analytics", sorted(SQL.glob("*.sql")), image)
    migrations = database.Migrations("analytics-migrations", args, assembly.opts)
    # flows and DAGs write to the schema: their engines start after it
    assembly.database = replace(server, ready=migrations.ready)


def _class_of_data(assembly: Assembly) -> str:
    """Volumes outlive their claims where the settings protect data, if the cluster has a class of such."""
    retained = [each.name for each in assembly.foundation.storage_classes if each.retain]
    return next(iter(retained if assembly.settings.lake.protect else ()), assembly.environment.storage_class)
