"""A database's schema, brought up to date by SQL files.

Source: DB-3..DB-10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.base import Environment
from components.database.credentials import owner_secret
from components.database.psql import PsqlJob, PsqlJobArgs, script
from components.database.server import DatabaseServer


@dataclass(frozen=True)
class MigrationsArgs:
    """What the migrations need.

    Args:
        environment: the stack that they are part of.
        server: where the database is.
        database: its name.
        files: SQL files; they run in the order of their names, each once.
        image: has psql.
    """

    environment: Environment
    server: DatabaseServer
    database: str
    files: Sequence[Path]
    image: str


class Migrations(pulumi.ComponentResource):
    """A Job ``<database>-migrations-<digest>`` that runs as the database's owner what has not run yet.

    Args:
        name: logical name.
        args: which files.
        opts: carries the cluster's provider.

    Attributes:
        ready: gate: the schema is up to date.

    Raises:
        ValueError: there are no files.

    Source: DB-3..DB-10.
    """

    ready: pulumi.Resource

    def __init__(self, name: str, args: MigrationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:Migrations", name, None, opts)
        if not args.files:
            raise ValueError(f"database {args.database} has no migrations: no SQL file was found")
        connection = args.server.database(args.database)
        job = PsqlJob(
            f"{args.database}-migrations",
            PsqlJobArgs(
                environment=args.environment,
                image=args.image,
                entry="migrate.sh",
                files={
                    "/scripts": {"migrate.sh": script("migrate.sh")},
                    "/migrations": {path.name: path.read_text(encoding="utf-8") for path in args.files},
                },
                database=connection.name,
                login=owner_secret(connection.owner),
                after=[args.server.ready],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = job.ready
        self.register_outputs({})
