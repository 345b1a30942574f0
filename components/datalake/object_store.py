"""How the lake is reached by software that speaks the S3 API only.

Source: MLOPS-7.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectStore:
    """An endpoint of the S3 API.

    Args:
        host: name of the endpoint, e.g. ``s3.us-east-1.amazonaws.com``.
        region: that requests are signed for.
    """

    host: str
    region: str
