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
        path_style: whether the bucket stands in the path instead of the host name.
        authority: who signed the endpoint's certificate, in PEM form; None: a public authority.
    """

    host: str
    region: str
    path_style: bool = False
    authority: str | None = None
