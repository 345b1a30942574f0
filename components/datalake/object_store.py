"""The API that lake and other buckets answer on, for software that has to be told how it gets there.

A cloud hands over one of the two; every component that stores something there says for both what it makes of it.

Source: LAKE-1, LAKE-2, MLOPS-7; docs/adr/0028.
"""

from dataclasses import dataclass

import pulumi

# environment variables that every client of the S3 API reads its keys from
ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"


@dataclass(frozen=True)
class S3Store:
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

    def address(self, zone: pulumi.Output[str], path: str) -> pulumi.Output[str]:
        """What the store itself calls an object, or all objects whose names begin so.

        Args:
            zone: address of the lake zone.
            path: inside the zone.
        """
        return pulumi.Output.concat(zone, "/", path)


@dataclass(frozen=True)
class BlobStore:
    """A storage account's Blob API, which knows callers by their workload identity and by no keys.

    Args:
        host: name of the account's endpoint, e.g. ``bizautodevlake.blob.core.windows.net``.
    """

    host: pulumi.Output[str]

    def address(self, zone: pulumi.Output[str], path: str) -> pulumi.Output[str]:
        """What the store itself calls a blob, or all blobs whose names begin so.

        Args:
            zone: address of the lake zone.
            path: inside the zone.
        """
        return pulumi.Output.concat("https://", self.host, "/", zone.apply(bucket_of), "/", path)


ObjectStore = S3Store | BlobStore


def bucket_of(zone: str) -> str:
    """Name of the bucket or container that a lake zone is: ``s3://name`` or ``abfss://name@account``."""
    return zone.partition("://")[2].partition("@")[0]
