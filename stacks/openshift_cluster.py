"""What the foundation on OpenShift knows of its cluster, whether it exists or the stack makes it.

Source: CLU-3, A-31.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.storage_classes import StorageClassSpecification


@dataclass(frozen=True)
class OpenShiftCluster:
    """A cluster of OpenShift.

    Args:
        provider: Kubernetes provider of the cluster.
        ready: gate; once it stands the cluster takes workloads.
        control_plane_networks: addresses that the API server calls from and answers on.
        storage_classes: block storage on offer.
        outputs: what the stack exports of it.
        resource: the cluster, whose end is the end of everything in it; None: it is not ours.
    """

    provider: kubernetes.Provider
    ready: pulumi.Resource
    control_plane_networks: Sequence[IPv4Network]
    storage_classes: Sequence[StorageClassSpecification]
    outputs: Mapping[str, pulumi.Input[Any]]
    resource: pulumi.Resource | None = None
