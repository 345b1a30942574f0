"""Where Kestra keeps the files of its flows and executions.

Source: WF-KESTRA-12; docs/adr/0028.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.datalake import BlobStore, ObjectStore, S3Store, bucket_of
from components.identity import Access, Grant

# its storage on the Blob API knows no folder to begin at, so that it has a container of its own
CONTAINER = "kestra"


@dataclass(frozen=True)
class KestraStorage:
    """What Kestra is told of its storage.

    Args:
        settings: its configuration, at ``kestra.storage``.
        variables: of its environment that the configuration names.
        grants: what each of its servers may do there.
    """

    settings: Mapping[str, Any]
    variables: Mapping[str, pulumi.Input[str]]
    grants: Sequence[Grant]


def kestra_storage(store: ObjectStore, zone: pulumi.Output[str]) -> KestraStorage:
    """How Kestra gets at its files.

    Args:
        store: the API that the lake answers on.
        zone: address of the zone that they are in, where they have no container of their own.
    """
    match store:
        case S3Store():
            # a store other than AWS's may want the bucket in the path; its address is a variable that the SDK reads
            s3 = {"bucket": "${LAKE_BUCKET}", "path": "kestra", "forcePathStyle": "${LAKE_PATH_STYLE:false}"}
            return KestraStorage(
                {"type": "s3", "s3": s3},
                {"LAKE_BUCKET": zone.apply(bucket_of)},
                [Grant("lake/curated", Access.WRITE)],
            )
        case BlobStore():
            # neither key nor token: the pod's workload identity signs in
            azure = {"endpoint": "${LAKE_ENDPOINT}", "container": CONTAINER}
            return KestraStorage(
                {"type": "azure", "azure": azure},
                {"LAKE_ENDPOINT": pulumi.Output.concat("https://", store.host)},
                [Grant(f"bucket/{CONTAINER}", Access.WRITE)],
            )
