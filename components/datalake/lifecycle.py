"""When objects move to cheaper storage and when they end.

Source: LAKE-3, LAKE-8, A-30.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from components.tables import read_table


@dataclass(frozen=True)
class Lifecycle:
    """Life of a bucket's objects, in days after creation; None: that step is not taken.

    Args:
        infrequent_access_days: days until the infrequent-access tier.
        archive_days: days until the instant archive tier.
        expiration_days: days until deletion.
        noncurrent_days: days that an overwritten or deleted version is kept.
    """

    infrequent_access_days: int | None = None
    archive_days: int | None = None
    expiration_days: int | None = None
    noncurrent_days: int = 30


@cache
def operational_lifecycles() -> Mapping[str, Lifecycle]:
    """Buckets that every stack has beside the lake's zones, each with its lifecycle."""
    table = read_table(Path(__file__).with_name("lifecycle.yaml"))
    return {name: Lifecycle(**row) for name, row in table.items()}
