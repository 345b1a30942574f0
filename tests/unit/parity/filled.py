"""What a cloud tells the platform beyond what holds for every cluster."""

from collections.abc import Sized
from dataclasses import MISSING, fields
from typing import Any

from stacks.foundation import Foundation


def filled_fields(foundation: Foundation) -> frozenset[str]:
    """Fields of a foundation that say something."""
    return frozenset(each.name for each in fields(foundation) if _says_something(foundation, each))


def _says_something(foundation: Foundation, field: Any) -> bool:
    value = getattr(foundation, field.name)
    if value is None or (isinstance(value, Sized) and len(value) == 0):
        return False
    unsaid = field.default_factory() if field.default_factory is not MISSING else field.default
    return unsaid is MISSING or value != unsaid
