"""What a database run by the cloud tells the platform, the same on every cloud.

Source: DB-1, A-35.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi


@dataclass(frozen=True)
class ManagedDatabase:
    """PostgreSQL run by the cloud.

    Args:
        host: address inside the network.
        port: TCP port.
        name: the database that the applications use.
        networks: addresses where it is.
        secret_name: what the cloud's vault calls the superuser's credentials (keys ``username`` and ``password``).
    """

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    name: str
    networks: Sequence[IPv4Network]
    secret_name: pulumi.Output[str]
