"""Groups of equal nodes, in words that hold on every cloud.

Source: CLU-4, A-57.
"""

from dataclasses import dataclass

POOL_LABEL = "biz-automation/node-pool"


@dataclass(frozen=True)
class NodePool:
    """Size and machine of a pool.

    Args:
        name: unique in the cluster.
        instance_type: machine type of the cloud, e.g. ``m5.xlarge``.
        min_size: nodes that are always there.
        desired_size: nodes to start with; an autoscaler moves it afterwards.
        max_size: nodes at most.
        disk_size_gib: root volume of each node.
    """

    name: str
    instance_type: str
    min_size: int
    desired_size: int
    max_size: int
    disk_size_gib: int
