"""Names of a region's availability zones, without asking the cloud.

Source: NET-1, A-32.
"""

from pathlib import Path

from components.tables import read_table

_USUAL_LETTERS = ("a", "b", "c")


def zone_names(region: str, count: int) -> tuple[str, ...]:
    """Give the first ``count`` zones of a region that EKS can use, e.g. ``us-east-1a``.

    The answer never changes for a region: a network must not move because a data source changed its order.

    Args:
        region: AWS region.
        count: zones wanted.

    Raises:
        ValueError: the region has fewer.
    """
    table: dict[str, list[str]] = read_table(Path(__file__).with_name("aws_zones.yaml"))
    letters = table.get(region, _USUAL_LETTERS)
    if count > len(letters):
        raise ValueError(f"{region} has {len(letters)} usable zones, {count} are wanted: lower network.zones")
    return tuple(f"{region}{letter}" for letter in letters[:count])
