"""A group of equal worker nodes in one availability zone.

Source: CLU-2, CLU-4, A-57.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi
from pulumi_azure_native import containerservice

from components.cluster.node_pool import POOL_LABEL, NodePool
from components.ownership import Ownership

MAXIMUM_SURGE = "33%"
SYSTEM_TAINTS = ("CriticalAddonsOnly=true:NoSchedule",)
_LONGEST_NAME = 12


class NodeShape(TypedDict):
    """What nodes of every pool have, the system's included."""

    os_type: str
    os_sku: str
    os_disk_type: str
    enable_encryption_at_host: bool
    enable_node_public_ip: bool
    max_pods: int
    type: str
    upgrade_settings: containerservice.AgentPoolUpgradeSettingsArgs


def shape(max_pods: int) -> NodeShape:
    """What nodes of every pool have: an encrypted disk, no public address, and room for an upgrade beside them."""
    return NodeShape(
        os_type="Linux",
        os_sku="AzureLinux",
        os_disk_type="Managed",
        enable_encryption_at_host=True,
        enable_node_public_ip=False,
        max_pods=max_pods,
        type="VirtualMachineScaleSets",
        upgrade_settings=containerservice.AgentPoolUpgradeSettingsArgs(
            max_surge=MAXIMUM_SURGE, drain_timeout_in_minutes=30
        ),
    )


@dataclass(frozen=True)
class NodeGroupArgs:
    """What a pool needs to know of its cluster.

    Args:
        pool: size and machine, of all zones together.
        cluster_name: the cluster, as an output of it.
        resource_group_name: the cluster's.
        kubernetes_version: its minor version.
        subnet_ids: of the nodes, one for each zone.
        zones: the zones whose pools are made here, counted from 1.
        is_system: whether the cluster's own workloads run here, and no others.
        max_pods: pods on one node.
        ownership: tags, also of each machine and disk.
    """

    pool: NodePool
    cluster_name: pulumi.Input[str]
    resource_group_name: pulumi.Input[str]
    kubernetes_version: str
    subnet_ids: Sequence[pulumi.Input[str]]
    zones: Sequence[int]
    is_system: bool
    max_pods: int
    ownership: Ownership


class NodeGroup(pulumi.ComponentResource):
    """One agent pool in each zone, which the autoscaler keeps balanced; the zone is the last character of its name.

    A volume is in one zone, and so is a NAT gateway: only a pool within a zone can be scaled for a pod that waits for
    its volume, and leaves by its own zone's gateway.

    Args:
        name: logical name.
        args: size and place.
        opts: carries the Azure provider.

    Attributes:
        ready: gate: the pools of all zones stand.

    Source: CLU-2, CLU-4, A-57.
    """

    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("biz-automation:cluster:NodeGroup", name, None, opts)
        self._args = args
        shares = [share(total, len(args.subnet_ids)) for total in _totals(args.pool)]
        sizes = [ZoneSizes(*size) for size in zip(*shares, strict=True)]
        # a small pool may have no node for the last zone
        zones = [zone for zone in args.zones if sizes[zone - 1].maximum]
        self.ready = [self._pool(f"{name}-{zone}", zone, sizes[zone - 1]) for zone in zones]
        self.register_outputs({})

    def _pool(self, name: str, zone: int, sizes: "ZoneSizes") -> containerservice.AgentPool:
        args, pool = self._args, self._args.pool
        tags: Mapping[str, str] = args.ownership.tags("cluster")
        return containerservice.AgentPool(
            name,
            agent_pool_name=pool_name(pool.name, zone),
            resource_name_=args.cluster_name,
            resource_group_name=args.resource_group_name,
            orchestrator_version=args.kubernetes_version,
            mode="System" if args.is_system else "User",
            vm_size=pool.instance_type,
            os_disk_size_gb=pool.disk_size_gib,
            availability_zones=[str(zone)],
            vnet_subnet_id=args.subnet_ids[zone - 1],
            enable_auto_scaling=True,
            min_count=sizes.minimum,
            count=sizes.desired,
            max_count=sizes.maximum,
            node_labels={POOL_LABEL: pool.name},
            node_taints=list(SYSTEM_TAINTS) if args.is_system else None,
            tags=tags,
            **shape(args.max_pods),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["count"],
                custom_timeouts=pulumi.CustomTimeouts(create="30m", update="60m", delete="30m"),
            ),
        )


@dataclass(frozen=True)
class ZoneSizes:
    """Nodes of a pool in one zone."""

    minimum: int
    desired: int
    maximum: int


def pool_name(name: str, zone: int) -> str:
    """What AKS calls a pool in a zone.

    Raises:
        ValueError: AKS takes twelve characters.
    """
    full = f"{name}{zone}"
    if len(full) > _LONGEST_NAME:
        raise ValueError(f"node pool {name!r}: at most {_LONGEST_NAME - 1} characters, the last is the zone")
    return full


def share(total: int, zones: int) -> list[int]:
    """Nodes in each zone; the first zones have one more where they cannot be shared evenly."""
    each, rest = divmod(total, zones)
    return [each + (position < rest) for position in range(zones)]


def _totals(pool: NodePool) -> tuple[int, int, int]:
    return pool.min_size, pool.desired_size, pool.max_size
