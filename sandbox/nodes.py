"""The simulated machines of the sandbox's cluster, as a managed node group would register them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cluster_api import ClusterApi
from sandbox.environment import REGION, KubernetesEndpoint
from sandbox.errors import SandboxError


@dataclass(frozen=True)
class InstanceType:
    """Capacity of an EC2 instance type; `pods` is the VPC CNI's limit without prefix delegation."""

    cpu: int
    memory_gib: int
    pods: int


INSTANCE_TYPES = {
    "t3.medium": InstanceType(2, 4, 17),
    "t3.large": InstanceType(2, 8, 35),
    "t3.xlarge": InstanceType(4, 16, 58),
    "t3.2xlarge": InstanceType(8, 32, 58),
    "m5.large": InstanceType(2, 8, 29),
    "m5.xlarge": InstanceType(4, 16, 58),
    "m5.2xlarge": InstanceType(8, 32, 58),
    "m5.4xlarge": InstanceType(16, 64, 234),
    "m6i.large": InstanceType(2, 8, 29),
    "m6i.xlarge": InstanceType(4, 16, 58),
    "m6i.2xlarge": InstanceType(8, 32, 58),
    "m6i.4xlarge": InstanceType(16, 64, 234),
    "m7i.large": InstanceType(2, 8, 29),
    "m7i.xlarge": InstanceType(4, 16, 58),
    "m7i.2xlarge": InstanceType(8, 32, 58),
    "c5.xlarge": InstanceType(4, 8, 58),
    "c5.2xlarge": InstanceType(8, 16, 58),
    "r5.large": InstanceType(2, 16, 29),
    "r5.xlarge": InstanceType(4, 32, 58),
    "r5.2xlarge": InstanceType(8, 64, 58),
    "g4dn.xlarge": InstanceType(4, 16, 29),
    "g5.xlarge": InstanceType(4, 16, 58),
}


@dataclass(frozen=True)
class Node:
    """A machine to simulate."""

    name: str
    instance_type: str = "m5.xlarge"
    zone: str = f"{REGION}a"
    pool: str = "baseline"

    def manifest(self) -> dict[str, Any]:
        """Return the Node object.

        Raises:
            SandboxError: the instance type has no entry in the table.
        """
        kind = INSTANCE_TYPES.get(self.instance_type)
        if kind is None:
            known = ", ".join(sorted(INSTANCE_TYPES))
            raise SandboxError(
                f"nodePools: the sandbox does not know instance type {self.instance_type!r}; use one of {known}, "
                "or add it to INSTANCE_TYPES in sandbox/nodes.py."
            )
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": self._labels()},
            "spec": {"providerID": f"aws:///{self.zone}/{self.name}"},
        }

    def status(self) -> dict[str, Any]:
        """Return capacity and what kube-reserved and the eviction threshold of an EKS AMI leave of it."""
        kind = INSTANCE_TYPES[self.instance_type]
        capacity_mib = kind.memory_gib * 1024
        reserved_mib = 255 + 11 * kind.pods + 100
        capacity = {
            "ephemeral-storage": "104845292Ki",
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "pods": str(kind.pods),
        }
        return {
            "capacity": {**capacity, "cpu": str(kind.cpu), "memory": f"{capacity_mib}Mi"},
            "allocatable": {
                **capacity,
                "ephemeral-storage": "95551679124",
                "cpu": f"{kind.cpu * 1000 - _reserved_millicores(kind.cpu)}m",
                "memory": f"{capacity_mib - reserved_mib}Mi",
            },
        }

    def _labels(self) -> dict[str, str]:
        return {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": self.name,
            "node.kubernetes.io/instance-type": self.instance_type,
            "topology.kubernetes.io/region": self.zone[:-1],
            "topology.kubernetes.io/zone": self.zone,
            "eks.amazonaws.com/nodegroup": self.pool,
            "eks.amazonaws.com/capacityType": "ON_DEMAND",
        }


def baseline() -> tuple[Node, ...]:
    """Return three m5.xlarge, one per zone. Source: CLU-4."""
    return pool("baseline", "m5.xlarge", 3, ("a", "b", "c"))


def pool(name: str, instance_type: str, size: int, zones: Sequence[str], region: str = REGION) -> tuple[Node, ...]:
    """Return the machines of a node pool, spread over zones.

    Args:
        name: of the pool.
        instance_type: one of `INSTANCE_TYPES`.
        size: number of machines.
        zones: letters.
        region: AWS region.
    """
    return tuple(
        Node(f"{name}-{number}", instance_type, f"{region}{zones[number % len(zones)]}", name) for number in range(size)
    )


def register(endpoint: KubernetesEndpoint, nodes: Sequence[Node]) -> None:
    """Make the cluster's simulated nodes exactly these.

    Raises:
        SandboxError: an unknown instance type, or the API server refuses.
    """
    api = ClusterApi(endpoint)
    collection = "/api/v1/nodes"
    manifests = [node.manifest() for node in nodes]
    for node, manifest in zip(nodes, manifests, strict=True):
        # with its status from the start: kwok gives a node without one a capacity of its own making
        api.apply(f"{collection}/{node.name}", {**manifest, "status": node.status()})
        status = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}, "status": node.status()}
        api.apply(f"{collection}/{node.name}/status", status)
    wanted = {node.name for node in nodes}
    for name in registered(endpoint):
        if name not in wanted:
            api.delete(f"{collection}/{name}")


def registered(endpoint: KubernetesEndpoint) -> list[str]:
    """Return the names of the cluster's machines."""
    return [item["metadata"]["name"] for item in ClusterApi(endpoint).items("/api/v1/nodes")]


def _reserved_millicores(cpu: int) -> int:
    # 6 % of the first core, 1 % of the second, 0.5 % of the third and fourth, 0.25 % of the others
    shares = [60.0, 10.0, 5.0, 5.0] + [2.5] * max(cpu - 4, 0)
    return round(sum(shares[:cpu]))
