"""Everything in Kubernetes, over any cloud's foundation.

Source: TGT-6, ARCH-12.
"""

from collections.abc import Mapping
from typing import Any

import pulumi

from components import base
from stacks.foundation import Foundation
from stacks.settings import Profile, Settings

# Fewest and most replicas of a stateless service (A-30: chosen); from two on a disruption budget stands.
STATELESS_REPLICAS = {Profile.DEV: (2, 4), Profile.STG: (2, 6), Profile.PROD: (3, 10)}


def build(settings: Settings, foundation: Foundation) -> Mapping[str, pulumi.Input[Any]]:
    """Declare the platform of one stack.

    Args:
        settings: what to run, and how much of it.
        foundation: the cloud beneath.

    Returns:
        The stack's outputs, the foundation's among them.
    """
    ownership = settings.ownership
    strict_spread = settings.profile is not Profile.DEV
    opts = pulumi.ResourceOptions(provider=foundation.provider)

    priorities = base.PriorityClasses("priority", base.PriorityClassesArgs(ownership), opts)
    storage = base.StorageClasses("storage", base.StorageClassesArgs(foundation.storage_classes, ownership), opts)
    # Kubernetes gives its own Service the first address
    control_plane = base.ControlPlane(foundation.control_plane_networks, settings.network.service_cidr[1])
    # what lives in a namespace waits for it, and so for the cluster and the classes that pods and claims name
    gates = [foundation.ready, priorities.ready, storage.ready]
    namespaces = {
        name: base.Namespace(
            name,
            base.NamespaceArgs(allowance, settings.kubernetes.version, control_plane, gates, ownership),
            opts,
        )
        for name, allowance in base.allowances(settings.profile).items()
    }
    base.Access("access", base.AccessArgs(list(namespaces.values()), settings.organisation.name, ownership), opts)
    base.IntegrationIsolation("integration-isolation", base.IntegrationIsolationArgs(namespaces["workflows"]), opts)
    outputs: dict[str, pulumi.Input[Any]] = {**foundation.outputs, "namespaces": sorted(namespaces)}
    if settings.components.healthz:
        replicas = STATELESS_REPLICAS[settings.profile]
        healthz = base.Healthz(
            "healthz", base.HealthzArgs(namespaces["integration"], replicas, strict_spread, ownership), opts
        )
        outputs["healthzAddress"] = healthz.address
    return outputs
