"""Everything that a stand-in imports: what it implements, the errors it raises, and how it is served."""

from sandbox.providers.provider import (
    Failures,
    InitializationError,
    ReadResult,
    ResourceDiff,
    ResourceReference,
    StandIn,
    StandInError,
    ThrottledError,
    compare,
)
from sandbox.providers.servicer import serve
from sandbox.providers.values import UNKNOWN, Unknown, contains_unknown, same

__all__ = [
    "UNKNOWN",
    "Failures",
    "InitializationError",
    "ReadResult",
    "ResourceDiff",
    "ResourceReference",
    "StandIn",
    "StandInError",
    "ThrottledError",
    "Unknown",
    "compare",
    "contains_unknown",
    "same",
    "serve",
]
