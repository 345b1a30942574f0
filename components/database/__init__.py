"""PostgreSQL: its databases, where it runs, and how applications reach it."""

from components.database.credentials import DatabaseCredentials, DatabaseCredentialsArgs
from components.database.databases import DatabaseRow, databases, databases_of
from components.database.images import postgres_image
from components.database.managed import ManagedDatabase
from components.database.managed_postgres import ManagedPostgres, ManagedPostgresArgs
from components.database.migrations import Migrations, MigrationsArgs
from components.database.operator import DatabaseOperator, DatabaseOperatorArgs
from components.database.postgres import Postgres, PostgresArgs
from components.database.server import DatabaseConnection, DatabaseServer

__all__ = [
    "DatabaseConnection",
    "DatabaseCredentials",
    "DatabaseCredentialsArgs",
    "DatabaseOperator",
    "DatabaseOperatorArgs",
    "DatabaseRow",
    "DatabaseServer",
    "ManagedDatabase",
    "ManagedPostgres",
    "ManagedPostgresArgs",
    "Migrations",
    "MigrationsArgs",
    "Postgres",
    "PostgresArgs",
    "databases",
    "databases_of",
    "postgres_image",
]
