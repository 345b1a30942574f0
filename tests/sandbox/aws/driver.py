"""The driver of stand-ins, with AWS as the other side."""

from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.driver import TIMEOUT, Driver, Made, reference

__all__ = ["TIMEOUT", "AwsDriver", "Made", "reference"]


@dataclass
class AwsDriver(Driver):
    """A driver of the AWS stand-in.

    Attributes:
        client: makes a boto3 client for the same server: the other side.
    """

    client: Any = field(kw_only=True)
