"""What the clouds offer: tables with their sources, read on first use.

Source: A-5, A-32, CLU-4.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from components.tables import read_table

_DIRECTORY = Path(__file__).parent / "reference"
_NAMESPACES = Path(__file__).parents[2] / "components" / "base" / "namespaces.yaml"


@dataclass(frozen=True)
class InstanceType:
    """A machine type: virtual CPUs, memory in GiB, addresses of the VPC on the network interfaces of one node."""

    cpus: int
    memory_gib: int
    addresses: int
    interfaces: int
    architecture: str
    gpus: int = 0

    @property
    def pods(self) -> int:
        """Pods that a node takes: each interface keeps one address, and two pods use the node's own."""
        return self.addresses - self.interfaces + 2


@dataclass(frozen=True)
class VmSize:
    """A machine type of Azure: virtual CPUs, memory in GiB, pods that AKS allows on one node."""

    cpus: int
    memory_gib: int
    max_pods: int
    architecture: str
    gpus: int = 0


@cache
def _table(name: str) -> Any:
    return read_table(_DIRECTORY / f"{name}.yaml")


def aws_regions() -> list[str]:
    """Regions of the commercial partition."""
    return _table("aws-regions")


def aws_instance_types() -> dict[str, InstanceType]:
    """Machine types that a node pool may use, by name."""
    return {name: InstanceType(**row) for name, row in _table("aws-instance-types").items()}


def azure_locations() -> dict[str, int]:
    """Locations of the public cloud, with the availability zones that each has."""
    return _table("azure-locations")


def azure_vm_sizes() -> dict[str, VmSize]:
    """Machine types that a node pool may use, by name."""
    return {name: VmSize(**row) for name, row in _table("azure-vm-sizes").items()}


def openshift_vm_sizes() -> dict[str, list[str]]:
    """Machine types that Azure Red Hat OpenShift takes, by role: ``control-plane`` and ``worker``."""
    return _table("openshift-vm-sizes")


def azure_database_storage() -> list[int]:
    """Storage in GiB that a managed database may have."""
    return _table("azure-database-storage")


_DATABASE_CLASSES = {"aws": "aws-database-classes", "azure": "azure-database-skus"}


def database_classes(provider: str) -> dict[str, dict[str, Any]]:
    """Machine classes that a managed database may use, by name; empty where the cloud runs none.

    Args:
        provider: of the cloud.
    """
    return _table(_DATABASE_CLASSES[provider]) if provider in _DATABASE_CLASSES else {}


def aws_endpoint_services() -> list[str]:
    """Services that a network may reach through an interface endpoint."""
    return _table("aws-endpoint-services")


def aws_log_retention_days() -> list[int]:
    """Days of retention that CloudWatch Logs accepts."""
    return _table("aws-log-retention-days")


def kubernetes_versions(distribution: str) -> dict[str, date]:
    """Accepted minor versions with the end of the vendor's standard support; empty where the platform has none yet."""
    return _table("kubernetes-versions").get(distribution, {})


def postgres_versions() -> dict[str, date]:
    """Accepted major versions with the end of support."""
    return _table("postgres-versions")


def component_needs() -> dict[str, list[str]]:
    """Components that a component needs, by switch; empty lists are left out."""
    return _table("component-needs")


def component_hosts() -> dict[str, list[str]]:
    """First labels of the public host names that a component publishes, by switch; empty lists are left out."""
    return _table("component-hosts")


def platform_namespaces() -> frozenset[str]:
    """Names of the platform's own namespaces."""
    return frozenset(read_table(_NAMESPACES))


def namespace_quotas(profile: str) -> dict[str, dict[str, int]]:
    """What each of the platform's namespaces may use in a profile, by its name."""
    return {name: row[profile] for name, row in read_table(_NAMESPACES).items()}
