"""The databases' credentials where the server, its provisioning and operators find them.

Source: DB-1, DB-2, SEC-5..8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Environment, ExternalSecret, ExternalSecretArgs, SecretKey
from components.database.databases import DatabaseRow
from components.database.server import NAMESPACE

SUPERUSER = "postgres-superuser"
_SUPERUSER_PATH = "postgres/superuser"


def owner_secret(owner: str) -> str:
    """Name of the Secret with ``username`` and ``password`` of a database's owner."""
    return f"postgres-{owner}"


@dataclass(frozen=True)
class DatabaseCredentialsArgs:
    """What the credentials need.

    Args:
        environment: the stack that they are part of.
        rows: the stack's databases, by name.
    """

    environment: Environment
    rows: Mapping[str, DatabaseRow]


class DatabaseCredentials(pulumi.ComponentResource):
    """Secrets of the superuser, of each database's owner, and ``postgres-credentials`` for operators.

    Args:
        name: logical name.
        args: which databases.
        opts: carries the cluster's provider.

    Attributes:
        ready: gates: every ExternalSecret stands.

    Source: DB-1, DB-2, SEC-5..8.
    """

    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: DatabaseCredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:database:DatabaseCredentials", name, None, opts)
        self._environment = args.environment
        logins = {SUPERUSER: {key: SecretKey(_SUPERUSER_PATH, key) for key in ("username", "password")}}
        for row in args.rows.values():
            logins[owner_secret(row.owner)] = dict(row.credentials)
        self.ready = [
            *(self._secret(secret, keys, "kubernetes.io/basic-auth") for secret, keys in logins.items()),
            self._secret("postgres-credentials", {"password": SecretKey("postgres/analytics")}),
        ]
        self.register_outputs({})

    def _secret(self, name: str, keys: Mapping[str, SecretKey], form: str = "Opaque") -> pulumi.Resource:
        environment = self._environment
        args = ExternalSecretArgs(
            environment=environment,
            namespace=environment.namespaces[NAMESPACE],
            keys=keys,
            component="database",
            # the operator reads a Secret again when it changes
            labels={"cnpg.io/reload": "true"},
            type=form,
        )
        return ExternalSecret(name, args, pulumi.ResourceOptions(parent=self)).ready
