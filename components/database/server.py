"""PostgreSQL as applications see it, wherever it runs.

Source: DB-1, A-35.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import SecretKey
from components.database.databases import DatabaseRow

NAMESPACE = "data"
SERVICE = "postgres"
PORT = 5432
# what a pod that connects carries as a label (components/base/destinations.yaml)
DESTINATION = "database"


@dataclass(frozen=True)
class DatabaseConnection:
    """What an application needs to connect to its database, but for the password.

    Args:
        name: of the database.
        owner: role that owns it and logs in.
        credentials: ``username`` and ``password`` as an ExternalSecret reads them.
        host: name that pods of every namespace resolve.
        port: TCP port.
        sslmode: of libpq; drivers of the JVM take the same word.
    """

    name: str
    owner: str
    credentials: Mapping[str, SecretKey]
    host: str
    port: int = PORT
    sslmode: str = "require"

    @property
    def jdbc_url(self) -> str:
        """Address for drivers of the JVM, without credentials."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{self.name}?sslmode={self.sslmode}"

    def url_template(self, scheme: str = "postgresql") -> str:
        """Address with credentials, as the template of an ExternalSecret that reads ``credentials``.

        Args:
            scheme: of the address, e.g. ``postgresql+psycopg2``.
        """
        login = "{{ .username }}:{{ .password }}"
        return f"{scheme}://{login}@{self.host}:{self.port}/{self.name}?sslmode={self.sslmode}"


@dataclass(frozen=True)
class DatabaseServer:
    """PostgreSQL at one name, in the cluster or run by the cloud.

    Args:
        rows: the stack's databases, by name.
        ready: gate: server, roles and databases are declared; a layer that makes a schema puts its own gate here.
        host: name that pods of every namespace resolve.
        port: TCP port.
    """

    rows: Mapping[str, DatabaseRow]
    ready: pulumi.Resource
    host: str = f"{SERVICE}.{NAMESPACE}.svc.cluster.local"
    port: int = PORT

    def database(self, name: str) -> DatabaseConnection:
        """How to reach a database.

        Raises:
            KeyError: the stack has no such database.
        """
        if name not in self.rows:
            raise KeyError(f"no database is called {name}; components/database/databases.yaml has {sorted(self.rows)}")
        row = self.rows[name]
        return DatabaseConnection(name, row.owner, row.credentials, self.host, self.port)
