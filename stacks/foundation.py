"""What a cloud hands to the platform: the contract that every cloud fulfils.

Source: TGT-6, ARCH-2; the platform layer sees nothing of a cloud but this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import pulumi
import pulumi_kubernetes as kubernetes


class Access(StrEnum):
    """What a workload may do with a cloud resource."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Grant:
    """Access of one workload to one named resource of the foundation.

    ``resource`` is a lake zone (``lake/raw``), a secret prefix (``secret/airflow``), a bucket (``bucket/velero``)
    or a capability of the cluster (``load-balancer``, ``dns``).
    """

    resource: str
    access: Access


@dataclass(frozen=True)
class ServiceAccountReference:
    """A Kubernetes service account by namespace and name."""

    namespace: str
    name: str


@dataclass(frozen=True)
class IdentityBinding:
    """What the bound workload's objects carry so that the cloud recognises them."""

    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    pod_labels: Mapping[str, str] = field(default_factory=dict[str, str])


class Identity(Protocol):
    """Binds a Kubernetes service account to cloud permissions. Source: CLU-5, SEC-5, SEC-6."""

    def bind(self, account: ServiceAccountReference, grants: Sequence[Grant]) -> IdentityBinding: ...


@dataclass(frozen=True)
class StorageClassSpecification:
    """A StorageClass of the cloud's block storage: name, CSI provisioner, parameters, whether it is the default."""

    name: str
    provisioner: str
    parameters: Mapping[str, pulumi.Input[str]]
    default: bool = False
    retain: bool = False


@dataclass(frozen=True)
class ManagedDatabase:
    """PostgreSQL run by the cloud: address, port, and the secret (name in the cloud's vault) that holds the superuser."""

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    secret_name: pulumi.Output[str]


@dataclass(frozen=True)
class Foundation:
    """Everything the platform may know of the cloud beneath it."""

    provider: kubernetes.Provider
    ready: pulumi.Resource
    identity: Identity
    lake: Mapping[str, pulumi.Output[str]]
    secret_store: Mapping[str, Any]
    storage_classes: Sequence[StorageClassSpecification]
    registry: pulumi.Output[str]
    backup: Mapping[str, pulumi.Output[str]]
    database: ManagedDatabase | None
    outputs: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict[str, pulumi.Input[Any]])
