"""Valkey as applications see it.

Source: DB-11, A-14.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.base import SecretKey

NAMESPACE = "data"
SERVICE = "redis"
PORT = 6379
SECRET_PATH = "redis/default"  # noqa: S105 - where the vault has it


@dataclass(frozen=True)
class CacheServer:
    """Valkey at ``redis:6379``, for clients of Redis; its only user is ``default``.

    Args:
        ready: gate: the server stands.
        host: name that pods of every namespace resolve.
        port: TCP port.
        credentials: ``password`` of the user as an ExternalSecret reads it.
    """

    ready: pulumi.Resource
    host: str = f"{SERVICE}.{NAMESPACE}.svc.cluster.local"
    port: int = PORT
    credentials: Mapping[str, SecretKey] = field(default_factory=lambda: {"password": SecretKey(SECRET_PATH)})

    def url_template(self, index: int) -> str:
        """Address with the password, as the template of an ExternalSecret that reads ``credentials``.

        Args:
            index: number of the logical database: 0 is the applications', 1 holds the gateway's sessions, 2 Airflow's
                queue.
        """
        return f"redis://:{{{{ .password }}}}@{self.host}:{self.port}/{index}"
