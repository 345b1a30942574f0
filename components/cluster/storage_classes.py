"""Block storage that a cluster offers, in words that hold on every cloud.

Source: CLU-1..3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class StorageClassSpecification:
    """A StorageClass of the cloud's block storage.

    Args:
        name: Kubernetes name, the same on every cloud.
        provisioner: CSI driver.
        parameters: what the driver is told.
        default: whether claims without a class get it.
        retain: whether a volume outlives its claim.
    """

    name: str
    provisioner: str
    parameters: Mapping[str, pulumi.Input[str]]
    default: bool = False
    retain: bool = False
