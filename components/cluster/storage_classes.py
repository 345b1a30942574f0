"""Block storage that a cluster offers, in words that hold on every cloud.

Source: CLU-1..3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class StorageClassSpecification:
    """A StorageClass of the cloud's block storage.

    Args:
        name: Kubernetes name, the same on every cloud that the platform makes its classes on.
        provisioner: CSI driver; empty where the class exists.
        parameters: what the driver is told.
        default: whether claims without a class get it.
        retain: whether a volume outlives its claim.
        exists: whether the cluster's owner has made it; then it is only named.
    """

    name: str
    provisioner: str = ""
    parameters: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    default: bool = False
    retain: bool = False
    exists: bool = False
