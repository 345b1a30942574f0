"""What a cloud knows of load balancers, in words that hold on every cloud.

Source: NET-8, TGT-6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi

from components.base import Environment

Installer = Callable[[Environment, pulumi.Resource], pulumi.Resource]


@dataclass(frozen=True)
class LoadBalancer:
    """How a Service of type LoadBalancer gets one that shows the client's own address.

    Args:
        annotations: of the Service.
        service_class: its ``loadBalancerClass``; None: the cluster's default.
        install: puts what makes load balancers into the cluster, once the gate (cert-manager) stands, and gives back
            its own gate; None: the cluster has it.
    """

    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    service_class: str | None = None
    install: Installer | None = None
