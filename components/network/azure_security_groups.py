"""Rules of the network's security groups, as data.

Source: NET-1, SEC-3.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from pulumi_azure_native.network import SecurityRuleArgsDict

from components.tables import read_table

Rule = SecurityRuleArgsDict
_FIRST_PRIORITY = 100


def rules_of(subnet: str, network: IPv4Network) -> Sequence[Rule]:
    """What a subnet lets in, in the order of the table.

    Args:
        subnet: row of ``azure_security_groups.yaml``.
        network: addresses of the whole network.
    """
    rows = read_table(Path(__file__).with_name("azure_security_groups.yaml"))[subnet]
    return [
        {
            "name": row["name"],
            "priority": _FIRST_PRIORITY + 10 * position,
            "direction": "Inbound",
            "access": row.get("access", "Allow"),
            "protocol": row.get("protocol", "Tcp"),
            "source_address_prefix": str(network) if row["source"] == "network" else row["source"],
            "source_port_range": "*",
            "destination_address_prefix": "*",
            "destination_port_ranges": row["ports"],
        }
        for position, row in enumerate(rows)
    ]
