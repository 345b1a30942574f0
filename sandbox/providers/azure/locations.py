"""Where Azure is: the locations of the public cloud and their availability zones."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml


@cache
def table() -> Mapping[str, int]:
    """Give the number of availability zones by location."""
    return yaml.safe_load(Path(__file__).with_name("locations.yaml").read_text(encoding="utf-8"))


def canonical(location: str) -> str:
    """Give the name of a location from its display name: ``West Europe`` is ``westeurope``."""
    return location.replace(" ", "").lower()
