"""PostgreSQL that the cloud runs, made ready for the platform.

Source: DB-1, A-35, SEC-11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Environment
from components.database.credentials import SUPERUSER, owner_secret
from components.database.databases import DatabaseRow
from components.database.managed import ManagedDatabase
from components.database.psql import PsqlJob, PsqlJobArgs, script
from components.database.server import NAMESPACE, PORT, SERVICE, DatabaseServer

# once an hour, as often as Secrets follow the vault: a renewed password soon opens the database
_SCHEDULE = "30 * * * *"


@dataclass(frozen=True)
class ManagedPostgresArgs:
    """What it needs.

    Args:
        environment: the stack that it is part of.
        database: the server, as the cloud's foundation made it.
        image: has psql.
        rows: the databases, by name.
        credentials: gates: the Secrets of superuser and owners stand.
    """

    environment: Environment
    database: ManagedDatabase
    image: str
    rows: Mapping[str, DatabaseRow]
    credentials: Sequence[pulumi.Resource]


class ManagedPostgres(pulumi.ComponentResource):
    """The cloud's server under the name ``postgres``, and a Job that makes roles and databases on it.

    Args:
        name: logical name.
        args: which server and which databases.
        opts: carries the cluster's provider.

    Attributes:
        server: how applications reach it; its gate: roles and databases are there.

    Source: DB-1, A-35, SEC-11.
    """

    server: DatabaseServer

    def __init__(self, name: str, args: ManagedPostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:ManagedPostgres", name, None, opts)
        provisioned = PsqlJob(
            "postgres-databases",
            PsqlJobArgs(
                environment=args.environment,
                image=args.image,
                entry="provision.sh",
                files={"/scripts": _files(args.rows)},
                database="postgres",
                login=SUPERUSER,
                secrets={f"/credentials/{row.owner}": owner_secret(row.owner) for row in args.rows.values()},
                after=[*args.credentials, self._service(args)],
                schedule=_SCHEDULE,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.server = DatabaseServer(args.rows, provisioned.ready)
        self.register_outputs({"host": self.server.host})

    def _service(self, args: ManagedPostgresArgs) -> pulumi.Resource:
        namespace = args.environment.namespaces[NAMESPACE]
        return kubernetes.core.v1.Service(
            SERVICE,
            metadata={
                "name": SERVICE,
                "namespace": namespace.name,
                "labels": args.environment.labels(SERVICE, "database"),
            },
            spec={
                "type": "ExternalName",
                "external_name": args.database.host,
                "ports": [{"name": "postgresql", "port": PORT, "protocol": "TCP"}],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace.ready], deleted_with=namespace.resource),
        )


def _files(rows: Mapping[str, DatabaseRow]) -> Mapping[str, str]:
    lines = [f"{name} {row.owner}\n" for name, row in rows.items()]
    return {"databases": "".join(lines), **{name: script(name) for name in ("provision.sh", "provision.sql")}}
