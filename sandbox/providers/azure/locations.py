"""Where Azure is: the locations of the public cloud and their availability zones."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from components.tables import read_table


@cache
def table() -> Mapping[str, int]:
    """Give the number of availability zones by location."""
    return read_table(Path(__file__).with_name("locations.yaml"))


def canonical(location: str) -> str:
    """Give the name of a location from its display name: ``West Europe`` is ``westeurope``."""
    return location.replace(" ", "").lower()
