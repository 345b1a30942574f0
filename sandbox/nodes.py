"""The simulated machines of the sandbox's cluster, as a managed node group would register them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cluster_api import ClusterApi
from sandbox.environment import REGION, KubernetesEndpoint
from sandbox.errors import SandboxError
from stacks.settings.reference_tables import aws_instance_types


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
        if self.instance_type not in aws_instance_types():
            raise SandboxError(
                f"nodePools: {self.instance_type!r} is no instance type of "
                "stacks/settings/reference/aws-instance-types.yaml; use one of its rows, or add one."
            )
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": self._labels()},
            "spec": {"providerID": f"aws:///{self.zone}/{self.name}"},
        }

    def status(self) -> dict[str, Any]:
        """Return capacity and what kube-reserved and the eviction threshold of an EKS AMI leave of it."""
        kind = aws_instance_types()[self.instance_type]
        capacity_mib = kind.memory_gib * 1024
        reserved_mib = 255 + 11 * kind.pods + 100
        capacity = {
            "ephemeral-storage": "104845292Ki",
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "pods": str(kind.pods),
        }
        return {
            "capacity": {**capacity, "cpu": str(kind.cpus), "memory": f"{capacity_mib}Mi"},
            "allocatable": {
                **capacity,
                "ephemeral-storage": "95551679124",
                "cpu": f"{kind.cpus * 1000 - _reserved_millicores(kind.cpus)}m",
                "memory": f"{capacity_mib - reserved_mib}Mi",
            },
        }

    def _labels(self) -> dict[str, str]:
        return {
            "kubernetes.io/arch": aws_instance_types()[self.instance_type].architecture,
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
        instance_type: one of the settings' table.
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
