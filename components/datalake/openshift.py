"""The data lake in an object store with the S3 API, whose buckets exist.

Source: A-31, LAKE-1, LAKE-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.datalake.object_store import S3Store

ZONES = ("raw", "curated", "archive")


@dataclass(frozen=True)
class DataLakeArgs:
    """What the lake is.

    Args:
        endpoint: address of the S3 API, with its scheme.
        region: that requests are signed for.
        path_style: whether the bucket stands in the path instead of the host name.
        authority: who signed the endpoint's certificate, in PEM form; None: a public authority.
        buckets: names of the buckets by what the platform calls them, the zones among them.
    """

    endpoint: str
    region: str
    path_style: bool
    authority: str | None
    buckets: Mapping[str, str]


class DataLake(pulumi.ComponentResource):
    """The lake's addresses; its buckets, their encryption and lifecycles are their owner's.

    Args:
        name: logical name.
        args: endpoint and buckets.
        opts: usual options.

    Attributes:
        zones: address of each zone.
        buckets: names of all buckets.
        object_store: the S3 API.

    Raises:
        ValueError: a zone has no bucket.

    Source: A-31, LAKE-1.
    """

    zones: Mapping[str, pulumi.Output[str]]
    buckets: Mapping[str, str]
    object_store: S3Store

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:datalake:DataLake", name, None, opts)
        missing = [zone for zone in ZONES if zone not in args.buckets]
        if missing:
            raise ValueError(f"the lake's zones {', '.join(missing)} have no bucket; name one for each")
        self.buckets = dict(args.buckets)
        self.zones = {zone: pulumi.Output.from_input(f"s3://{args.buckets[zone]}") for zone in ZONES}
        host = args.endpoint.removeprefix("https://").rstrip("/")
        self.object_store = S3Store(host, args.region, args.path_style, args.authority)
        self.register_outputs({"zones": dict(self.zones)})
