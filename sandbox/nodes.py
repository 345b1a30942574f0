"""The simulated machines of the sandbox's cluster, as a managed node group would register them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cluster_api import ClusterApi
from sandbox.environment import REGION, KubernetesEndpoint
from sandbox.errors import SandboxError

_TABLES = {"aws": "aws-instance-types", "azure": "azure-vm-sizes"}
# the label that a cloud's node pools put on their machines
_POOL_LABELS = {"aws": "eks.amazonaws.com/nodegroup", "azure": "kubernetes.azure.com/agentpool"}


@dataclass(frozen=True)
class Machine:
    """Capacity of a machine type; ``reserved_mib`` is what kube-reserved and the eviction threshold leave to no pod."""

    cpus: int
    memory_gib: int
    pods: int
    architecture: str
    reserved_mib: int


# machines of an OpenShift cluster, which are called as their owner likes; a node takes 250 pods
_WORKERS = {
    "worker-4c-16g": Machine(4, 16, 250, "amd64", 1124),
    "worker-8c-32g": Machine(8, 32, 250, "amd64", 1124),
}


def machine(name: str) -> Machine | None:
    """Return the machine type with this name, or None where none has it.

    Source: EKS's AMI; https://learn.microsoft.com/azure/aks/node-resource-reservations
    """
    # with the settings come all of their models, which only new machines need
    from stacks.settings.reference_tables import aws_instance_types, azure_vm_sizes  # noqa: PLC0415

    if aws := aws_instance_types().get(name):
        return Machine(aws.cpus, aws.memory_gib, aws.pods, aws.architecture, 255 + 11 * aws.pods + 100)
    if azure := azure_vm_sizes().get(name):
        reserved = min(20 * azure.max_pods + 50, azure.memory_gib * 1024 // 4)
        return Machine(azure.cpus, azure.memory_gib, azure.max_pods, azure.architecture, reserved + 100)
    return _WORKERS.get(name)


@dataclass(frozen=True)
class Node:
    """A machine to simulate."""

    name: str
    instance_type: str = "m5.xlarge"
    zone: str = f"{REGION}a"
    pool: str = "baseline"
    cloud: str = "aws"

    def manifest(self) -> dict[str, Any]:
        """Return the Node object.

        Raises:
            SandboxError: the instance type has no entry in the table.
        """
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": self._labels()},
            "spec": {"providerID": f"{self.cloud}:///{self.zone}/{self.name}"},
        }

    @property
    def _machine(self) -> Machine:
        found = machine(self.instance_type)
        if found is None:
            table = _TABLES.get(self.cloud, _TABLES["aws"])
            raise SandboxError(
                f"nodePools: {self.instance_type!r} is no machine type of stacks/settings/reference/{table}.yaml; "
                "use one of its rows, or add one."
            )
        return found

    def status(self) -> dict[str, Any]:
        """Return capacity and what kube-reserved and the eviction threshold leave of it."""
        kind = self._machine
        capacity_mib = kind.memory_gib * 1024
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
                "memory": f"{capacity_mib - kind.reserved_mib}Mi",
            },
        }

    def _labels(self) -> dict[str, str]:
        return {
            "kubernetes.io/arch": self._machine.architecture,
            "kubernetes.io/os": "linux",
            "kubernetes.io/hostname": self.name,
            "node.kubernetes.io/instance-type": self.instance_type,
            # zones are us-east-1a, or westeurope-1
            "topology.kubernetes.io/region": self.zone[:-1].removesuffix("-"),
            "topology.kubernetes.io/zone": self.zone,
            **({_POOL_LABELS[self.cloud]: self.pool} if self.cloud in _POOL_LABELS else {}),
            **({"eks.amazonaws.com/capacityType": "ON_DEMAND"} if self.cloud == "aws" else {}),
        }


def baseline() -> tuple[Node, ...]:
    """Return three m5.xlarge, one per zone. Source: CLU-4."""
    return pool("baseline", "m5.xlarge", 3, ("a", "b", "c"))


def pool(
    name: str, instance_type: str, size: int, zones: Sequence[str], region: str = REGION, *, cloud: str = "aws"
) -> tuple[Node, ...]:
    """Return the machines of a node pool, spread over zones.

    Args:
        name: of the pool.
        instance_type: one of the settings' tables.
        size: number of machines.
        zones: what a zone's name has after the region's.
        region: of the cloud.
        cloud: whose machines they are.
    """
    return tuple(
        Node(f"{name}-{number}", instance_type, f"{region}{zones[number % len(zones)]}", name, cloud)
        for number in range(size)
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
